import ArchiveModel
import Hashing
import Logging
import ObjectStore
import Postgres

/// Finds out what became of the batches that a crash left behind in one table's part of the archive.
///
/// What is to be done is decided by `Settlement`; here the questions are asked and the verdicts carried out. Each batch is
/// settled under its own advisory lock, which its archiver holds until its transaction has ended, and every step may be the
/// last: the next settling goes on from it.
struct Settler: Sendable {
  let table: TableDescription
  let source: TableSource
  /// The configured one; a batch is asked of the one it names.
  let ledger: Ledger?
  let pool: ConnectionPool
  let store: any ObjectStore
  let context: JobContext
  /// How old a batch must be before what it left is removed.
  let grace: Duration

  /// Unless told otherwise.
  static let standardGrace = Duration.seconds(86_400)
  /// How old objects without a document must be at least; no setting lowers it.
  private static let leastAgeOfUnprepared = Duration.seconds(86_400)

  /// Settles what `files` holds; with `waits`, batches still in work are waited for, and young objects looked at as well.
  func run(_ files: TableFiles, waits: Bool) async throws(OperationError) -> [RecoverReport.Finding] {
    var findings: [RecoverReport.Finding] = []
    for batch in files.unsettled {
      if try await isFinished(batch) {
        await tidy(batch)
      } else if batch.objects.isEmpty, !batch.documents.contains(.prepared) {
        // All is removed but the note that explained it.
        await removeMark(of: batch)
      } else if let finding = try await settle(batch, waits: waits) {
        findings.append(finding)
      }
    }
    return findings
  }

  /// Objects that no document explains may be those of a batch in work in another database, which holds no lock here. A
  /// transaction whose client has gone lives on for a statement and a time of idling, each within its limit, which may be
  /// another there than here: the bound is wide, and an archiver looks for the mark before it deletes rows.
  private func isGraceOver(_ files: BatchFiles, at now: Timestamp) -> Bool {
    files.isOver(
      files.documents.contains(.prepared)
        ? grace : max(grace, Self.leastAgeOfUnprepared, source.transactionTimeout * 2),
      at: now)
  }

  private func settle(_ listed: BatchFiles, waits: Bool) async throws(OperationError) -> RecoverReport.Finding? {
    var isLocked = false
    do {
      return try await pool.withConnection { connection in
        try await connection.withTransaction(
          TransactionOptions(pinned: PinnedSettings(additional: source.pinnedSettings(of: table)))
        ) { transaction in
          guard try await lock(listed.batchID, waits: waits, in: transaction) else {
            return !listed.documents.contains(.prepared) && !waits ? nil : inProgress(listed)
          }
          isLocked = true
          return try await settleLocked(listed, waits: waits, in: transaction)
        }
      }
    } catch {
      // However long the other run may take, that is no fault of this one's limits.
      if waits, !isLocked, (error as? PostgresError)?.kind == .transactionTimedOut { return inProgress(listed) }
      throw .wrapping(error, "cannot settle the batch", at: "\(table.name), batch \(listed.batchID)")
    }
  }

  /// Settles a batch whose lock is held: only now what is listed is what is there.
  private func settleLocked(
    _ listed: BatchFiles, waits: Bool, in transaction: Transaction
  ) async throws -> RecoverReport.Finding? {
    let files = try await listed.listedAgain(in: store)
    if try await isFinished(files) { return nil }
    guard files.documents.contains(.prepared) || !files.objects.isEmpty else { return nil }
    let documents = BatchDocuments(files: files, store: store)
    guard let prepared = try await documents.prepared(of: table.name) else { return nil }
    let server = try await ServerQuestions.identity(in: transaction)
    let isGraceOver = isGraceOver(files, at: server.now)
    if prepared.manifest == nil, !waits, !isGraceOver { return nil }
    var batch = SettlingBatch(
      files: files, prepared: prepared.manifest, marker: try await documents.marker(), server: server)
    batch.facts.isGraceOver = isGraceOver
    try await ask(about: &batch, in: transaction)
    return try await carryOut(&batch, in: transaction)
  }

  /// Whether a manifest stands for the batch. One that was spoiled on its way, and whose prepared document is still there,
  /// does not: it is written again.
  private func isFinished(_ files: BatchFiles) async throws(OperationError) -> Bool {
    guard files.documents.contains(.manifest) else { return false }
    guard files.documents.contains(.prepared) else { return true }
    return try await BatchDocuments(files: files, store: store).hasSoundManifest(of: table.name)
  }

  /// That there is a manifest at all, if only a spoiled one, says that the batch was committed: nothing is undone then.
  private func objection(
    to verdict: Settlement, of batch: SettlingBatch
  ) -> RecoverReport.Finding? {
    guard batch.files.documents.contains(.manifest) else { return nil }
    switch verdict {
    case .mark, .remove:
      return finding(
        batch.files, .inDoubt,
        "its manifest cannot be used, and the database does not say that it was committed; everything is kept")
    default: return nil
    }
  }

  private func inProgress(_ files: BatchFiles) -> RecoverReport.Finding {
    finding(files, .inProgress, "it is another run's, which is at work on it; left alone")
  }

  private func lock(_ batch: UUIDv7, waits: Bool, in transaction: Transaction) async throws -> Bool {
    let key = batch.advisoryLockKey
    if waits {
      try await transaction.execute("SELECT pg_catalog.pg_advisory_xact_lock(\(key))")
      return true
    }
    let result = try await transaction.execute("SELECT pg_catalog.pg_try_advisory_xact_lock(\(key))")
    return result.rows.first?.first == "t"
  }

  /// Asks the ledger and the server about the batch's transaction.
  private func ask(about batch: inout SettlingBatch, in transaction: Transaction) async throws {
    let described = batch.prepared?.transaction
    if let described {
      batch.facts.origin = described.server.match(batch.server.identity)
      batch.facts.status = try await ServerQuestions.status(ofTransaction: described.id, in: transaction)
    }
    let used = described.map { $0.ledger.map(Ledger.init(schema:)) } ?? ledger
    guard let used else { return }
    if used.schema != ledger?.schema, try await !used.exists(in: transaction) {
      batch.facts.ledger = .missing
      return
    }
    guard let entry = try await used.entry(batch.files.batchID, in: transaction) else {
      batch.facts.ledger = .absent
      return
    }
    batch.facts.ledger = .present
    guard let prepared = batch.prepared else { return }
    let document = try ArchiveDocument.encode(prepared.committed(at: entry.committedAt))
    if SHA256.hash(document.span).hex == entry.manifestSHA256 {
      batch.committedAt = entry.committedAt
    } else {
      batch.facts.ledger = .contradicts
    }
  }

  /// Decides, finds out what that needs, and does what was decided.
  private func carryOut(
    _ batch: inout SettlingBatch, in transaction: Transaction
  ) async throws -> RecoverReport.Finding? {
    let rows = BatchRowSearch(table: table, store: store)
    while true {
      let verdict = Settlement.decide(batch.facts)
      if let finding = objection(to: verdict, of: batch) { return finding }
      switch verdict {
      case .lookForRows: batch.facts.rows = try await rows.look(for: &batch, in: transaction)
      case .lookInLaterBatches: batch.facts.rows = try await rows.lookInLaterBatches(for: batch)
      case .commit: return try await commit(batch)
      case .mark(let evidence): return try await mark(batch, evidence)
      case .remove(let evidence): return try await removeAll(batch, evidence)
      case .wait: return finding(batch.files, .inProgress, "its transaction has not ended; left alone")
      case .keep: return nil
      case .doubt(let doubt):
        return finding(
          batch.files, batch.prepared == nil ? .unexplained : .inDoubt, batch.sentence(doubt) + "; everything is kept")
      }
    }
  }

  func finding(
    _ files: BatchFiles, _ outcome: RecoverReport.Finding.Outcome, _ detail: String
  ) -> RecoverReport.Finding {
    RecoverReport.Finding(table: table.name, batchID: files.batchID, outcome: outcome, detail: detail)
  }
}
