/// How hard to compress, on the scale that users know, zlib's: level N gives files no larger than zlib's level N would.
///
/// Which of libdeflate's levels keeps that promise depends on the content: rows of numbers need its first, prose one beyond
/// zlib's. So the promise is tried on a sample, and the cheapest level that keeps it is taken.
package struct GzipLevel: Sendable, Equatable {
  /// zlib's scale.
  package static let range = 1...9

  /// Content tried: enough to fill the 32 KiB window many times, little beside a batch.
  package static let sampleByteCount = 1 << 20

  /// Less content than this tells too little: a few bytes of framing would decide.
  private static let smallestSampleByteCount = 1 << 15

  /// On libdeflate's scale, 1 to 12.
  let libdeflateLevel: Int32

  /// A level for content of which nothing is known. `zlibLevel` is clamped to `range`.
  package init(zlibLevel: Int) {
    libdeflateLevel = Self.clamp(zlibLevel)
  }

  /// The cheapest level that makes `sample` no larger than zlib's level `zlibLevel`, clamped to `range`, does.
  ///
  /// Only the sample's first `sampleByteCount` bytes are tried, which takes some 50 ms; a sample under 32 KiB is as good as
  /// none. Throws `outOfMemory`.
  package init(zlibLevel: Int, fitting sample: Span<UInt8>) throws(GzipError) {
    guard sample.count >= Self.smallestSampleByteCount else {
      libdeflateLevel = Self.clamp(zlibLevel)
      return
    }
    let tried = sample.extracting(first: Self.sampleByteCount)
    let limit = try ZlibSize.compressedByteCount(of: tried, level: Self.clamp(zlibLevel))
    var level: Int32 = 1
    while level < Self.strongest {
      if try GzipCompressor(libdeflateLevel: level).compress(tried).count <= limit { break }
      level += 1
    }
    libdeflateLevel = level
  }

  /// libdeflate's highest level.
  private static let strongest: Int32 = 12

  private static func clamp(_ zlibLevel: Int) -> Int32 {
    Int32(min(max(zlibLevel, range.lowerBound), range.upperBound))
  }
}
