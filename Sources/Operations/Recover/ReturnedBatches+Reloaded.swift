import ArchiveModel
import Logging
import ObjectStore
import Postgres

/// Batches whose delete the ledger has, if there is one, and whose rows are in the table all the same: the table alone was
/// loaded from an older dump, or the whole database went back and has no ledger to tell.
///
/// A key may be another row's by now, and with coarse times even key and time together: a row counts only when it has the
/// archived time, and a batch only when its first and its last row are there, as after a reload of the whole table.
extension ReturnedBatches {
  /// The newest batches whose first and last row are looked for at the start of every run. A dump from before
  /// them has their rows, and the manifest names both, so that no object is read.
  private static let reloadedCount = 8

  /// Refuses the table when the first and the last row of one of the newest batches are in it again.
  func checkReloaded(_ files: TableFiles, but suspects: Set<UUIDv7>) async throws(OperationError) {
    let known = files.committedBatches.filter { !suspects.contains($0) }.suffix(Self.reloadedCount)
    let found = try await reloaded(files.manifests(of: Set(known)))
    guard !found.isEmpty else { return }
    throw OperationError(
      .failed, "archived rows are in the table again", at: "\(table.name)",
      cause: "rows of these committed batches are there, with the times they were archived with, and no restore put "
        + "them back: \(found.map { "\($0.batch.manifest.batchID)" }.joined(separator: "; "))",
      hint: "when the table was loaded from an older dump: "
        + "`archiver recover --rows-came-back --table \(table.name.schema).\(table.name.table)`, then archive again; "
        + "or delete those rows, which the archive has")
  }

  /// Marks every such batch whose rows are all in the table again.
  func supersedeReloaded(
    _ files: TableFiles, but suspects: Set<UUIDv7>
  ) async throws(OperationError) -> [RecoverReport.Finding] {
    let known = Set(files.committedBatches).subtracting(suspects)
    var findings: [RecoverReport.Finding] = []
    for (batch, state) in try await reloaded(files.manifests(of: known)) {
      findings.append(try await supersede(batch, state))
    }
    return findings
  }

  /// Those batches of which a row is in the table again, and whether all are. Objects are read only where the first and the
  /// last row are there.
  private func reloaded(
    _ batches: [(batchID: UUIDv7, key: String)]
  ) async throws(OperationError) -> [(batch: ArchivedBatch, state: State)] {
    var history: RestoreHistory?
    var found: [(batch: ArchivedBatch, state: State)] = []
    for (_, key) in batches {
      let batch: ArchivedBatch
      do {
        batch = try await ArchiveReader(store: store).batch(at: key)
      } catch {
        guard error.category == .data else { throw error }
        // Its rows cannot be told, and `verify` says so: no reason to archive nothing more.
        context.logger.info("a manifest cannot be read", metadata: ["key": "\(key)", "cause": "\(error.description)"])
        continue
      }
      guard try await hasBothEdges(batch) else { continue }
      let known: RestoreHistory
      if let history { known = history } else { known = try await self.history() }
      history = known
      let state = try await state(of: batch, known, byTime: true)
      if state == .back || state == .partly { found.append((batch, state)) }
    }
    return found
  }
}
