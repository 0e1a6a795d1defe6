import ArchiveModel
import Hashing
import Logging
import ObjectStore
import Postgres

/// Finds committed batches whose delete is not in the database's history: it went back to an earlier time, or a standby took
/// over without the last commits. Their rows are in the database again.
struct ReturnedBatches: Sendable {
  let table: TableDescription
  let source: TableSource
  /// Nil to do without.
  let ledger: Ledger?
  let pool: ConnectionPool
  let store: any ObjectStore
  let context: JobContext

  /// Batches told of when a table is refused.
  private static let shownCount = 5
  /// The newest batches, whose rows are all looked for; of the others the first and the last row, which needs no object.
  private static let wholeCount = 16
  /// Ids asked for in one statement.
  static let chunkSize = 10_000

  /// Refuses the table when rows of committed batches are in the database again; warns when the ledger only lacks entries.
  func check(_ files: TableFiles) async throws(OperationError) -> [String] {
    let (suspects, history) = try await suspects(files)
    let warnings = try await check(suspects, history)
    try await checkReloaded(files, but: Set(suspects.map(\.batchID)))
    return warnings
  }

  private func check(
    _ suspects: [(batchID: UUIDv7, key: String)], _ history: RestoreHistory?
  ) async throws(OperationError) -> [String] {
    guard let newest = suspects.last else { return [] }
    var returned: [ArchivedBatch] = []
    var untold = 0
    for (index, suspect) in suspects.reversed().enumerated() where returned.count < Self.shownCount {
      let batch = try await ArchiveReader(store: store).batch(at: suspect.key)
      if index >= Self.wholeCount {
        let edges = [batch.manifest.range.first.key, batch.manifest.range.last.key]
        if let present = try await present(edges, of: batch, in: table), present.isEmpty { continue }
      }
      switch try await state(of: batch, history, byTime: false) {
      case .gone: continue
      case .untold: untold += 1
      case .partly, .back: returned.append(batch)
      }
    }
    guard returned.isEmpty else { throw try await refusal(returned, of: suspects.count) }
    return [
      "\(suspects.count) batches of the archive have no entry in the ledger, the newest of them \(newest.batchID). Every row of "
        + "the newest \(Self.wholeCount) of them was looked for in the database, and the first and last row of the others, and none "
        + "is there but what a restore put back"
        + (untold > 0 ? " (\(untold) had another primary key and were not looked for)" : "")
        + ": was the ledger cleared?"
    ]
  }

  private func refusal(_ returned: [ArchivedBatch], of count: Int) async throws(OperationError) -> OperationError {
    let here = try await server().identity.systemIdentifier
    let shown = returned.map { batch in
      let server = batch.manifest.source.systemIdentifier
      return "\(batch.manifest.batchID)" + (batch.manifest.committedAt.map { ", committed at \($0)" } ?? "")
        + (server.isEmpty || server == here ? "" : " on another server, \(server)")
    }
    return OperationError(
      .failed, "the database has gone back in time", at: "\(table.name)",
      cause: "its ledger lacks \(count) batches of the archive, and rows of these are in the table again: "
        + shown.joined(separator: "; "),
      hint:
        "when this is the original: `archiver recover --rows-came-back --table \(table.name.schema).\(table.name.table)`, "
        + "then archive again; a copy, and every other database, needs a storage "
        + "or a name of its own")
  }

  /// Marks every batch whose rows are all in the database again, equal to the archived ones: readers ignore it, and the rows
  /// are archived anew.
  func supersede(_ files: TableFiles) async throws(OperationError) -> [RecoverReport.Finding] {
    let (suspects, history) = try await suspects(files)
    var findings: [RecoverReport.Finding] = []
    for suspect in suspects {
      let batch = try await ArchiveReader(store: store).batch(at: suspect.key)
      findings.append(try await supersede(batch, state(of: batch, history, byTime: false)))
    }
    return try await findings + supersedeReloaded(files, but: Set(suspects.map(\.batchID)))
  }

  /// Committed batches that the ledger should have and has not, oldest first; those from before its oldest entry are not
  /// looked at, since a database that went back lacks later ones. With them what restores put back, where that can explain rows:
  /// a ledger that has entries lacks newer ones only since the database went back, to a time before any restore of them.
  private func suspects(
    _ files: TableFiles
  ) async throws(OperationError) -> (batches: [(batchID: UUIDv7, key: String)], history: RestoreHistory?) {
    guard let ledger else { return ([], nil) }
    var unknown: Set<UUIDv7> = []
    var isEmpty = true
    do {
      try await withTransaction { transaction in
        var rest = files.committedBatches[...]
        guard !rest.isEmpty else { return }
        // A dry run makes none.
        guard try await ledger.exists(in: transaction) else {
          unknown.formUnion(rest)
          return
        }
        if let oldest = try await ledger.oldest(of: table.name, in: transaction) {
          isEmpty = false
          rest = rest.drop { $0 < oldest }
        }
        while !rest.isEmpty {
          unknown.formUnion(try await ledger.unknown(rest.prefix(Self.chunkSize), in: transaction))
          rest = rest.dropFirst(Self.chunkSize)
        }
      }
    } catch {
      throw .wrapping(error, "cannot compare the archive with the ledger", at: "\(table.name)")
    }
    let batches = files.manifests(of: unknown)
    return (batches, isEmpty && !batches.isEmpty ? try await history() : nil)
  }

  func history() async throws(OperationError) -> RestoreHistory {
    try await RestoreHistory.load(
      Selection(of: table.name), from: store, SignatureCheck(store: store, trustedKeys: [])
    ).history
  }

  enum State { case gone, partly, back, untold }

  /// Where the rows of a batch are; with `byTime`, only those that have the archived time count. Those that a restore put
  /// back are as good as gone.
  func state(
    of batch: ArchivedBatch, _ history: RestoreHistory?, byTime: Bool
  ) async throws(OperationError) -> State {
    let rows = try await presence(of: batch, byTime: byTime)
    guard let rows else { return .untold }
    guard !rows.present.isEmpty else { return .gone }
    let keys = Set(rows.present.map { Array($0.prefix(table.primaryKey.count)) })
    if let history, try await history.unexplained(keys, of: batch.manifest.batchID, table.name).isEmpty { return .gone }
    return rows.present.count == rows.count ? .back : .partly
  }

  /// How many rows a batch has, and those that are in the table, each by its key and, with `byTime`, its time after it.
  func presence(
    of batch: ArchivedBatch, byTime: Bool
  ) async throws(OperationError) -> (count: Int, present: Set<[String]>)? {
    var (manifest, lookedAt) = (batch.manifest, table)
    if byTime, !manifest.primaryKey.contains(manifest.timestampColumn) {
      guard let time = table.index(of: manifest.timestampColumn) else { return nil }
      manifest.primaryKey.append(manifest.timestampColumn)
      lookedAt.primaryKey.append(time)
    }
    let keys = try await ArchivedKeys.read(manifest, from: store)
    return try await present(keys, of: batch, in: lookedAt).map { (Set(keys).count, $0) }
  }

  /// Whether the first and the last row are there, by key, and by time as well where the column holds the archived instant as
  /// it is. Reads no object.
  func hasBothEdges(_ batch: ArchivedBatch) async throws(OperationError) -> Bool {
    let manifest = batch.manifest
    let range = [manifest.range.first, manifest.range.last]
    var (edges, lookedAt) = (range.map(\.key), table)
    if let time = table.index(of: manifest.timestampColumn), !table.primaryKey.contains(time),
      table.columns[time].formType.hasSuffix("with time zone") || manifest.timeZone == "UTC"
    {
      edges = range.map { $0.key + [$0.time.sqlText] }
      lookedAt.primaryKey.append(time)
    }
    return try await present(edges, of: batch, in: lookedAt)?.count == Set(edges).count
  }

  /// Those keys that rows of the table have, by the columns of `lookedAt`; nil when its key is another than the batch was
  /// archived by.
  private func present(
    _ keys: [[String]], of batch: ArchivedBatch, in lookedAt: TableDescription
  ) async throws(OperationError) -> Set<[String]>? {
    guard batch.manifest.primaryKey == table.primaryKeyNames else { return nil }
    do {
      let missing = try await withTransaction { transaction in
        try await KeyLookup(table: lookedAt).missing(keys, in: transaction)
      }
      return Set(keys).subtracting(missing)
    } catch {
      throw .wrapping(error, "cannot look for the rows of batch \(batch.manifest.batchID)", at: "\(table.name)")
    }
  }

  /// Marks a batch whose rows are all there again, just as they were archived; else tells why not.
  func supersede(_ batch: ArchivedBatch, _ state: State) async throws(OperationError) -> RecoverReport.Finding {
    let (id, manifest) = (batch.manifest.batchID, batch.manifest)
    func finding(_ outcome: RecoverReport.Finding.Outcome, _ detail: String) -> RecoverReport.Finding {
      RecoverReport.Finding(table: table.name, batchID: id, outcome: outcome, detail: detail)
    }
    switch state {
    case .gone:
      return finding(.committed, "the ledger does not know it, but its rows did not come back; it stays committed")
    case .untold:
      return finding(
        .inDoubt,
        "it was archived by another primary key than the table has now, so that its rows cannot be looked for; "
          + "everything is kept")
    case .partly:
      return finding(
        .inDoubt,
        "only some of its \(manifest.rowCount) rows are in the database again; everything is kept. "
          + "`archiver restore --batch \(id) --on-conflict skip` puts the others back")
    case .back: break
    }
    let differing = try await differing(manifest)
    guard differing == 0 else {
      return finding(
        .inDoubt,
        "\(differing) of its \(manifest.rowCount) rows are in the database with another content than was archived; everything "
          + "is kept. `archiver restore --batch \(id) --on-conflict overwrite` puts the archived ones in their place, and "
          + "`--into TABLE` beside them; see docs/troubleshooting.md")
    }
    let server = try await server()
    let key = ArchiveLayout.document(.superseded, in: manifest.folder, batch: id)
    var superseded = finding(
      .superseded,
      "its \(manifest.rowCount) rows are all in the database again, as they were archived; the batch is ignored from now on"
    )
    do {
      let marker = SupersededMarker(
        tool: Tool.name, batchID: id, runID: context.runID, supersededAt: server.now, manifestSHA256: batch.sha256.hex,
        server: server.identity)
      let document = try ArchiveDocument.encode(marker)
      try await StoredDocument.write(document, to: key, in: store)
      superseded.supersededMarker = .init(key: key, sha256: SHA256.hash(document.span).hex)
    } catch {
      throw .wrapping(error, "cannot mark the batch as superseded", at: "\(table.name), batch \(id)")
    }
    return superseded
  }

  /// How many of a batch's rows the table does not have just as they were archived. A key alone says little: where ids are
  /// given anew, or rows were changed before they were archived, the batch holds the only copy of its rows.
  private func differing(_ manifest: Manifest) async throws(OperationError) -> Int {
    let keys = try await ArchivedKeys.read(manifest, from: store)
    let digests = try await RowDigests(of: manifest, from: store)
    do {
      return try await withTransaction { transaction in
        var digests = digests
        try await digests.subtract(table, keys: keys, in: transaction)
        return digests.missing.count
      }
    } catch {
      throw .wrapping(error, "cannot compare the rows of batch \(manifest.batchID)", at: "\(table.name)")
    }
  }

  private func server() async throws(OperationError) -> ServerQuestions.Answer {
    do {
      return try await withTransaction { transaction in try await ServerQuestions.identity(in: transaction) }
    } catch {
      throw .wrapping(error, "cannot ask who the server is", at: "\(table.name)")
    }
  }

  func withTransaction<Result: Sendable>(
    _ body: nonisolated(nonsending) (Transaction) async throws -> Result
  ) async throws -> Result {
    try await pool.withConnection { connection in
      try await connection.withTransaction(
        TransactionOptions(readOnly: true, pinned: PinnedSettings(additional: source.pinnedSettings(of: table))), body)
    }
  }
}

extension Selection {
  /// All of one table.
  fileprivate init(of table: TableName) {
    self.init()
    databases = [table.database]
    tables = [Table(schema: table.schema, table: table.table)]
  }
}
