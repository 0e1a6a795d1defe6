import Foundation
import RowCodec

/// Builds what the server sends in binary COPY.
struct WireMessage {
  static let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xff] + Array("\r\n\0".utf8) + [UInt8](repeating: 0, count: 8)
  static let trailer: [UInt8] = [0xff, 0xff]

  static func int16(_ value: Int16) -> [UInt8] { bigEndian(UInt64(bitPattern: Int64(value)), 2) }
  static func int32(_ value: Int32) -> [UInt8] { bigEndian(UInt64(bitPattern: Int64(value)), 4) }
  static func int64(_ value: Int64) -> [UInt8] { bigEndian(UInt64(bitPattern: value), 8) }

  static func bigEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
  }

  /// Fields with their lengths; nil is NULL.
  static func row(_ fields: [[UInt8]?], time: Int64 = 0) -> [UInt8] {
    var bytes = int16(Int16(fields.count + 1))
    for field in fields + [int64(time)] {
      bytes += int32(field.map { Int32($0.count) } ?? -1) + (field ?? [])
    }
    return bytes
  }

  static func numeric(weight: Int16 = 0, sign: UInt16 = 0, scale: Int16 = 0, _ digits: [Int16]) -> [UInt8] {
    int16(Int16(truncatingIfNeeded: digits.count)) + int16(weight) + int16(Int16(bitPattern: sign)) + int16(scale)
      + digits.flatMap { int16($0) }
  }

  /// An array; `bounds` are (size, lower bound) of each dimension.
  static func array(_ oid: Int32, bounds: [(Int32, Int32)], _ elements: [[UInt8]?]) -> [UInt8] {
    int32(Int32(bounds.count)) + int32(0) + int32(oid) + bounds.flatMap { int32($0.0) + int32($0.1) }
      + elements.flatMap { int32($0.map { Int32($0.count) } ?? -1) + ($0 ?? []) }
  }
}

/// Encodes one value of a type and gives the line's part for it, `_raw` behind it where there is one.
func encode(_ typeName: String, _ value: [UInt8]?, serverVersion: Int = 170_000) throws(RowCodecError) -> String {
  let line = try encodeLine(typeName, value, serverVersion: serverVersion)
  let start = line.index(line.startIndex, offsetBy: #"{"v":"#.count)
  let end = line.range(of: #","_archived_at":"A","_batch_id":"B""#)
  guard let end else { return line }
  let rest = line[end.upperBound...].dropLast(2)
  return String(line[start..<end.lowerBound] + rest)
}

/// Encodes one value of a type to a whole line.
func encodeLine(
  _ typeName: String, _ value: [UInt8]?, serverVersion: Int = 170_000
) throws(RowCodecError) -> String {
  var encoder = RowEncoder(
    columns: [RowColumn(name: "v", codec: ColumnCodec(typeName: typeName))], keyColumns: [], timeColumn: 0,
    archivedAt: "A", batchID: "B", serverVersion: serverVersion)
  try encoder.encode((WireMessage.header + WireMessage.row([value]) + WireMessage.trailer))
  return String(decoding: encoder.takeBuffer(), as: UTF8.self)
}

/// Reads a line with one column `v` back to its text form.
func decode(_ typeName: String, line: String) throws(RowCodecError) -> String? {
  var reader = RowReader(columns: [RowColumn(name: "v", codec: ColumnCodec(typeName: typeName))])
  try reader.read(Array(line.utf8.prefix { $0 != 0x0a }))
  return reader.text(0)
}

/// Reads one column's JSON back to its text form.
func decode(_ typeName: String, json: String) throws(RowCodecError) -> String? {
  try decode(typeName, line: #"{"v":\#(json),"_archived_at":"A","_batch_id":"B"}"#)
}

extension RowEncoder {
  /// Encodes an array, which may be an expression: a span must not outlive its array.
  mutating func encode(_ message: [UInt8]) throws(RowCodecError) {
    try encode(message.span)
  }
}

extension RowReader {
  mutating func read(_ line: [UInt8]) throws(RowCodecError) {
    try read(line.span)
  }
}
