import Gzip
import Hashing
import ObjectStore

/// What came back of an object that was just written, compared byte by byte with what was sent.
///
/// Equal bytes have equal sums, so no sum is made a second time of what can be compared itself.
struct ReadBack: Sendable {
  /// The sum of the content that is in storage.
  let contentSHA256: SHA256Digest
  /// Lines of the content that is in storage.
  let rowCount: Int

  /// Some stores show an object a moment after they have taken it.
  private static let waits: [Duration] = [.milliseconds(200), .seconds(1), .seconds(3)]

  /// Reads the object and checks its size, its bytes, that they unpack, the content and its lines.
  ///
  /// Throws when it comes back otherwise than it was sent, or not at all.
  static func read(_ sealed: SealedObject, at key: String, from store: any ObjectStore, forecast: BatchForecast)
    async throws(OperationError) -> ReadBack
  {
    let file: [UInt8]
    do throws(ObjectStoreError) {
      file = try await ObjectContent.get(key, maximumByteCount: sealed.file.count, from: store, waits: waits[...])
    } catch let error where error.code == .tooLarge {
      throw damage(key, "it is longer than the \(sealed.file.count) bytes that were sent")
    } catch {
      let error = OperationError.wrapping(error, "cannot read the object", at: key)
      throw error.category == .data ? damage(key, error.cause) : error
    }
    var room = forecast.room()
    let readBack = try ReadBack(file, of: sealed, at: key, unpacking: &room)
    forecast.giveBack(room)
    return readBack
  }

  private init(
    _ file: [UInt8], of sealed: SealedObject, at key: String, unpacking room: inout [UInt8]
  ) throws(OperationError) {
    guard file.count == sealed.file.count else {
      throw Self.damage(key, "it has \(file.count) bytes, and \(sealed.file.count) were sent")
    }
    guard file.span.holdsSame(as: sealed.file.span) else { throw Self.damage(key, "its bytes are not those sent") }
    do {
      try GzipDecompressor().decompress(file.span, byteCount: sealed.contentByteCount, into: &room)
    } catch {
      throw Self.damage(key, OperationError.wrapping(error, "", at: key).cause)
    }
    let content = room.span.extracting(first: sealed.contentByteCount)
    let sum = SHA256.hash(content)
    (contentSHA256, rowCount) = (sum, content.lineCount)
    // What is too large to keep is known by its sum.
    let isSame =
      sealed.contentSHA256.map { $0 == sum }
      ?? content.holdsSame(as: sealed.content.span.extracting(first: sealed.contentByteCount))
    guard isSame else { throw Self.damage(key, "its content is not what was compressed") }
    guard rowCount == sealed.rowCount, content[content.count - 1] == UInt8(ascii: "\n") else {
      throw Self.damage(key, "it has \(rowCount) lines, and \(sealed.rowCount) rows were encoded")
    }
  }

  private static func damage(_ key: String, _ cause: String) -> OperationError {
    OperationError(
      .failed, "the object does not come back as it was written", at: key, cause: cause,
      hint: "nothing was deleted; look at the storage, and at what lies between")
  }
}
