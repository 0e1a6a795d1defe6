import ArchiveModel
package import Hashing
package import ObjectStore
import Postgres

/// What a recovery is asked to do.
package struct RecoverRequest: Sendable {
  package var databases: [DatabaseSource]
  /// How old a rolled-back batch must be before what it left is removed; nil for a day.
  package var grace: Duration?
  /// Mark committed batches whose rows came back with a database of an earlier time.
  package var rowsCameBack = false
  /// The public half of the key that the run signs with; nil when it signs nothing.
  package var ownKey: TrustedKey?

  package init(databases: [DatabaseSource]) {
    self.databases = databases
  }
}

/// Settles the batches that a crash left in doubt, and the objects that a rolled-back batch left behind.
package struct RecoverJob: Sendable {
  private let request: RecoverRequest
  private let store: any ObjectStore
  private let context: JobContext

  package init(request: RecoverRequest, store: any ObjectStore, context: JobContext) {
    (self.request, self.store, self.context) = (request, store, context)
  }

  /// What goes wrong with one table stands in the report and does not stop the others.
  package func run() async -> RecoverReport {
    let startedAt = Timestamp.now
    var report = RecoverReport(runID: context.runID, findings: [], errors: [])
    var tables: [Examined] = []
    var pools: [ConnectionPool] = []
    for database in request.databases {
      let pool = ConnectionPool(parameters: database.parameters, size: max(2, database.poolSize))
      pools.append(pool)
      for source in database.tables where !context.stop.isRequested {
        do {
          let files = try await TableFiles.list(source.name, from: store)
          guard let (table, ledger) = try await examine(source, files, database, pool) else { continue }
          let returned = ReturnedBatches(
            table: table, source: source, ledger: ledger, pool: pool, store: store, context: context)
          if !files.isEmpty { tables.append(Examined(files: files, returned: returned)) }
          report.findings += try await Settler(
            table: table, source: source, ledger: ledger, pool: pool, store: store, context: context,
            grace: request.grace ?? Settler.standardGrace
          ).run(files, waits: true)
          report.findings += try await returned.contradictions(files, .all)
          if request.rowsCameBack { report.findings += try await returned.supersede(files) }
        } catch {
          report.errors.append(.wrapping(error, "cannot settle the table", at: "\(source.name)"))
        }
      }
    }
    do {
      try await writeRunRecord(tables, startedAt: startedAt, &report)
      await writeMarks(&report)
    } catch {
      report.errors.append(error)
      report.unmark { _ in true }
    }
    for pool in pools { await pool.close() }
    return report
  }

  /// A table that can be settled, with what the archive holds of it.
  private struct Examined {
    var files: TableFiles
    var returned: ReturnedBatches
  }

  /// Names the manifests and superseded markers that no run record names, if there are any: manifests just written and
  /// markers to be written, and those of runs that were cut short.
  private func writeRunRecord(
    _ tables: [Examined], startedAt: Timestamp, _ report: inout RecoverReport
  ) async throws(OperationError) {
    guard !tables.isEmpty else { return }
    let chain = RunRecordChain(store: store)
    let end = try await chain.end(ofAll: true)
    let signatures = SignatureCheck(store: store, trustedKeys: request.ownKey.map { [$0] } ?? [])
    var recorded: [RunRecord.Table] = []
    for table in tables {
      do throws(OperationError) {
        if let entry = try await entry(of: table, chain, end, signatures, &report) { recorded.append(entry) }
      } catch {
        report.errors.append(error)
        report.unmark { $0.table == table.returned.table.name }
      }
    }
    guard !recorded.isEmpty else { return }
    _ = try await chain.write(
      RunRecord(
        tool: Tool.name, runID: context.runID, startedAt: startedAt, finishedAt: Timestamp.now, previous: end.heads,
        tables: recorded))
  }

  /// What the run record says of a table; nil for nothing.
  private func entry(
    of table: Examined, _ chain: RunRecordChain, _ end: RunRecordChain.End, _ signatures: SignatureCheck,
    _ report: inout RecoverReport
  ) async throws(OperationError) -> RunRecord.Table? {
    let (files, returned) = (table.files, table.returned)
    let name = returned.table.name
    let settled = report.findings.filter { $0.table == name }
    // The ledger has those no more that are superseded now.
    let leaving = Set(settled.filter { $0.mark != nil }.map(\.batchID))
    let unnamed = try await UnnamedManifests(store: store, signatures: signatures).check(
      chain.unnamedManifests(files, at: end).filter { !leaving.contains($0.batchID) }, of: name,
      ledger: returned.ledger, over: returned.pool)
    let markers = try await returned.vouchedMarkers(
      files.superseded.filter { !end.namedMarkers.contains($0.batchID) }, signatures,
      LaterBatches(files, store: store, context: context))
    report.namedCount += unnamed.named.count
    report.namedMarkerCount += markers.named.count
    report.findings +=
      markers.doubts
      + unnamed.doubts.map { doubt in
        RecoverReport.Finding(table: name, batchID: doubt.batchID, outcome: .unexplained, detail: doubt.sentence)
      }
    let manifests = settled.compactMap(\.manifest) + unnamed.named
    let superseded = settled.compactMap(\.mark?.reference) + markers.named
    guard !manifests.isEmpty || !superseded.isEmpty else { return nil }
    return RunRecord.Table(
      name: name, outcome: ArchiveReport.Table.Outcome.complete.rawValue, cutoff: nil, eligible: nil, rows: 0,
      bytes: 0, remaining: nil, manifests: manifests, superseded: superseded.isEmpty ? nil : superseded, error: nil)
  }

  /// Writes the superseded markers, which the run record names by now.
  private func writeMarks(_ report: inout RecoverReport) async {
    for index in report.findings.indices {
      guard let mark = report.findings[index].mark else { continue }
      do {
        try await StoredDocument.write(mark.document, to: mark.key, in: store)
      } catch {
        report.findings[index].unmark()
        report.errors.append(.wrapping(error, "cannot mark the batch as superseded", at: mark.key))
      }
    }
  }

  /// Nil when there is no ledger because nothing was archived yet.
  private func examine(
    _ source: TableSource, _ files: TableFiles, _ database: DatabaseSource, _ pool: ConnectionPool
  ) async throws -> (TableDescription, Ledger?)? {
    try await pool.withConnection { connection in
      try await connection.withTransaction(TransactionOptions(readOnly: true)) { transaction in
        let table = try await TableCatalog.describe(source.name, in: transaction)
        guard let ledger = database.ledgerSchema.map(Ledger.init(schema:)) else { return (table, nil) }
        guard try await ledger.exists(in: transaction) else {
          if files.isEmpty { return nil }
          throw OperationError(
            .configuration, "the ledger is missing", at: database.place,
            cause: "there is no table \(ledger.schema).batch, which says what was committed",
            hint: "set ledger: to the schema the batches were archived with")
        }
        try await ledger.checkDurability(in: transaction, at: database.place)
        return (table, ledger)
      }
    }
  }
}
