import ArchiveModel
import ObjectStore

extension VerifiedBatch {
  /// Throws when another archiver has taken the batch for a rolled-back one, whatever its settings are.
  ///
  /// To be asked once the prepared document is written, before rows are deleted. Whoever removes objects that have no such
  /// document marks the batch first and then looks for the document: one of the two sees the other.
  func checkUntouched(in store: any ObjectStore) async throws {
    let mark = ArchiveLayout.document(.aborted, in: prepared.folder, batch: prepared.batchID)
    async let marked = byteCount(mark, in: store)
    for object in prepared.objects {
      guard try await byteCount(object.key, in: store) == object.bytes else {
        throw taken(object.key, "the object was removed or replaced after it was checked")
      }
    }
    guard try await marked == nil else { throw taken(mark, "another archiver has marked it so") }
  }

  private func taken(_ key: String, _ cause: String) -> OperationError {
    var error = OperationError(
      .tryAgain, "the batch was taken for a rolled-back one", at: key, cause: cause + "; nothing was deleted",
      hint: "a copy of the database needs a storage of its own")
    error.isTransient = true
    return error
  }

  /// Nil when there is no such object.
  private func byteCount(_ key: String, in store: any ObjectStore) async throws(OperationError) -> Int? {
    do {
      return try await store.head(key).byteCount
    } catch {
      if error.code == .notFound { return nil }
      throw .wrapping(error, "cannot look for the object", at: key)
    }
  }
}
