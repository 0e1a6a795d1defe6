import ArchiveModel
import Gzip
import Hashing
import Postgres
import RowCodec

/// A compressed object not yet in storage.
struct SealedObject: Sendable {
  var file: [UInt8]
  var rowCount: Int
  var contentByteCount: Int
  var contentSHA256: SHA256Digest
  var fileSHA256: SHA256Digest
}

/// Takes the rows of one batch from the COPY, and cuts and compresses an object each time the content reaches its limit.
///
/// Memory: one object's content (`maximumContentByteCount` and a row) plus what is compressed of the batch.
struct BatchSink: CopySink {
  /// Content of one object: 64 MiB, small enough to be checked in memory, large enough for query engines.
  static let maximumContentByteCount = 64 * 1024 * 1024

  private(set) var encoder: RowEncoder
  private(set) var objects: [SealedObject] = []
  private let forecast: BatchForecast
  private let maximumContentByteCount: Int

  init(encoder: RowEncoder, forecast: BatchForecast, maximumContentByteCount: Int = Self.maximumContentByteCount) {
    (self.encoder, self.forecast) = (encoder, forecast)
    self.maximumContentByteCount = maximumContentByteCount
  }

  mutating func receive(_ message: Span<UInt8>) throws {
    try encoder.encode(message)
    if encoder.bufferedByteCount >= maximumContentByteCount { try seal() }
  }

  /// Compresses what has come since the last cut; nothing when there are no rows.
  mutating func seal() throws(GzipError) {
    guard encoder.bufferedRowCount > 0 else { return }
    let rowCount = encoder.bufferedRowCount
    objects.append(
      try encoder.withBuffer { (content) throws(GzipError) in
        let file = try GzipCompressor(forecast.level(for: content)).compress(content)
        return SealedObject(
          file: file, rowCount: rowCount, contentByteCount: content.count, contentSHA256: SHA256.hash(content),
          fileSHA256: SHA256.hash(file.span))
      })
    encoder.clearBuffer()
  }

  /// Whether the stream came to its proper end.
  var isComplete: Bool { encoder.isComplete }
}
