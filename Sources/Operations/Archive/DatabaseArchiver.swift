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
  }

  func run() async -> [ArchiveReport.Table] {
    var reports: [ArchiveReport.Table] = []
    let server: Server
    do {
      server = try await describeServer()
      if !request.isDryRun, let schema = database.ledgerSchema {
        try await pool.withConnection { connection in
          try await Ledger(schema: schema).create(over: connection, database: database.name)
        }
      }
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
            pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
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
          systemIdentifier: identifier)
      }
    }
  }

  private func archive(
    _ source: TableSource, _ server: Server, _ report: inout ArchiveReport.Table
  ) async throws(OperationError) {
    let cutoff = server.now.advanced(by: .seconds(-86_400 * source.retentionDays))
    report.cutoff = cutoff
    let (rows, warnings) = try await examine(source, cutoff)
    report.warnings = warnings
    if request.isDryRun {
      try await tell(rows, &report)
      return
    }
    let ledger = database.ledgerSchema.map(Ledger.init(schema:))
    let settled = try await Settler(table: rows.table, ledger: ledger, pool: pool, store: store, context: context).run(
      waits: false)
    report.warnings += settled.map { "batch \($0.batchID), not of this run: \($0.detail)" }
    if let doubt = settled.first(where: { $0.outcome == .inDoubt }) {
      throw OperationError(
        .failed, "an earlier batch is in doubt", at: "\(source.name), batch \(doubt.batchID)", cause: doubt.detail,
        hint: "see docs/troubleshooting.md, \"in doubt\"; nothing was archived from this table")
    }
    if request.countsRows { report.eligible = try await count(rows) }
    context.progress.observe(.began(table: source.name, rowCount: report.eligible))
    let batches = BatchArchiver(
      rows: rows,
      source: Manifest.Source(
        database: source.name.database, schema: source.name.schema, table: source.name.table,
        serverVersion: server.version, systemIdentifier: server.systemIdentifier),
      ledger: ledger, store: store, clock: server.clock,
      forecast: BatchForecast(zlibLevel: rows.source.compressionLevel), context: context)
    try await TableArchiver(
      batches: batches, pool: pool, budget: budget, workers: request.workers ?? source.workers, context: context
    ).run(&report)
    if request.countsRows {
      let remaining = try await count(rows)
      report.remaining = remaining
      if remaining > 0, report.outcome == .complete {
        report.warnings.append("\(remaining) eligible rows are locked by others, or came late; the next run takes them")
      }
    }
  }

  /// Describes the table, checks it for hazards and the settings against it.
  private func examine(_ source: TableSource, _ cutoff: Timestamp) async throws(OperationError) -> (
    EligibleRows, [String]
  ) {
    do {
      return try await pool.withConnection { connection in
        try await connection.withTransaction(TransactionOptions(isolation: .repeatableRead, readOnly: true)) {
          transaction in
          let table = try await TableCatalog.describe(source.name, in: transaction)
          let warnings = try await HazardCheck(table: table, source: source).run(in: transaction)
          if let expected = source.primaryKey, expected != table.primaryKeyNames {
            throw OperationError(
              .configuration, "the primary key differs", at: "\(source.name)",
              cause: "the settings say \(expected), the catalog says \(table.primaryKeyNames)",
              hint: "correct or remove primary_key:")
          }
          let time = try table.timeColumn(source.timestampColumn)
          let held = try await HeldKeys.load(for: source.name, at: Timestamp.now, from: store)
          let condition = held.condition(
            keyColumns: table.primaryKey.map {
              ("t." + SQLText.identifier(table.columns[$0].name), table.columns[$0].formType)
            })
          let rows = EligibleRows(
            table: table, source: source, timeColumn: time.index, timeType: time.type, cutoff: cutoff,
            holdCondition: condition)
          return (rows, warnings)
        }
      }
    } catch {
      throw .wrapping(error, "cannot examine the table", at: "\(source.name)")
    }
  }

  /// What a dry run tells instead of doing it.
  private func tell(_ rows: EligibleRows, _ report: inout ArchiveReport.Table) async throws(OperationError) {
    let eligible = try await count(rows)
    report.eligible = eligible
    report.batches = (eligible + rows.source.batchSize - 1) / rows.source.batchSize
    do {
      let span = try await query(rows, rows.span).rows.first ?? []
      report.oldest = span.first.flatMap { $0 }.flatMap { Timestamp($0) }
      report.newest = span.last.flatMap { $0 }.flatMap { Timestamp($0) }
    } catch {
      throw .wrapping(error, "cannot find the oldest and newest rows", at: "\(rows.source.name)")
    }
    let partition = Partition(holding: report.oldest ?? rows.cutoff, unit: rows.source.partition)
    // The keys that restores hold would fill the screen, and belong in no log.
    let shown = EligibleRows(
      table: rows.table, source: rows.source, timeColumn: rows.timeColumn, timeType: rows.timeType, cutoff: rows.cutoff,
      holdCondition: rows.holdCondition.map { _ in "/* restored rows on hold are left out */ true" })
    report.statements = [shown.fetch(in: partition, after: nil, limit: rows.source.batchSize), rows.delete]
  }

  private func count(_ rows: EligibleRows) async throws(OperationError) -> Int {
    do {
      return Int(try await query(rows, rows.count).rows.first?.first.flatMap { $0 } ?? "") ?? 0
    } catch {
      throw .wrapping(error, "cannot count the eligible rows", at: "\(rows.source.name)")
    }
  }

  private func query(_ rows: EligibleRows, _ sql: String) async throws -> QueryResult {
    try await pool.withConnection { connection in
      try await connection.withTransaction(
        TransactionOptions(
          readOnly: true, timeout: rows.source.transactionTimeout,
          pinned: PinnedSettings(additional: rows.table.pinnedSettings))
      ) { transaction in try await transaction.execute(sql) }
    }
  }
}

extension DatabaseSource {
  /// The database and how it is reached, without secrets.
  package var place: String { "\(name), \(parameters.redactedDescription)" }
}
