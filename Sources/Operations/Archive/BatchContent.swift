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
  /// The content at the beginning of these bytes, to be compared with what is read back; empty where it is too large to
  /// keep.
  var content: [UInt8] = []
  /// The content's sum where the content is not kept.
  var contentSHA256: SHA256Digest?
  var fileSHA256: SHA256Digest
}

/// Takes the rows of one batch from the COPY, and cuts and compresses an object each time the content reaches its limit.
///
/// Memory: one object's content (`maximumContentByteCount` and a row) plus what is compressed of the batch. The content is
/// kept until it was read back, which needs as much again.
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
    if encoder.bufferedByteCount >= maximumContentByteCount { try cut() }
  }

  /// Compresses what has come since the last cut; nothing when there are no rows. To be called once, at the end.
  mutating func seal() throws(GzipError) {
    guard encoder.bufferedRowCount > 0 else { return }
    let rowCount = encoder.bufferedRowCount
    let byteCount = encoder.bufferedByteCount
    let content = encoder.takeRoom()
    var object = try sealed(content.span.extracting(first: byteCount), rowCount: rowCount)
    object.content = content
    objects.append(object)
  }

  /// Hands over the objects, and keeps none.
  mutating func takeObjects() -> [SealedObject] {
    defer { objects = [] }
    return objects
  }

  /// Makes an object of what has come since the last cut, and room for the next.
  private mutating func cut() throws(GzipError) {
    let rowCount = encoder.bufferedRowCount
    let object = try encoder.withBuffer { (content) throws(GzipError) in
      var object = try sealed(content, rowCount: rowCount)
      object.contentSHA256 = SHA256.hash(content)
      return object
    }
    objects.append(object)
    encoder.clearBuffer()
  }

  private func sealed(_ content: Span<UInt8>, rowCount: Int) throws(GzipError) -> SealedObject {
    let file = try GzipCompressor(forecast.level(for: content)).compress(content)
    return SealedObject(
      file: file, rowCount: rowCount, contentByteCount: content.count, fileSHA256: SHA256.hash(file.span))
  }

  /// Whether the stream came to its proper end.
  var isComplete: Bool { encoder.isComplete }
}
