package import ArchiveModel
import Foundation
import Logging
package import ObjectStore
import Postgres

/// Moves rows past their retention to storage, database by database and table by table.
package struct ArchiveJob: Sendable {
  private let request: ArchiveRequest
  private let store: any ObjectStore
  private let context: JobContext

  package init(request: ArchiveRequest, store: any ObjectStore, context: JobContext) {
    (self.request, self.store, self.context) = (request, store, context)
  }

  /// Throws when the storage cannot be used at all; what goes wrong with a table stands in the report.
  package func run() async throws(OperationError) -> ArchiveReport {
    let startedAt = Timestamp.now
    var report = ArchiveReport(
      runID: context.runID, isDryRun: request.isDryRun, startedAt: startedAt, finishedAt: startedAt, tables: [],
      wasStopped: false, runRecordKey: nil, errors: [])
    try await checkStorage(&report)
    let budget = RunBudget(
      maximumBatches: request.maximumBatches, maximumDuration: request.maximumDuration, stop: context.stop)
    for database in request.databases {
      let pool = ConnectionPool(parameters: database.parameters, size: poolSize(database))
      report.tables += await DatabaseArchiver(
        database: database, pool: pool, request: request, store: store, budget: budget, context: context
      ).run()
      await pool.close()
    }
    report.wasStopped = report.tables.contains { $0.outcome == .stopped }
    report.finishedAt = Timestamp.now
    if !request.isDryRun { await writeRunRecord(&report) }
    return report
  }

  /// Room for every worker and for the questions asked beside them.
  private func poolSize(_ database: DatabaseSource) -> Int {
    max(database.poolSize, (request.workers ?? 1) + 1)
  }

  private func checkStorage(_ report: inout ArchiveReport) async throws(OperationError) {
    do {
      guard !request.isDryRun else {
        try await BucketCheck.checkReading(store)
        return
      }
      let check = try await BucketCheck.check(store, probeID: context.runID.description)
      if let failure = check.deleteFailure {
        context.logger.info(
          "objects cannot be deleted; prepared documents will stay", metadata: ["cause": "\(failure)"])
      }
    } catch let error where error.code == .bucketMissing && request.isDryRun && store.location.hasPrefix("file:") {
      // The first real run creates the directory.
      context.logger.info("the storage directory does not exist yet", metadata: ["storage": "\(store.location)"])
    } catch {
      throw .wrapping(error, "cannot use the storage", at: store.location)
    }
  }

  private func writeRunRecord(_ report: inout ArchiveReport) async {
    var record = RunRecord(
      tool: Tool.name, runID: context.runID, startedAt: report.startedAt, finishedAt: report.finishedAt, previous: nil,
      tables: report.tables.map { table in
        RunRecord.Table(
          name: table.name, outcome: table.outcome.rawValue, cutoff: table.cutoff, eligible: table.eligible,
          rows: table.rows, bytes: table.bytes, remaining: table.remaining, manifests: table.manifests,
          error: table.error?.description)
      })
    let chain = RunRecordChain(store: store)
    do {
      let (drafted, tables) = (record, report.tables)
      // Tasks of their own, since a cancelled run still owes its record.
      let warnings: [[String]]
      (record, warnings) = try await Task {
        var record = drafted
        let end = try await chain.end()
        record.previous = end.heads
        var warnings: [[String]] = []
        for (index, table) in tables.enumerated() {
          let verdict = try await unnamedManifests(of: table, at: end, chain)
          record.tables[index].manifests += verdict.named
          warnings.append(verdict.doubts.map(\.sentence))
        }
        return (record, warnings)
      }.value
      for (index, warnings) in warnings.enumerated() { report.tables[index].warnings += warnings }
    } catch {
      report.errors.append(.wrapping(error, "the run record names no earlier one", at: store.location))
    }
    do {
      let record = record
      report.runRecordKey = try await Task { try await chain.write(record) }.value
    } catch {
      report.errors.append(.wrapping(error, "cannot write the run record", at: store.location))
    }
  }

  /// What the archive held of a table before the run, and no record names.
  private func unnamedManifests(
    of table: ArchiveReport.Table, at end: RunRecordChain.End, _ chain: RunRecordChain
  ) async throws(OperationError) -> UnnamedManifests.Verdict {
    guard let files = table.files, let database = request.databases.first(where: { $0.name == table.name.database })
    else { return UnnamedManifests.Verdict() }
    let unnamed = chain.unnamedManifests(files, at: end)
    guard !unnamed.isEmpty else { return UnnamedManifests.Verdict() }
    let signatures = SignatureCheck(store: store, trustedKeys: request.ownKey.map { [$0] } ?? [])
    let pool = ConnectionPool(parameters: database.parameters, size: 1)
    do throws(OperationError) {
      let verdict = try await UnnamedManifests(store: store, signatures: signatures).check(
        unnamed, of: table.name, ledger: database.ledgerSchema.map(Ledger.init(schema:)), over: pool)
      await pool.close()
      return verdict
    } catch {
      await pool.close()
      throw error
    }
  }
}

extension Timestamp {
  /// This machine's clock, to the microsecond.
  package static var now: Timestamp {
    Timestamp(unixMicroseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }
}
