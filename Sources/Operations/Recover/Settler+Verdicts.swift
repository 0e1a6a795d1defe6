import ArchiveModel
import Hashing
import Logging
import ObjectStore

/// What is done on each verdict. The order of the steps lets a crash between any two be settled again.
extension Settler {
  /// Writes the manifest of a batch whose delete is in the database, then removes what it replaces.
  func commit(_ batch: SettlingBatch) async throws -> RecoverReport.Finding? {
    guard let prepared = batch.prepared, let committedAt = batch.committedAt else { return nil }
    let document = try ArchiveDocument.encode(prepared.committed(at: committedAt))
    for object in prepared.objects { _ = try await ObjectContent.read(object, from: store) }
    try await StoredDocument.write(document, to: batch.files.key(.manifest), in: store)
    await tidy(batch.files)
    var finding = finding(batch.files, .committed, "it was committed; its manifest is written now")
    finding.manifest = .init(key: batch.files.key(.manifest), sha256: SHA256.hash(document.span).hex)
    return finding
  }

  /// Leaves the note that explains a rolled-back batch's objects.
  func mark(_ batch: SettlingBatch, _ evidence: AbortedMarker.Evidence) async throws -> RecoverReport.Finding? {
    let marker = AbortedMarker(
      tool: Tool.name, batchID: batch.files.batchID, runID: context.runID, markedAt: batch.server.now,
      evidence: evidence, server: batch.server.identity)
    // An archiver of another database relies on seeing it before objects go.
    try await StoredDocument.write(ArchiveDocument.encode(marker), to: batch.files.key(.aborted), in: store)
    if batch.facts.marker != .none { return nil }
    switch evidence {
    case .transactionStatus:
      return finding(
        batch.files, .rolledBack,
        "it was rolled back; what it left is marked as aborted, and removed once it is old enough")
    case .rowsFound where batch.prepared == nil:
      return finding(batch.files, .rolledBack, "it never came to its delete; its objects are marked as aborted")
    case .rowsFound, .ledger:
      return finding(batch.files, .rolledBack, batch.presumption(evidence) + "; " + batch.keptUntil)
    }
  }

  /// Marks the batch, then removes its objects, its prepared document and, last, the mark. What may not be removed stays
  /// explained.
  func removeAll(_ batch: SettlingBatch, _ evidence: AbortedMarker.Evidence) async throws -> RecoverReport.Finding? {
    let files = batch.files
    var marked: RecoverReport.Finding?
    if batch.facts.marker != .certain { marked = try await mark(batch, evidence) }
    // An archiver of another database, whose lock is not seen here, looks for the mark once its document is written.
    if batch.prepared == nil, batch.facts.marker != .certain, try await isPrepared(files) {
      return finding(files, .inProgress, "it has been prepared meanwhile; left alone")
    }
    // A listing may lag behind, and a document may say anything: both, but only the batch's own.
    var keys = Set(files.objects.map(\.key))
    for object in batch.prepared?.objects ?? [] {
      if case .object(files.folder, files.batchID, _) = ArchiveLayout.entry(object.key) { keys.insert(object.key) }
    }
    for key in keys.sorted() + [files.key(.prepared)] {
      guard await remove(key) else { return marked }
    }
    guard await removeMark(of: files) else { return marked }
    return finding(files, .rolledBack, "it was rolled back; what it left is removed")
  }

  private func isPrepared(_ files: BatchFiles) async throws(ObjectStoreError) -> Bool {
    do {
      _ = try await store.head(files.key(.prepared))
      return true
    } catch {
      guard error.code == .notFound else { throw error }
      return false
    }
  }

  /// Removes the documents that a manifest replaces.
  func tidy(_ files: BatchFiles) async {
    if files.documents.contains(.prepared) { await remove(files.key(.prepared)) }
    if files.documents.contains(.aborted) { await removeMark(of: files) }
  }

  /// Whether the mark is gone now. Its signature goes first: without the mark, nobody would come across it again.
  @discardableResult
  func removeMark(of files: BatchFiles) async -> Bool {
    guard await remove(ArchiveLayout.signature(of: files.key(.aborted))) else { return false }
    return await remove(files.key(.aborted))
  }

  /// Whether the object is gone now. That it may not be removed is no failure: it stays explained.
  @discardableResult
  func remove(_ key: String) async -> Bool {
    do {
      try await store.delete(key)
      return true
    } catch {
      context.logger.info("an object stays", metadata: ["key": "\(key)", "cause": "\(error)"])
      return false
    }
  }
}
