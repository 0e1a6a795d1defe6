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
  /// The configured one; a batch is asked of the one it names.
  let ledger: Ledger?
  let pool: ConnectionPool
  let store: any ObjectStore
  let context: JobContext
  /// How old a batch must be before what it left is removed.
  let grace: Duration
  /// The table's limit of a transaction.
  let transactionTimeout: Duration

  /// Unless told otherwise.
  static let standardGrace = Duration.seconds(86_400)

  /// Settles what `files` holds; with `waits`, batches still in work are waited for, and young objects looked at as well.
  func run(_ files: TableFiles, waits: Bool) async throws(OperationError) -> [RecoverReport.Finding] {
    var findings: [RecoverReport.Finding] = []
    for batch in files.unsettled {
      if batch.documents.contains(.manifest) {
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
  /// transaction whose client has gone lives on for a statement and a time of idling, each within its limit; after that it
  /// can not be committed any more.
  private func isGraceOver(_ files: BatchFiles, at now: Timestamp) -> Bool {
    files.isOver(files.documents.contains(.prepared) ? grace : max(grace, transactionTimeout * 2), at: now)
  }

  private func settle(_ files: BatchFiles, waits: Bool) async throws(OperationError) -> RecoverReport.Finding? {
    do {
      let documents = BatchDocuments(files: files, store: store)
      guard let prepared = try await documents.prepared(of: table.name) else { return nil }
      let marker = try await documents.marker()
      return try await pool.withConnection { connection in
        try await connection.withTransaction(
          TransactionOptions(pinned: PinnedSettings(additional: table.pinnedSettings))
        ) { transaction in
          guard try await lock(files.batchID, waits: waits, in: transaction) else {
            return prepared.manifest == nil && !waits
              ? nil : finding(files, .inProgress, "it is another run's, which is at work on it; left alone")
          }
          if try await hasManifest(files) { return nil }
          let server = try await ServerQuestions.identity(in: transaction)
          let isGraceOver = isGraceOver(files, at: server.now)
          if prepared.manifest == nil, !waits, !isGraceOver { return nil }
          var batch = SettlingBatch(files: files, prepared: prepared.manifest, marker: marker, server: server)
          batch.facts.isGraceOver = isGraceOver
          try await ask(about: &batch, in: transaction)
          return try await carryOut(&batch, in: transaction)
        }
      }
    } catch {
      throw .wrapping(error, "cannot settle the batch", at: "\(table.name), batch \(files.batchID)")
    }
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

  /// Whether the batch was committed and explained since the listing was made.
  private func hasManifest(_ files: BatchFiles) async throws(ObjectStoreError) -> Bool {
    do {
      _ = try await store.head(files.key(.manifest))
      return true
    } catch {
      guard error.code == .notFound else { throw error }
      return false
    }
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
      switch Settlement.decide(batch.facts) {
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
