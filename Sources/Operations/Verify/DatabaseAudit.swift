import ArchiveModel
import Hashing
import Postgres

/// Asks a source database for the rows and ledger entries of committed batches.
struct DatabaseAudit: Sendable {
  let source: DatabaseSource
  private let pool: ConnectionPool
  private let history: RestoreHistory
  private let ledger: LedgerState
  /// By the database's clock, when the audit began.
  private let openedAt: Timestamp

  private enum LedgerState: Sendable {
    /// The settings do without.
    case none
    case missing
    /// `since` is the first entry's commit time; nil when it is empty.
    case present(Ledger, since: Timestamp?)
  }

  /// What the database says of one batch.
  struct Answer: Sendable {
    var findings: [VerifyFinding] = []
    var notes: [String] = []
  }

  private static let reading = TransactionOptions(readOnly: true)

  static func open(
    _ source: DatabaseSource, history: RestoreHistory, parallelism: Int
  ) async throws(OperationError) -> DatabaseAudit {
    let pool = ConnectionPool(parameters: source.parameters, size: max(1, min(source.poolSize, parallelism)))
    do {
      return try await pool.withConnection { connection in
        try await connection.withTransaction(reading) { transaction in
          let now = try await transaction.execute("SELECT pg_catalog.now()::text").rows.first?.first
          let openedAt = now.flatMap { $0 }.flatMap { Timestamp($0) } ?? .positiveInfinity
          return DatabaseAudit(
            source: source, pool: pool, history: history,
            ledger: try await ledgerState(source, in: transaction), openedAt: openedAt)
        }
      }
    } catch {
      await pool.close()
      throw .wrapping(error, "cannot read the database", at: source.place)
    }
  }

  private static func ledgerState(
    _ source: DatabaseSource, in transaction: Transaction
  ) async throws(PostgresError) -> LedgerState {
    guard let schema = source.ledgerSchema else { return .none }
    let ledger = Ledger(schema: schema)
    guard try await ledger.exists(in: transaction) else { return .missing }
    let first = try await transaction.execute("SELECT min(committed_at)::text FROM \(ledger.table)").rows.first?.first
    return .present(ledger, since: first.flatMap { $0 }.flatMap { Timestamp($0) })
  }

  func close() async {
    await pool.close()
  }

  /// Looks for the ledger entry of a batch and, unless `keys` is nil, for rows that have its keys.
  func check(_ sound: ManifestCheck.Sound, keys: KeySpool?) async throws(OperationError) -> Answer {
    let manifest = sound.manifest
    do {
      return try await pool.withConnection { connection in
        try await connection.withTransaction(Self.reading) { transaction in
          var answer = Answer()
          if let finding = try await ledgerFinding(sound, in: transaction) { answer.findings.append(finding) }
          if let keys { try await look(for: keys, of: sound, in: transaction, &answer) }
          return answer
        }
      }
    } catch {
      throw .wrapping(error, "cannot compare the batch with the database", at: "\(source.place), \(manifest.batchID)")
    }
  }

  private func ledgerFinding(
    _ sound: ManifestCheck.Sound, in transaction: Transaction
  ) async throws(PostgresError) -> VerifyFinding? {
    guard case .present(let ledger, let since) = ledger else { return nil }
    let (manifest, sha256) = (sound.manifest, sound.sha256.hex)
    let entry = try await ledger.entry(manifest.batchID, in: transaction)
    if entry?.manifestSHA256 == sha256 { return nil }
    // The ledger may be younger than the archive.
    if entry == nil, let since, let committedAt = manifest.committedAt, committedAt < since { return nil }
    return VerifyFinding(
      .ledger, table: manifest.source.name, key: sound.key, batchID: manifest.batchID,
      expected: entry.map { "the manifest's SHA-256 as in the ledger, \($0.manifestSHA256)" }
        ?? "an entry in the ledger",
      found: entry == nil ? "none" : sha256)
  }

  private func look(
    for keys: KeySpool, of sound: ManifestCheck.Sound, in transaction: Transaction, _ answer: inout Answer
  ) async throws {
    let manifest = sound.manifest
    let name = manifest.source.name
    let found = try await transaction.execute(
      "SELECT pg_catalog.to_regclass($1) IS NOT NULL", [.text(SQLText.identifier(name.schema, name.table))])
    guard found.rows.first?.first == "t" else {
      answer.notes.append("\(name) is not in the database any more; its keys were not looked up")
      return
    }
    var table = try await TableCatalog.describe(name, in: transaction)
    table.primaryKey = manifest.primaryKey.compactMap { table.index(of: $0) }
    try await transaction.pin(table.pinnedSettings)
    let types = table.primaryKey.map { table.columns[$0].formType }
    let archivedTypes = manifest.primaryKey.compactMap { key in
      manifest.columns.first { $0.name == key }?.formType
    }
    guard types == archivedTypes else {
      answer.notes.append("\(name) has other key columns now than when it was archived; some keys were not looked up")
      return
    }
    let lookup = KeyLookup(table: table)
    var (presentCount, unexplainedCount) = (0, 0)
    for lot in 0..<keys.lotCount {
      let present = Set(try await lookup.present(try keys.lot(lot), in: transaction))
      guard !present.isEmpty else { continue }
      presentCount += present.count
      unexplainedCount += try await history.unexplained(present, of: manifest.batchID, name).count
    }
    guard unexplainedCount > 0 else { return }
    answer.findings.append(
      VerifyFinding(
        .inDatabase, table: name, key: sound.key, batchID: manifest.batchID, expected: "none of its rows",
        found: "\(unexplainedCount) of \(manifest.rowCount) keys",
        detail: unexplainedCount == presentCount ? "" : "\(presentCount - unexplainedCount) more were restored"))
  }

  /// Finds ledger entries without a manifest; `seen` holds what the walk came across.
  func compareLedger(_ seen: SeenBatches, _ request: VerifyRequest) async throws(OperationError) -> Answer {
    var answer = Answer()
    let ledger: Ledger
    switch self.ledger {
    case .none: return answer
    case .missing:
      answer.notes.append("database \(source.name) has no ledger table; it was not compared")
      return answer
    case .present(let present, _): ledger = present
    }
    let databases = request.selection.databases
    guard request.selection.takesWholeTables, databases.isEmpty || databases.contains(source.name) else {
      return answer
    }
    var last = UUIDv7.zero
    do {
      while true {
        let page = try await page(of: ledger, after: last)
        for row in page {
          guard let batch = row[0].flatMap({ UUIDv7($0) }), let table = row[1] else { continue }
          last = batch
          let isSuperseded = seen.superseded[batch] != nil
          guard seen[batch] == nil || isSuperseded, request.sample?.includes(batch) ?? true,
            isSelected(table, request.selection)
          else { continue }
          answer.findings.append(
            VerifyFinding(
              .ledger, key: "", batchID: batch, expected: "a manifest, as the ledger of \(source.name) has the batch",
              found: isSuperseded ? "one that is marked as superseded, though its rows were deleted here" : "none",
              detail: "table \(table), \(row[2] ?? "?") rows"))
        }
        guard page.count == Self.pageSize else { return answer }
      }
    } catch {
      throw .wrapping(error, "cannot read the ledger", at: source.place)
    }
  }

  private static let pageSize = 10_000

  /// Entries of batches committed before the audit began: what came later, the walk need not have seen.
  private func page(of ledger: Ledger, after batch: UUIDv7) async throws -> [[String?]] {
    try await pool.withConnection { connection in
      try await connection.withTransaction(Self.reading) { transaction in
        try await transaction.execute(
          """
          SELECT batch_id, "table", "rows" FROM \(ledger.table)
          WHERE batch_id > $1::pg_catalog.uuid AND committed_at < $2::pg_catalog.timestamptz
          ORDER BY batch_id LIMIT \(Self.pageSize)
          """, [.text(batch.description), .text(openedAt.sqlText)]
        ).rows
      }
    }
  }

  /// `table` is `schema.table`, unquoted.
  private func isSelected(_ table: String, _ selection: Selection) -> Bool {
    selection.tables.isEmpty
      || selection.tables.contains { filter in
        filter.readings.contains { reading in
          reading.schema.map { table == "\($0).\(reading.table)" } ?? table.hasSuffix(".\(reading.table)")
        }
      }
  }
}

extension UUIDv7 {
  /// Before every other.
  fileprivate static var zero: UUIDv7 { UUIDv7("00000000-0000-0000-0000-000000000000") ?? UUIDv7(unixMilliseconds: 0) }
}
