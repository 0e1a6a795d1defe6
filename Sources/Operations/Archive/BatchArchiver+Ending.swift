import ArchiveModel
import Logging
import ObjectStore

/// What becomes of a batch's documents once its transaction has ended.
extension BatchArchiver {
  /// Writes the manifest of a batch that is committed and reads it back; only then the prepared document goes. From here on
  /// nothing is undone.
  func finish(_ removal: RowRemover.Removal, _ state: State) async -> Archived {
    let manifest = removal.manifest
    let key = ArchiveLayout.document(.manifest, in: manifest.folder, batch: manifest.batchID)
    let began = ContinuousClock.now
    var archived = Archived(
      manifest: manifest, document: .success(.init(key: key, sha256: removal.sha256)), databaseTime: state.databaseTime,
      steps: state.steps)
    do {
      // A task of its own: the batch is committed, and a cancelled run still owes its manifest.
      try await Task { try await StoredDocument.write(removal.document, to: key, in: store) }.value
    } catch {
      var error = OperationError.wrapping(error, "cannot write the manifest", at: key)
      error.what = "cannot write the manifest"
      error.leavesUnsettled = true
      error.cause += "; the batch is committed and its objects are checked"
      error.hint = "run `archiver recover` (the next `archive` does so too) to write the manifest"
      archived.document = .failure(error)
      return archived
    }
    let prepared = ArchiveLayout.document(.prepared, in: manifest.folder, batch: manifest.batchID)
    do {
      try await store.delete(prepared)
    } catch {
      context.logger.debug("the prepared document stays", metadata: ["key": "\(prepared)", "cause": "\(error)"])
    }
    archived.steps.add(.manifest, since: began)
    return archived
  }

  /// Removes what a rolled-back batch left in storage, the document that points to it last.
  func discard(_ batchID: UUIDv7, _ state: State) async {
    guard let folder = state.folder else { return }
    let keys =
      (1...max(1, state.objectCount)).map { ArchiveLayout.object(in: folder, batch: batchID, number: $0) }
      + [ArchiveLayout.document(.prepared, in: folder, batch: batchID)]
    for key in keys {
      do {
        try await store.delete(key)
      } catch {
        context.logger.warning(
          "an object of a rolled-back batch stays until `archiver recover` removes it",
          metadata: ["key": "\(key)", "cause": "\(error)"])
        return
      }
    }
  }
}
