import ArchiveModel
import Logging
import ObjectStore
import Postgres

/// Archives the tables of one database in turn; one that fails does not stop the others.
struct DatabaseArchiver: Sendable {
  let database: DatabaseSource
  let pool: ConnectionPool
  let request: ArchiveRequest
  let store: any ObjectStore
  let budget: RunBudget
  let context: JobContext

  /// What is known of the server once it has answered.
  private struct Server: Sendable {
    var clock: DatabaseClock
    /// Cutoffs of all tables are counted back from it.
    var now: Timestamp
    var version: Int
    var systemIdentifier: String
    /// When it was started.
    var start: String
  }

  func run() async -> [ArchiveReport.Table] {
    var reports: [ArchiveReport.Table] = []
    let server: Server
    do {
      server = try await describeServer()
    } catch {
      let failure = OperationError.wrapping(error, "cannot use the database", at: database.place)
      return database.tables.map { source in
        var report = ArchiveReport.Table(name: source.name)
        (report.outcome, report.error) = (.failed, failure)
        return report
      }
    }
    for source in database.tables {
      var report = ArchiveReport.Table(name: source.name)
      let began = ContinuousClock.now
      if await budget.isOpen {
        do throws(OperationError) {
          try await archive(source, server, &report)
        } catch  where error.category == .interrupted && context.stop.isRequested && report.batches == 0 {
          report.outcome = .stopped
        } catch {
          (report.outcome, report.error) = (.failed, error)
          // The report tells it as an error; the log says when it was.
          context.logger.info(
            "the table failed", metadata: ["table": "\(source.name)", "cause": "\(error.description)"])
        }
        context.progress.observe(.ended)
      } else {
        report.outcome = .stopped
      }
      report.duration = ContinuousClock.now - began
      reports.append(report)
    }
    return reports
  }

  private func describeServer() async throws -> Server {
    try await pool.withConnection { connection in
      try await connection.withTransaction(TransactionOptions(readOnly: true)) { transaction in
        let result = try await transaction.execute(
          """
          SELECT pg_catalog.clock_timestamp()::text,
            pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE'),
            pg_catalog.pg_postmaster_start_time()::text
          """)
        guard let row = result.rows.first, let now = row[0].flatMap({ Timestamp($0) }) else {
          throw OperationError(
            .defect, "cannot read the database's clock", at: database.name, cause: "no timestamp came")
        }
        var identifier = ""
        if row[1] == "t" {
          let control = try await transaction.execute(
            "SELECT system_identifier::text FROM pg_catalog.pg_control_system()")
          identifier = control.rows.first?.first.flatMap { $0 } ?? ""
        }
        return Server(
          clock: DatabaseClock(now: now), now: now, version: await connection.serverVersion,
          systemIdentifier: identifier, start: row[2] ?? "")
      }
    }
  }

  private func archive(
    _ source: TableSource, _ server: Server, _ report: inout ArchiveReport.Table
  ) async throws(OperationError) {
    let cutoff = source.cutoff(at: server.now)
    report.cutoff = cutoff
    let held = try await heldKeys(of: source)
    var examined = try await examine(source, cutoff, held)
    report.warnings = examined.warnings
    let counts = RowCounts(pool: pool, rows: examined.rows, stop: context.stop)
    if request.isDryRun { try await counts.tell(&report) }
    let ledger = try await ledger()
    try await settleEarlierRuns(of: examined.table, source, ledger, &report)
    if request.isDryRun { return }
    let gate = BatchGate(source: source, pool: pool, budget: budget, context: context)
    if let reason = try await gate.wait() {
      report.outcome = .stopped
      report.warnings.append("\(reason); nothing was archived")
      return
    }
    let eligible = request.countsRows ? try await counts.eligible() : nil
    report.eligible = eligible?.reduce(0, +)
    context.progress.observe(.began(table: source.name, rowCount: report.eligible))
    let workers = request.workers ?? source.workers
    let forecast = BatchForecast(zlibLevel: source.compressionLevel, workers: workers)
    let holds = HoldWatch(source.name, held: held, store: store)
    var (index, heldCount) = (0, held.keys.count)
    while index < examined.rows.count, report.outcome == .complete {
      guard eligible?[index] != 0 else {
        index += 1
        continue
      }
      let rows = examined.rows[index]
      let batches = BatchArchiver(
        rows: rows, holds: holds, heldCount: heldCount,
        source: Manifest.Source(
          database: source.name.database, schema: source.name.schema, table: source.name.table,
          serverVersion: server.version, systemIdentifier: server.systemIdentifier),
        ledger: ledger, store: store, clock: server.clock, serverStart: server.start, forecast: forecast,
        context: context)
      let archiver = TableArchiver(
        batches: batches, pool: pool, budget: budget, workers: workers, gate: gate, context: context)
      do throws(OperationError) {
        if try await archiver.run(&report, eligible: eligible?[index]) == .holdsGrew {
          let (condition, count) = await holds.condition(keyColumns: examined.table.keyColumns)
          for part in examined.rows.indices { examined.rows[part].holdCondition = condition }
          heldCount = count
          continue
        }
        index += 1
      } catch {
        guard await isGone(rows) else { throw error }
        index += 1
        report.warnings.append(
          "partition \(rows.relation.quotedName) was detached, dropped or replaced during the run; the rest of its rows "
            + "were left alone")
      }
    }
    try await conclude(examined, &report)
  }

  /// What is left, and what came while the table was archived.
  private func conclude(
    _ examined: TableExamination, _ report: inout ArchiveReport.Table
  ) async throws(OperationError) {
    let relations = try await relations(of: examined.table).filter { $0.kind == "r" }
    let added = relations.filter { relation in !examined.rows.contains { $0.relation.oid == relation.oid } }
    if !added.isEmpty {
      report.warnings.append(
        "partitions were attached during the run: \(HazardCheck.names(added.map(\.quotedName))); the next run takes their "
          + "rows")
    }
    guard request.countsRows else { return }
    let present = examined.rows.filter { rows in relations.contains { $0 == rows.relation } }
    let remaining = try await RowCounts(pool: pool, rows: present, stop: nil).eligible().reduce(0, +)
    report.remaining = remaining
    if remaining > 0, report.outcome == .complete {
      let hides = examined.rows.first?.source.acceptedHazards.contains(Hazard.Kind.rowSecurity.rawValue) == true
      report.warnings.append(
        "\(remaining) eligible rows are locked by others, or came late; the next run takes them"
          + (hides
            ? ". Or a policy lets them be seen and not be locked or deleted: no run takes these, and where: should leave them out"
            : ""))
    }
  }

  /// Whether the rows' relation, a leaf, is not the table's any more.
  private func isGone(_ rows: EligibleRows) async -> Bool {
    guard rows.table.isPartitioned else { return false }
    do throws(OperationError) {
      return try await !relations(of: rows.table).contains(rows.relation)
    } catch {
      // What failed first says more than that this could not be asked.
      context.logger.debug("cannot ask for the partitions", metadata: ["cause": "\(error.description)"])
      return false
    }
  }

  private func relations(of table: TableDescription) async throws(OperationError) -> [RowRelation] {
    do {
      return try await pool.withConnection { connection in
        try await connection.withTransaction(TransactionOptions(readOnly: true)) { transaction in
          try await TableCatalog.relations(of: table, in: transaction)
        }
      }
    } catch {
      throw .wrapping(error, "cannot find the partitions", at: "\(table.name)")
    }
  }

  /// The ledger, made when it is missing, but for a dry run; nil to do without.
  private func ledger() async throws(OperationError) -> Ledger? {
    guard let ledger = database.ledgerSchema.map(Ledger.init(schema:)), !request.isDryRun else {
      return database.ledgerSchema.map(Ledger.init(schema:))
    }
    do {
      try await pool.withConnection { connection in
        try await ledger.create(over: connection, database: database.name)
      }
      return ledger
    } catch {
      throw .wrapping(error, "cannot create the ledger", at: database.place)
    }
  }

  private func heldKeys(of source: TableSource) async throws(OperationError) -> HeldKeys {
    try await HeldKeys.load(for: source.name, at: Timestamp.now, from: store)
  }

  /// Describes the table, checks it for hazards and the settings against it.
  private func examine(
    _ source: TableSource, _ cutoff: Timestamp, _ held: HeldKeys
  ) async throws(OperationError) -> TableExamination {
    do {
      return try await context.stop.cancelling { [pool] in
        try await pool.withConnection { connection in
          try await connection.withTransaction(TableExamination.options(source)) { transaction in
            try await TableExamination.run(source, cutoff: cutoff, held: held, in: transaction)
          }
        }
      }
    } catch {
      throw source.refusal(ofTime: error) ?? .wrapping(error, "cannot examine the table", at: "\(source.name)")
    }
  }
}

extension DatabaseSource {
  /// The database and how it is reached, without secrets.
  package var place: String { "\(name), \(parameters.redactedDescription)" }
}
