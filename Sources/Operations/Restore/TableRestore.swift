import ArchiveModel
import Logging
import ObjectStore
import Postgres

/// The restore of one archived table: surveyed first, loaded then.
struct TableRestore {
  let source: TableName
  let batches: [ArchivedBatch]
  let request: RestoreRequest
  let store: any ObjectStore
  let context: JobContext
  let restoreID: UUIDv7
  private let pool: ConnectionPool
  private let targetName: (schema: String, table: String)
  private(set) var plan: RestorePlan?
  private(set) var survey: KeySurvey.Outcome?
  /// What an operator should know before the rows go in.
  private var warnings: [String] = []
  /// Whether the rows go back to the table they came from, as far as can be told.
  private var isArchivedTable = false
  /// Batches that are loaded at a time.
  private var workers: Int

  /// Throws a configuration error when the settings have no database of that name.
  init(
    source: TableName, batches: [ArchivedBatch], request: RestoreRequest, store: any ObjectStore, context: JobContext,
    restoreID: UUIDv7
  ) throws(OperationError) {
    (self.source, self.batches, self.request, self.store) = (source, batches, request, store)
    (self.context, self.restoreID) = (context, restoreID)
    targetName = (request.into?.schema ?? source.schema, request.into?.table ?? source.table)
    switch request.target {
    case .database(let parameters):
      workers = request.workers
      pool = ConnectionPool(parameters: parameters, size: workers)
    case .configured(let databases):
      guard let database = databases.first(where: { $0.name == source.database }) else {
        throw OperationError(
          .configuration, "cannot restore", at: "\(source)",
          cause: "the configuration has no database named \(source.database)",
          hint: "name the database to restore to with --target")
      }
      workers = min(request.workers, database.poolSize)
      pool = ConnectionPool(parameters: database.parameters, size: workers)
    }
  }

  /// Looks at everything without changing anything, but for a table made under `createsTable`.
  func surveyed() async throws -> TableRestore {
    var surveyed = self
    let options = TransactionOptions(timeout: RestorePlan.timeout, rollsBack: request.isDryRun)
    try await pool.withConnection { connection in
      try await connection.withTransaction(options) { transaction in
        try await surveyed.survey(in: transaction)
      }
    }
    return surveyed
  }

  private mutating func survey(in transaction: Transaction) async throws {
    let name = TableName(database: source.database, schema: targetName.schema, table: targetName.table)
    if request.createsTable {
      try await TableMaker(name: name).makeIfMissing(from: batches.map(\.manifest), in: transaction)
    }
    let target: TableDescription
    do {
      target = try await TableCatalog.describe(name, in: transaction)
    } catch {
      guard error.category == .configuration else { throw error }
      var error = error
      error.category = .data
      error.hint = "to make the table from the archive, add --create-table" + (error.hint.map { "; else, \($0)" } ?? "")
      throw error
    }
    guard ["r", "p"].contains(target.kind) else {
      throw OperationError(
        .data, "cannot restore", at: target.quotedName, cause: "it is not a table", hint: "restore --into a table")
    }
    try await transaction.pin(target.pinnedSettings)
    let facts = try await TargetFacts.read(of: target, in: transaction)
    guard !facts.isRowSecurityActive else {
      throw OperationError(
        .permission, "cannot restore", at: target.quotedName,
        cause: "row-level security policies apply to the role, so it may not see all rows",
        hint: "restore as a role with BYPASSRLS, or as the table's owner without FORCE ROW LEVEL SECURITY")
    }
    isArchivedTable = try await isArchivedTable(target, in: transaction)
    let selection = try await KeyForms(
      source: source, batches: batches, target: target, store: store, context: context
    ).selection(request.selection, in: transaction)
    let plan = try RestorePlan(
      source: source, target: target, batches: batches, request: request, selection: selection,
      facts: facts)
    self.plan = plan
    if try await !takesSeveral(plan, facts, in: transaction) { workers = 1 }
    warnings = try await triggerWarnings(target, in: transaction) + (request.isDryRun ? plan.changeWarnings : [])
    survey = try await KeySurvey(
      plan: plan, store: store, context: context, listsKeys: isArchivedTable && !request.isDryRun,
      skipsPresent: request.onConflict == .skip
    ).run(in: transaction)
  }

  /// A trigger that fires before a row is written may write something else than was archived.
  private func triggerWarnings(_ target: TableDescription, in transaction: Transaction) async throws -> [String] {
    // pg_trigger.tgtype: 1 for each row, 2 before, 4 on insert, 16 on update (PostgreSQL's catalog/pg_trigger.h).
    let events = request.onConflict == .overwrite ? 4 | 16 : 4
    let triggers = try await transaction.execute(
      """
      SELECT tgname FROM pg_catalog.pg_trigger
      WHERE tgrelid = $1::pg_catalog.oid AND NOT tgisinternal AND \(FiringState.fires("tgenabled"))
        AND tgtype & 3 = 3 AND tgtype & \(events) <> 0
      ORDER BY tgname
      """, [.text(String(target.oid))])
    return triggers.rows.compactMap { $0[0] }.map { name in
      "trigger \(name) fires before a row is written; a batch that it changes is refused; if so, run ALTER TABLE "
        + "\(target.quotedName) DISABLE TRIGGER \(SQLText.identifier(name)) for the time of the restore"
    }
  }

  /// Whether batches may go in beside each other: no row refers to one of another batch, which must be there first, none
  /// can be refused for one of another batch, and nothing acts on what is written, whose locks two batches might take in
  /// different orders.
  private func takesSeveral(
    _ plan: RestorePlan, _ facts: TargetFacts, in transaction: Transaction
  ) async throws -> Bool {
    guard !facts.refersToItself, !facts.hasFurtherUniqueness else { return false }
    return try await WrittenRows(plan: plan, staging: "", onConflict: request.onConflict)
      .interferers(in: transaction).isEmpty
  }

  /// By its name in the settings; elsewhere by the server's identity and the database's, which a copy of the server shares:
  /// the hold then does no harm.
  private func isArchivedTable(_ target: TableDescription, in transaction: Transaction) async throws -> Bool {
    guard targetName == (source.schema, source.table) else { return false }
    if case .configured = request.target { return true }
    let here = try await ServerQuestions.identity(in: transaction).identity
    return batches.contains { batch in
      // Without the right to ask, the hold is the safe answer.
      let system = batch.manifest.source.systemIdentifier
      let isServer = system.isEmpty || here.systemIdentifier.map { $0 == system } ?? true
      return isServer && batch.manifest.transaction.map { $0.server.databaseOID == here.databaseOID } ?? true
    }
  }

  /// What a real run would do, as far as can be known before.
  var expectation: RestoreReport.Table {
    var table = RestoreReport.Table(source: source, target: plan?.target.quotedName ?? "", restoreID: restoreID)
    table.warnings = warnings
    guard let survey else { return table }
    table.batches = survey.selected.count { $0 > 0 }
    table.selected = survey.selected.reduce(0, +)
    table.outdated = survey.outdated.reduce(0) { $0 + $1.count }
    table.conflicts = survey.conflicts.reduce(0, +)
    table.inserted = table.selected - table.conflicts
    switch request.onConflict {
    case .fail: table.inserted = table.conflicts == 0 ? table.selected : 0
    case .skip: table.skipped = table.conflicts
    case .overwrite: table.overwritten = table.conflicts
    }
    return table
  }

  /// Puts the batches in, each by its own transaction, after the restore record is written.
  func load() async throws(OperationError) -> RestoreReport.Table {
    guard let plan, let survey else {
      throw OperationError(.defect, "cannot restore", at: "\(source)", cause: "it was not surveyed")
    }
    var table = expectation
    (table.inserted, table.skipped, table.overwritten, table.batches) = (0, 0, 0, 0)
    let keeper = RestoreRecordKeeper(
      restoreID: restoreID, source: source, target: isArchivedTable ? nil : plan.target.quotedName,
      holdDays: request.holdDays, store: store)
    if isArchivedTable { try await keeper.announce(keys: survey.keys, batches: plan.batches) }
    context.progress.observe(.began(table: source, rowCount: table.selected))
    defer { context.progress.observe(.ended) }
    let wanted = plan.batches.indices.filter { survey.selected[$0] > 0 }
    let queue = LoadQueue(
      wanted.enumerated().map { number, index in
        let manifest = plan.batches[index].manifest
        return LoadQueue.Batch(
          number: number, manifest: manifest, outdated: survey.outdated[index], rowCount: survey.selected[index],
          objects: ObjectsAhead(manifest.objects, in: store))
      })
    let loader = BatchLoader(plan: plan, onConflict: request.onConflict)
    let sessions = await sessions()
    await withTaskGroup { group in
      for _ in 0..<sessions { group.addTask { await work(queue, plan, loader) } }
    }
    let done = await queue.add(to: &table)
    await keeper.finish(&table, batches: done, hasKeys: isArchivedTable && survey.keys.count > 0)
    guard var failure = await queue.failure else { return table }
    if !done.isEmpty {
      let names = done.prefix(20).map { "\($0)" }.joined(separator: ", ")
      failure.cause +=
        "; \(done.count) of \(wanted.count) batches are in: \(names)\(done.count > 20 ? " …" : "")"
    }
    throw failure
  }

  /// How many sessions the server gives for the workers, at least 1: with fewer than asked for, the rows go in all the same.
  private func sessions() async -> Int {
    guard workers > 1 else { return 1 }
    do throws(PostgresError) {
      try await pool.openAhead(workers)
    } catch {
      context.logger.info(
        "restoring with fewer workers", metadata: ["table": "\(source)", "error": "\(error.message)"])
    }
    return max(1, await pool.idleCount)
  }

  /// One worker: batch after batch, until none is left or one has failed.
  private func work(_ queue: LoadQueue, _ plan: RestorePlan, _ loader: BatchLoader) async {
    while let batch = await queue.take() {
      do throws(OperationError) {
        guard !context.stop.isRequested else {
          throw OperationError(
            .interrupted, "the restore was stopped", at: "\(source)", cause: "a signal asked for it",
            hint: "run it again with --on-conflict skip to go on")
        }
        let outcome = try await load(batch, of: queue, plan, loader)
        await queue.add(outcome, of: batch)
        context.progress.observe(.advanced(rows: batch.rowCount, bytes: outcome.bytes))
      } catch {
        await queue.fail(batch, error)
      }
    }
  }

  private func givenUp(_ batch: LoadQueue.Batch) -> OperationError {
    OperationError(
      .tryAgain, "cannot restore the batch", at: "batch \(batch.manifest.batchID)",
      cause: "an older one failed; nothing of this one was kept")
  }

  private func load(
    _ batch: LoadQueue.Batch, of queue: LoadQueue, _ plan: RestorePlan, _ loader: BatchLoader
  ) async throws(OperationError) -> BatchLoader.Outcome {
    let turn = workers > 1 ? CommitTurn(restoreID: restoreID, number: batch.number) : nil
    do {
      // Before BEGIN: behind a pooler, a transaction that waits could keep the older batch from having a session.
      guard await queue.mayBegin(batch) else { throw givenUp(batch) }
      let outcome = try await pool.withConnection { connection in
        try await connection.withTransaction(plan.options) { transaction in
          try await turn?.hold(in: transaction)
          await queue.noteBegin()
          var outcome = try await loader.load(batch, in: transaction)
          guard try await turn?.comes(in: transaction, unless: { await queue.isOver(for: batch.number) }) ?? true,
            await queue.mayCommit(batch)
          else { throw givenUp(batch) }
          // In turn, so that none is set back.
          outcome.warnings += try await SequenceMover.move(past: outcome.edges, in: transaction)
          return outcome
        }
      }
      context.logger.info(
        "restored a batch",
        metadata: [
          "batch": "\(batch.manifest.batchID)", "inserted": "\(outcome.inserted)", "skipped": "\(outcome.skipped)",
          "overwritten": "\(outcome.overwritten)",
        ])
      return outcome
    } catch {
      throw plan.failure(error, "cannot restore the batch", in: batch.manifest)
    }
  }
}
