import ArchiveModel
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
    return try await check(suspects, history) + checkReloaded(files, but: Set(suspects.map(\.batchID)))
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
      switch try await state(of: batch, history) {
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

  /// Committed batches that the ledger should have and has not, oldest first; those from before its oldest entry are not
  /// looked at, since a database that went back lacks later ones. With them what restores put back, where that can explain rows:
  /// a ledger that has entries lacks newer ones only since the database went back, to a time before any restore of them.
  func suspects(
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

  private enum State { case gone, partly, back, untold }

  /// Where the rows with a batch's keys are. Those that a restore put back are as good as gone.
  private func state(of batch: ArchivedBatch, _ history: RestoreHistory?) async throws(OperationError) -> State {
    let keys = try await ArchivedKeys.read(batch.manifest, from: store)
    guard let found = try await present(keys, of: batch, in: table) else { return .untold }
    guard try await !isExplained(found, of: batch, history) else { return .gone }
    return found.count == Set(keys).count ? .back : .partly
  }

  /// Whether there are no rows with these keys of a batch but what a restore put back.
  func isExplained(
    _ found: Set<[String]>, of batch: ArchivedBatch, _ history: RestoreHistory?
  ) async throws(OperationError) -> Bool {
    guard !found.isEmpty, let history else { return found.isEmpty }
    return try await history.unexplained(found, of: batch.manifest.batchID, table.name).isEmpty
  }

  /// Those keys that rows of the table have, by the columns of `lookedAt`; nil when its key is another than the batch was
  /// archived by.
  func present(
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

  func server() async throws(OperationError) -> ServerQuestions.Answer {
    do {
      return try await withTransaction { transaction in try await ServerQuestions.identity(in: transaction) }
    } catch {
      throw .wrapping(error, "cannot ask who the server is", at: "\(table.name)")
    }
  }

  func withTransaction<Result: Sendable>(
    readOnly: Bool = true, _ body: nonisolated(nonsending) (Transaction) async throws -> Result
  ) async throws -> Result {
    try await pool.withConnection { connection in
      try await connection.withTransaction(
        TransactionOptions(readOnly: readOnly, pinned: PinnedSettings(additional: source.pinnedSettings(of: table))),
        body)
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
