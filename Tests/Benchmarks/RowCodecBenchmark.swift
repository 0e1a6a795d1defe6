import RowCodec

/// Encodes and reads rows of a typical table of some 400 bytes as JSON, all in memory.
enum RowCodecBenchmark {
  private static let columns = [
    ("id", "bigint"), ("tenant", "uuid"), ("created_at", "timestamp with time zone"), ("status", "integer"),
    ("amount", "numeric(10,2)"), ("kind", "character varying(20)"), ("message", "text"), ("attributes", "jsonb"),
    ("is_seen", "boolean"),
  ].map { RowColumn(name: $0.0, codec: ColumnCodec(typeName: $0.1)) }

  /// Rows of the batch that is given back: as many as a batch has unless it is told otherwise.
  static let batchRowCount = 10_000

  /// Gives the lines of a batch.
  static func run(rowCount: Int = 200_000) throws -> [UInt8] {
    let messages = (0..<batchRowCount).map(message)
    let lineCount = messages.count
    var encoder = makeEncoder()
    let encodeTime = try Timing.fastest {
      encoder = makeEncoder()
      try encoder.encode(header.span)
      for index in 0..<rowCount {
        let message = messages[index % lineCount]
        try encoder.encode(message.span)
        if encoder.bufferedByteCount > 4 << 20 { encoder.clearBuffer() }
      }
    }
    encoder = makeEncoder()
    try encoder.encode(header.span)
    for message in messages { try encoder.encode(message.span) }
    let buffer = encoder.takeBuffer()
    let lines = buffer.split(separator: 0x0a).map(Array.init)
    let byteCount = buffer.count * rowCount / lineCount
    Timing.report("encode rows", encodeTime, byteCount: byteCount, rowCount: rowCount)

    var reader = RowReader(columns: columns)
    Timing.report(
      "read rows",
      try Timing.fastest {
        for index in 0..<rowCount {
          let line = lines[index % lineCount]
          try reader.read(line.span)
        }
      }, byteCount: byteCount, rowCount: rowCount)
    let all = Array(columns.indices)
    var copy: [UInt8] = []
    Timing.report(
      "read rows and write COPY text",
      try Timing.fastest {
        for index in 0..<rowCount {
          let line = lines[index % lineCount]
          try reader.read(line.span)
          reader.appendCopyRow(all, to: &copy)
          if copy.count > 1 << 20 { copy.removeAll(keepingCapacity: true) }
        }
      }, byteCount: byteCount, rowCount: rowCount)
    return buffer
  }

  private static func makeEncoder() -> RowEncoder {
    RowEncoder(
      columns: columns, keyColumns: [0], timeColumn: 2, archivedAt: "2026-01-01T00:00:00.123456Z",
      batchID: "0199c0de-0000-7000-8000-000000000000")
  }

  private static let header: [UInt8] =
    Array("PGCOPY\n".utf8) + [0xff] + Array("\r\n\0".utf8) + [UInt8](repeating: 0, count: 8)

  private static func message(_ index: Int) -> [UInt8] {
    let time = 814_000_000_000_000 + Int64(index) * 86_123_457
    let text = "request \(index) took \(index % 731) ms on worker \(index % 17), then waited for the queue to drain"
    let attributes =
      #"{"path": "/api/v1/items/\#(index)", "agent": "Mozilla/5.0", "retries": \#(index % 5), "ok": true}"#
    let fields: [[UInt8]] = [
      bigEndian(1_000_000_007 * Int64(index), 8), (0..<16).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0 &* 97) },
      bigEndian(time, 8), bigEndian(Int64(index % 600), 4),
      bigEndian(2, 2) + bigEndian(0, 2) + bigEndian(0, 2) + bigEndian(2, 2) + bigEndian(Int64(index % 9999), 2)
        + bigEndian(2500, 2),
      Array("kind-\(index % 12)".utf8), Array((text + " \"quoted\" — naïve, " + text.prefix(index % 60)).utf8),
      [1] + Array(attributes.utf8), [UInt8(index % 2)], bigEndian(time, 8),
    ]
    return bigEndian(Int64(fields.count), 2) + fields.flatMap { bigEndian(Int64($0.count), 4) + $0 }
  }

  private static func bigEndian(_ value: Int64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> Int64(8 * (count - 1 - $0))) }
  }
}
