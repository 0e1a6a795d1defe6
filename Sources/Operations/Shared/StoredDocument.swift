import ObjectStore

/// A small document that rows depend on: it is written, and known to come back as it was written.
///
/// An answer of success is no proof. What lies between may swallow a document, cut it off or flip a bit of it.
enum StoredDocument {
  /// Some stores show an object a moment after they have taken it.
  private static let waits: [Duration] = [.milliseconds(200), .seconds(1), .seconds(3)]

  /// Writes the document and confirms it.
  static func write(
    _ document: [UInt8], to key: String, as contentType: String = json, in store: any ObjectStore
  ) async throws(OperationError) {
    try await put(document, to: key, as: contentType, in: store)
    try await confirm(document, at: key, as: contentType, in: store)
  }

  private static let json = "application/json"

  /// Writes the document without looking whether it is there.
  static func put(
    _ document: [UInt8], to key: String, as contentType: String = json, in store: any ObjectStore
  ) async throws(OperationError) {
    do {
      _ = try await store.put(key, document, PutOptions(contentType: contentType))
    } catch {
      throw .wrapping(error, "cannot write the document", at: key)
    }
  }

  /// Reads a document back that was just written; one that comes back otherwise, or not at all, is written once more.
  ///
  /// False when it was only then that others could see it. Throws an error of category `failed` when it still does not come
  /// back, and the store's own.
  @discardableResult
  static func confirm(
    _ document: [UInt8], at key: String, as contentType: String = json, in store: any ObjectStore
  ) async throws(OperationError) -> Bool {
    if try await isThere(document, at: key, in: store) { return true }
    try await put(document, to: key, as: contentType, in: store)
    guard try await isThere(document, at: key, in: store) else {
      throw OperationError(
        .failed, "the document does not come back as it was written", at: key,
        cause: "the storage took it twice, and then gave something else, or nothing",
        hint: "look at the storage, and at what lies between")
    }
    return false
  }

  private static func isThere(
    _ document: [UInt8], at key: String, in store: any ObjectStore
  ) async throws(OperationError) -> Bool {
    var waits = waits[...]
    while true {
      do throws(ObjectStoreError) {
        return try await store.get(key, maximumByteCount: document.count) == document
      } catch {
        if error.code == .tooLarge { return false }
        guard error.code == .notFound else { throw .wrapping(error, "cannot read the document back", at: key) }
      }
      guard let wait = waits.popFirst() else { return false }
      do {
        try await Task.sleep(for: wait)
      } catch {
        throw .wrapping(error, "cannot read the document back", at: key)
      }
    }
  }
}
