import ArchiveModel
import Logging
import ObjectStore
import Postgres

/// Batches whose delete the ledger has, if there is one, and whose rows are in the table all the same: the table alone was
/// loaded from an older dump, or the whole database went back and has no ledger to tell.
///
/// A key may be another row's by now, and with coarse times even key and time together. So a batch counts only when its first
/// and its last row are there just as they were archived, as after a reload of the whole table.
extension ReturnedBatches {
  /// The newest batches whose first and last row are looked for at the start of every run. A dump from before
  /// them has their rows, and the manifest names both, so that objects are read only where a row has such a key and time.
  private static let reloadedCount = 8

  private struct Reloaded {
    var batch: ArchivedBatch
    var rows: RowDigests
    /// How many of them the table has just so.
    var equalCount: Int
    /// The first and the last row are among them.
    var hasEdges: Bool
  }

  /// Refuses the table when the first and the last row of one of the newest batches are in it again; warns when one of both
  /// has changed, and other rows have not.
  func checkReloaded(_ files: TableFiles, but suspects: Set<UUIDv7>) async throws(OperationError) -> [String] {
    let known = files.committedBatches.filter { !suspects.contains($0) }.suffix(Self.reloadedCount)
    var history: RestoreHistory?
    var (found, changed): ([String], [String]) = ([], [])
    var isWhole = true
    for (id, key) in files.manifests(of: Set(known)) {
      guard let reloaded = try await reloaded(key, &history) else { continue }
      let count = reloaded.batch.manifest.rowCount
      let share = "\(reloaded.equalCount == count ? "all" : "\(reloaded.equalCount)") of its \(count.of("row"))"
      guard reloaded.hasEdges else {
        changed.append("\(id) (\(share))")
        continue
      }
      isWhole = isWhole && reloaded.equalCount == count
      found.append("\(id) (\(share))")
    }
    guard !found.isEmpty else {
      return changed.isEmpty
        ? []
        : [
          "rows of these committed batches are in the table just as they were archived, and no restore put them back, though "
            + "the first or the last row of the batch is not: \(changed.joined(separator: "; ")). Archived again, they are in "
            + "two batches, and the newest counts: was the table loaded from an older dump?"
        ]
    }
    let recover =
      "when the table was loaded from an older dump: "
      + "`archiver recover --rows-came-back --table \(table.name.schema).\(table.name.table)`"
    throw OperationError(
      .failed, "archived rows are in the table again", at: "\(table.name)",
      cause: "rows of these committed batches are there, just as they were archived, and no restore put them back: "
        + found.joined(separator: "; "),
      hint: isWhole
        ? recover + ", then archive again; or delete those rows, which the archive has"
        : recover
          + " tells what becomes of each batch; see docs/troubleshooting.md, \"archived rows are in the table again\"")
  }

  /// Supersedes every such batch whose rows are all in the table again.
  ///
  /// The newest first: while older ones are in the ledger, a batch that has left it is missed there.
  func supersedeReloaded(
    _ files: TableFiles, but suspects: Set<UUIDv7>, _ later: LaterBatches
  ) async throws(OperationError) -> [RecoverReport.Finding] {
    let known = Set(files.committedBatches).subtracting(suspects)
    var history: RestoreHistory?
    var findings: [RecoverReport.Finding] = []
    for (_, key) in files.manifests(of: known).reversed() {
      guard let reloaded = try await reloaded(key, &history), reloaded.hasEdges else { continue }
      findings.append(
        try await supersede(reloaded.batch, reloaded.rows, history, from: ledger, later))
    }
    return findings.reversed()
  }

  /// The batch, when rows of it are in the table again, near its first or its last row, and a restore does not explain it.
  private func reloaded(
    _ key: String, _ history: inout RestoreHistory?
  ) async throws(OperationError) -> Reloaded? {
    do throws(OperationError) {
      let batch = try await ArchiveReader(store: store).batch(at: key)
      guard try await hasEdge(batch) else { return nil }
      let rows = try await RowDigests(of: batch.manifest, from: store)
      let rest = try await lacking(rows, of: batch)
      let found = rest.foundKeys
      let known: RestoreHistory
      if let history { known = history } else { known = try await self.history() }
      history = known
      guard try await !isExplained(found, of: batch, known) else { return nil }
      let range = batch.manifest.range
      return Reloaded(
        batch: batch, rows: rows, equalCount: found.count,
        hasEdges: found.contains(range.first.key) && found.contains(range.last.key))
    } catch {
      guard error.category == .data else { throw error }
      // Its rows cannot be told, and `verify` says so: no reason to archive nothing more.
      context.logger.info("a batch cannot be read", metadata: ["key": "\(key)", "cause": "\(error.description)"])
      return nil
    }
  }

  /// The rows without those that the table has just so.
  private func lacking(_ rows: RowDigests, of batch: ArchivedBatch) async throws(OperationError) -> RowDigests {
    do {
      return try await withTransaction { transaction in
        var rest = rows
        try await rest.subtract(table, in: transaction)
        return rest
      }
    } catch {
      throw .wrapping(error, "cannot compare the rows of batch \(batch.manifest.batchID)", at: "\(table.name)")
    }
  }

  /// Whether a row has the key of the first or of the last row, and its time as well where the column holds the archived
  /// instant as it is. Reads no object.
  private func hasEdge(_ batch: ArchivedBatch) async throws(OperationError) -> Bool {
    let manifest = batch.manifest
    let range = [manifest.range.first, manifest.range.last]
    var (edges, lookedAt) = (range.map(\.key), table)
    if let time = table.index(of: manifest.timestampColumn), !table.primaryKey.contains(time),
      table.columns[time].formType.hasSuffix("with time zone") || manifest.timeZone == "UTC"
    {
      edges = range.map { $0.key + [$0.time.sqlText] }
      lookedAt.primaryKey.append(time)
    }
    return try await present(edges, of: batch, in: lookedAt)?.isEmpty == false
  }
}
