import Gzip
import Hashing

/// Compresses, unpacks and sums the lines of a batch.
enum ContentBenchmark {
  /// `content` is a batch's lines, `rowCount` of them.
  static func run(_ content: [UInt8], rowCount: Int) throws {
    for level in [1, 4, 6, 9] {
      var file: [UInt8] = []
      let fitting = try Timing.fastest(3) { _ = try GzipLevel(zlibLevel: level, fitting: content.span) }
      let compressor = try GzipCompressor(GzipLevel(zlibLevel: level, fitting: content.span))
      let time = Timing.fastest { file = compressor.compress(content.span) }
      Timing.report(
        "compress at level \(level), to \(file.count * 100 / content.count) %", time, byteCount: content.count,
        rowCount: rowCount)
      print("  choosing how, once a run: \(Int(fitting / .milliseconds(1))) ms")
    }
    let file = try GzipCompressor(level: 6).compress(content.span)
    let decompressor = try GzipDecompressor()
    Timing.report(
      "decompress whole", try Timing.fastest { _ = try decompressor.decompress(file.span, byteCount: content.count) },
      byteCount: content.count, rowCount: rowCount)
    Timing.report(
      "decompress piece by piece", try Timing.fastest { try decompress(file) }, byteCount: content.count,
      rowCount: rowCount)
    Timing.report(
      "SHA-256", Timing.fastest { _ = SHA256.hash(content.span) }, byteCount: content.count, rowCount: rowCount)
  }

  /// As a download arrives.
  private static func decompress(_ file: [UInt8]) throws {
    let reader = try GzipReader()
    var counter = Counter()
    let bytes = file.span
    var start = 0
    while start < bytes.count {
      let end = min(start + 64 * 1024, bytes.count)
      try reader.feed(bytes.extracting(start..<end), into: &counter)
      start = end
    }
    try reader.finish()
  }

  private struct Counter: GzipSink {
    var byteCount = 0

    mutating func receive(_ content: Span<UInt8>) { byteCount += content.count }
  }
}
