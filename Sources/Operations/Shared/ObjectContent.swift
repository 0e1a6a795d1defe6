package import ArchiveModel
import Gzip
import Hashing
package import ObjectStore

/// The uncompressed rows of one object, known to be what its manifest says.
///
/// Only `read` makes one, after checking size, SHA-256, gzip's own sum, the content's SHA-256 and the number of lines.
package struct ObjectContent: Sendable {
  package let object: Manifest.Object
  package let bytes: [UInt8]

  private init(object: Manifest.Object, bytes: [UInt8]) {
    (self.object, self.bytes) = (object, bytes)
  }

  /// Reads the object back and checks everything the manifest says of it; blocking work runs off the caller's executor.
  ///
  /// Throws a data error that names the first thing that differs, or the store's error.
  package static func read(
    _ object: Manifest.Object, from store: any ObjectStore
  ) async throws(OperationError) -> ObjectContent {
    try checkClaim(of: object)
    let file: [UInt8]
    do throws(ObjectStoreError) {
      file = try await get(object.key, maximumByteCount: max(object.bytes, 0), from: store)
    } catch let error where error.code == .tooLarge {
      throw damage(object, "it is longer than the \(object.bytes) bytes its manifest says")
    } catch {
      throw .wrapping(error, "cannot read the object", at: object.key)
    }
    return try check(file, against: object)
  }

  /// An object's content at most: what is cut into one object, and a row more, which PostgreSQL keeps below 1 GiB.
  private static let maximumContentByteCount = BatchSink.maximumContentByteCount + 1 << 30

  /// The content is taken into memory whole, so what the manifest says of its size must be possible.
  private static func checkClaim(of object: Manifest.Object) throws(OperationError) {
    // S3 takes no object of more than 5 TiB, so that nothing overflows here.
    guard (0...1 << 43).contains(object.bytes), object.contentBytes >= 0,
      object.contentBytes <= min(maximumContentByteCount, object.bytes * GzipReader.maximumExpansion)
    else {
      throw damage(object, "its manifest promises \(object.contentBytes) bytes of content, which cannot be")
    }
  }

  /// Reads an object whole. One that is not there yet is waited for, as often and as long as `waits` says.
  static func get(
    _ key: String, maximumByteCount: Int, from store: any ObjectStore, waits: ArraySlice<Duration> = []
  ) async throws(ObjectStoreError) -> [UInt8] {
    do throws(ObjectStoreError) {
      return try await store.get(key, maximumByteCount: maximumByteCount)
    } catch {
      guard error.code == .notFound, let wait = waits.first else { throw error }
      do {
        try await Task.sleep(for: wait)
      } catch {
        throw ObjectStoreError(.cancelled, "the request was cancelled", key: key)
      }
      return try await get(key, maximumByteCount: maximumByteCount, from: store, waits: waits.dropFirst())
    }
  }

  /// Checks a file's bytes against what the manifest says of the object.
  package static func check(_ file: [UInt8], against object: Manifest.Object) throws(OperationError) -> ObjectContent {
    guard file.count == object.bytes else {
      throw damage(object, "it has \(file.count) bytes, and its manifest says \(object.bytes)")
    }
    guard SHA256.hash(file.span).hex == object.sha256 else {
      throw damage(object, "its SHA-256 differs from its manifest's")
    }
    let content: [UInt8]
    do {
      content = try GzipDecompressor().decompress(file.span, byteCount: object.contentBytes)
    } catch {
      throw .wrapping(error, "the object is damaged", at: object.key)
    }
    guard SHA256.hash(content.span).hex == object.contentSHA256 else {
      throw damage(object, "its content's SHA-256 differs from its manifest's")
    }
    let lineCount = content.lineCount
    guard lineCount == object.rows, content.isEmpty || content.last == UInt8(ascii: "\n") else {
      throw damage(object, "it has \(lineCount) lines, and its manifest says \(object.rows)")
    }
    return ObjectContent(object: object, bytes: content)
  }

  private static func damage(_ object: Manifest.Object, _ cause: String) -> OperationError {
    OperationError(
      .data, "the object is damaged", at: object.key, cause: cause,
      hint: "run `archiver verify` for the whole picture, and restore the object from a copy or an earlier version")
  }

  /// A place among the lines.
  struct Line {
    /// Where the next line begins.
    var start = 0
    /// Of the line read last, from 1.
    var number = 0
  }

  /// Calls `body` with the line at `line`, without its newline, and moves on; gives nil at the end.
  func withLine<Result, Failure: Error>(
    _ line: inout Line, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    let content = bytes.span
    guard line.start < content.count else { return nil }
    let start = line.start
    let end = content.newline(from: start) ?? content.count
    line = Line(start: end + 1, number: line.number + 1)
    return try body(content.extracting(start..<end))
  }

  /// Calls `body` with every line, without its newline, and its number from 1.
  package func forEachLine<Failure: Error>(_ body: (Span<UInt8>, Int) throws(Failure) -> Void) throws(Failure) {
    try bytes.forEachLine(body)
  }
}

extension [UInt8] {
  /// How many newlines there are.
  package var lineCount: Int { span.lineCount }

  /// Calls `body` with every line, without its newline, and its number from 1; a last line need not be ended.
  package func forEachLine<Failure: Error>(_ body: (Span<UInt8>, Int) throws(Failure) -> Void) throws(Failure) {
    let content = span
    var start = 0
    var number = 0
    while start < count {
      let end = content.newline(from: start) ?? count
      number += 1
      try body(content.extracting(start..<end), number)
      start = end + 1
    }
  }
}
