import Foundation
import Gzip
import ObjectStore
import RowCodec

/// The list of primary keys beside a restore record: gzip, one JSON array of the key's text forms a line.
///
/// Memory grows with the list; a key takes some twenty bytes.
struct KeyList {
  private(set) var lines: [UInt8] = []
  private(set) var count = 0

  /// Appends the key that these columns of the row read last make; key columns are never NULL.
  mutating func append(_ columns: [Int], of reader: RowReader) {
    for (place, column) in columns.enumerated() {
      lines.append(place == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
      _ = reader.withText(column) { text in Self.append(text, to: &lines) }
    }
    lines.append(UInt8(ascii: "]"))
    lines.append(UInt8(ascii: "\n"))
    count += 1
  }

  mutating func append(_ other: KeyList) {
    lines += other.lines
    count += other.count
  }

  /// The list without the lines of these numbers, counted from 0.
  func removing(_ numbers: Set<Int>) -> KeyList {
    if numbers.isEmpty { return self }
    var kept = KeyList()
    lines.forEachLine { line, number in
      guard !numbers.contains(number - 1) else { return }
      for index in line.indices { kept.lines.append(line[index]) }
      kept.lines.append(UInt8(ascii: "\n"))
      kept.count += 1
    }
    return kept
  }

  /// Throws `GzipError` or `OperationError`.
  func write(to key: String, in store: any ObjectStore) async throws {
    let file = try GzipCompressor(level: 6).compress(lines.span)
    try await StoredDocument.write(file, to: key, as: "application/gzip", in: store)
  }

  /// Throws `ObjectStoreError`, or a data error when the list is damaged.
  static func read(_ key: String, from store: any ObjectStore) async throws -> [[String]] {
    var keys: [[String]] = []
    try await forEachKey(of: key, from: store) { keys.append($0) }
    return keys
  }

  /// Hands each key to `body`, in the order of the list; throws as `read` does.
  static func forEachKey(of key: String, from store: any ObjectStore, _ body: ([String]) -> Void) async throws {
    let file = try await store.get(key, maximumByteCount: maximumByteCount)
    let content = try GzipDecompressor().decompress(file.span, byteCount: contentByteCount(of: file))
    let decoder = JSONDecoder()
    try content.forEachLine { (line, _) throws(OperationError) in
      let data = Data((line.indices).map { line[$0] })
      guard let parts = try? decoder.decode([String].self, from: data) else {
        throw OperationError(
          .data, "the list of restored keys is damaged", at: key, cause: "a line is no JSON array of strings",
          hint: "restore the object from an earlier version, or remove its restore record to end the hold")
      }
      body(parts)
    }
  }

  /// The size that a gzip file's trailer gives (RFC 1952, ISIZE), at most what deflate's best ratio, 1032, allows.
  private static func contentByteCount(of file: [UInt8]) -> Int {
    let size = file.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    return min(size, file.count * GzipReader.maximumExpansion)
  }

  /// More than restores of a hundred million keys need.
  static let maximumByteCount = 1 << 31

  /// As a JSON string (RFC 8259): quotes, backslashes and control characters escaped.
  private static func append(_ text: Span<UInt8>, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for index in text.indices {
      let byte = text[index]
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        output += Array("\\u00".utf8)
        output += [digit(byte >> 4), digit(byte & 15)]
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
