import ArchiveModel
import Hashing
import ObjectStore
import Postgres

/// Marks batches whose rows are in the table again: readers ignore them, and the rows are archived anew.
extension ReturnedBatches {
  /// Marks every batch that the ledger lacks, or that was loaded again, and each of whose rows is in the table or in later
  /// batches just as it was archived.
  func supersede(_ files: TableFiles) async throws(OperationError) -> [RecoverReport.Finding] {
    try await checkPrimary()
    let later = LaterBatches(files, store: store, context: context)
    let (suspects, history) = try await suspects(files)
    var findings: [RecoverReport.Finding] = []
    for suspect in suspects {
      let (batch, rows): (ArchivedBatch, RowDigests)
      do throws(OperationError) {
        batch = try await ArchiveReader(store: store).batch(at: suspect.key)
        rows = try await RowDigests(of: batch.manifest, from: store)
      } catch {
        findings.append(try unreadable(suspect.batchID, error))
        continue
      }
      findings.append(try await supersede(batch, rows, history, from: nil, later))
    }
    return try await findings + supersedeReloaded(files, but: Set(suspects.map(\.batchID)), later)
  }

  /// A standby may lack the delete of a batch that its primary has.
  private func checkPrimary() async throws(OperationError) {
    let isStandby: Bool
    do {
      isStandby = try await withTransaction { transaction in
        try await transaction.execute("SELECT pg_catalog.pg_is_in_recovery()").rows.first?.first == "t"
      }
    } catch {
      throw .wrapping(error, "cannot ask what the server is", at: "\(table.name)")
    }
    guard isStandby else { return }
    throw OperationError(
      .failed, "cannot tell which rows came back", at: "\(table.name)",
      cause: "the server is in recovery, and may lack the delete of a batch",
      hint: "connect to the primary: name it in url:, or add target_session_attrs=read-write to it")
  }

  /// A finding for a batch of which nothing can be shown; throws what is no fault of the batch itself.
  private func unreadable(_ batch: UUIDv7, _ error: OperationError) throws(OperationError) -> RecoverReport.Finding {
    guard error.category == .data else { throw error }
    return finding(
      batch, .inDoubt,
      "it cannot be read, so that its rows cannot be looked for: \(error.description); put it back from a copy")
  }

  func finding(
    _ batch: UUIDv7, _ outcome: RecoverReport.Finding.Outcome, _ detail: String
  ) -> RecoverReport.Finding {
    RecoverReport.Finding(table: table.name, batchID: batch, outcome: outcome, detail: detail)
  }

  /// Makes the mark of a batch whose rows are all there again, just as they were archived, and takes it out of the ledger
  /// that has it; else tells why not.
  ///
  /// The ledger comes first: a batch that the ledger lacks and nothing marks is refused like one of a database that went
  /// back, and the next call goes on from there. A mark beside an entry would hide rows when the database goes back between
  /// the two. The run record that names the mark comes next, and the mark last: once it is there, rows may change, and
  /// nothing could vouch for a mark that no record names.
  func supersede(
    _ batch: ArchivedBatch, _ rows: RowDigests, _ history: RestoreHistory?, from ledger: Ledger?, _ later: LaterBatches
  ) async throws(OperationError) -> RecoverReport.Finding {
    let (id, manifest) = (batch.manifest.batchID, batch.manifest)
    guard let there = try await present(rows.keys, of: batch, in: table) else {
      return finding(
        id, .inDoubt,
        "it was archived by another primary key than the table has now, so that its rows cannot be looked for; "
          + "everything is kept")
    }
    guard try await !isExplained(there, of: batch, history) else {
      return finding(
        id, .committed, "the ledger does not know it, but its rows did not come back; it stays committed")
    }
    let standing = try await release(batch, rows, from: ledger, later)
    guard standing.missingCount == 0 else { return doubt(manifest, there.count, standing) }
    let server = try await server()
    let key = ArchiveLayout.document(.superseded, in: manifest.folder, batch: id)
    var superseded = finding(
      id, .superseded,
      "its \(manifest.rowCount.of("row is", "rows are all")) in \(standing.holders.isEmpty ? "the database" : standing.place) "
        + "again, just as archived; \(standing.leftLedger ? "its entry is out of the ledger, and " : "")the batch is ignored from "
        + "now on")
    do {
      let marker = SupersededMarker(
        tool: Tool.name, batchID: id, runID: context.runID, supersededAt: server.now, manifestSHA256: batch.sha256.hex,
        server: server.identity)
      superseded.mark = SupersedingMark(key: key, document: try ArchiveDocument.encode(marker))
    } catch {
      throw .wrapping(error, "cannot mark the batch as superseded", at: "\(table.name), batch \(id)")
    }
    return superseded
  }

  private func doubt(_ manifest: Manifest, _ thereCount: Int, _ standing: Standing) -> RecoverReport.Finding {
    let id = manifest.batchID
    if thereCount < manifest.rowCount {
      return finding(
        id, .inDoubt,
        "only some of its \(manifest.rowCount) rows are in the database again; everything is kept. "
          + "`archiver restore --batch \(id) --on-conflict skip` puts the others back; then run this again")
    }
    return finding(
      id, .inDoubt,
      "\(standing.missingCount) of its \(manifest.rowCount) rows are in the database with another content than was "
        + "archived; everything is kept. `archiver restore --batch \(id) --on-conflict overwrite` puts the archived ones in "
        + "their place, and `--into TABLE` in a table of their own; see docs/troubleshooting.md")
  }
}
