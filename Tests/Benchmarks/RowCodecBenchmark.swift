import RowCodec

/// Encodes and reads rows of a typical table of some 400 bytes as JSON, all in memory.
enum RowCodecBenchmark {
  private static let columns = [
    ("id", "bigint"), ("tenant", "uuid"), ("created_at", "timestamp with time zone"), ("status", "integer"),
    ("amount", "numeric(10,2)"), ("kind", "character varying(20)"), ("message", "text"), ("attributes", "jsonb"),
    ("is_seen", "boolean"),
  ].map { RowColumn(name: $0.0, codec: ColumnCodec(typeName: $0.1)) }

  static func run(rowCount: Int = 200_000, rounds: Int = 5) throws {
    let messages = (0..<1000).map(message)
    var encoder = makeEncoder()
    let lineCount = messages.count
    let encodeTime = try fastest(rounds) {
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
    report("encode", encodeTime, rowCount, byteCount: buffer.count * rowCount / lineCount)

    var reader = RowReader(columns: columns)
    report(
      "read",
      try fastest(rounds) {
        for index in 0..<rowCount {
          let line = lines[index % lineCount]
          try reader.read(line.span)
        }
      }, rowCount, byteCount: buffer.count * rowCount / lineCount)
    let all = Array(columns.indices)
    var copy: [UInt8] = []
    report(
      "read and write COPY text",
      try fastest(rounds) {
        for index in 0..<rowCount {
          let line = lines[index % lineCount]
          try reader.read(line.span)
          reader.appendCopyRow(all, to: &copy)
          if copy.count > 1 << 20 { copy.removeAll(keepingCapacity: true) }
        }
      }, rowCount, byteCount: buffer.count * rowCount / lineCount)
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

  private static func fastest(_ rounds: Int, _ body: () throws -> Void) rethrows -> Duration {
    var best = Duration.seconds(3600)
    for _ in 0..<rounds { best = min(best, try ContinuousClock().measure(body)) }
    return best
  }

  private static func report(_ name: String, _ time: Duration, _ rowCount: Int, byteCount: Int) {
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    let perMillion = Double(Int(seconds / Double(rowCount) * 1e8)) / 100
    print(
      "row codec: \(name): \(perMillion) s per million rows of \(byteCount / rowCount) bytes, "
        + "\(Int(Double(byteCount) / seconds / 1e6)) MB/s")
  }
}
