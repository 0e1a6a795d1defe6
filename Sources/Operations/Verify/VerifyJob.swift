import ArchiveModel
import Foundation
import Hashing
package import ObjectStore

/// Re-reads an archive and finds everything about it that is not as it should be; never writes.
package struct VerifyJob: Sendable {
  private let request: VerifyRequest
  private let store: any ObjectStore
  private let context: JobContext

  package init(request: VerifyRequest, store: any ObjectStore, context: JobContext) {
    (self.request, self.store, self.context) = (request, store, context)
  }

  /// Damage to one batch or table is a finding and does not keep the others from being looked at.
  ///
  /// Throws a data error where there is no archive, and as `FilterCheck` does for filters that name nothing, unless there are findings. Throws when the storage, or at level `database` a database, cannot be read at all, and when a signal asks to stop.
  package func run() async throws(OperationError) -> VerifyReport {
    do throws(OperationError) {
      return try await check()
    } catch  where error.category == .failed {
      // That the check could not be made must not look like findings.
      var error = error
      error.category = .unavailable
      throw error
    } catch {
      throw error
    }
  }

  private func check() async throws(OperationError) -> VerifyReport {
    let start = ContinuousClock.now
    var report = VerifyReport(
      runID: context.runID, location: store.location, level: request.level, sample: request.sample,
      startedAt: Timestamp(unixMicroseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000)))
    report.selection = request.selection.options
    report.trustedKeyCount = request.trustedKeys.count
    if request.sample != nil {
      report.notes.append(
        "a sample compares the keys of its own batches: that a key is in two parts, only a whole verification finds")
    }
    report.keptHeads = request.keptHeads.map(\.hex)
    let signatures = SignatureCheck(store: store, trustedKeys: request.trustedKeys)
    let (history, unreadable) = try await RestoreHistory.load(request.selection, from: store, signatures)
    report.findings += unreadable
    var databases: [DatabaseAudit] = []
    if request.level == .database {
      for source in request.databases {
        databases.append(try await DatabaseAudit.open(source, history: history, parallelism: request.parallelism))
      }
    }
    let outcome: Result<VerifyReport, OperationError>
    do throws(OperationError) {
      outcome = .success(try await verify(report, history, databases))
    } catch {
      outcome = .failure(error)
    }
    for database in databases { await database.close() }
    report = try outcome.get()
    report.duration = ContinuousClock.now - start
    return report
  }

  private func verify(
    _ initial: VerifyReport, _ history: RestoreHistory, _ databases: [DatabaseAudit]
  ) async throws(OperationError) -> VerifyReport {
    var report = initial
    var seen = SeenBatches()
    var folders = ArchiveFolders(
      request.selection, of: store, keepingStrays: request.selection.takesWholeTables)
    var table: TableAudit?
    while let folder = try await folders.next() {
      try context.checkStop()
      if table?.totals.name != folder.table {
        try await end(&table, &seen, into: &report)
        context.progress.observe(.began(table: folder.table, rowCount: nil))
        let batch = BatchAudit(
          store: store, selection: request.selection, level: request.level,
          signatures: SignatureCheck(store: store, trustedKeys: request.trustedKeys),
          database: databases.first { $0.source.name == folder.table.database })
        table = TableAudit(
          folder.table, request: request, batch: batch, store: store, context: context, history: history)
      }
      try await table?.add(folder, to: &seen)
    }
    try await end(&table, &seen, into: &report)
    add(folders.strays.map(Self.finding), to: &report)
    if request.selection.takesWholeTables {
      let result = try await RunRecordAudit(store: store, request: request).run(seen)
      (report.runRecords, report.heads) = (result.recordCount, result.heads)
      report.notes += result.notes
      add(result.findings, to: &report)
    }
    if report.isSound {
      try await FilterCheck(selection: request.selection, knownTables: request.knownTables, store: store).run(
        tables: report.tables.map(\.name), batches: Set(seen.states.keys), tookNothing: report.batchCount == 0)
    }
    for database in databases {
      let answer = try await database.compareLedger(seen, request)
      add(answer.findings, to: &report)
      report.notes += answer.notes
    }
    return report
  }

  /// Query engines may take the file for rows, whatever the manifests say.
  private static func finding(_ stray: (info: ObjectInfo, table: TableName?)) -> VerifyFinding {
    VerifyFinding(
      .orphanObject, table: stray.table, key: stray.info.key,
      expected: "below db= nothing but files of the archive's layout",
      found: "a file of \(stray.info.byteCount.of("byte")) that is none")
  }

  private func end(
    _ table: inout TableAudit?, _ seen: inout SeenBatches, into report: inout VerifyReport
  ) async throws(OperationError) {
    guard var ending = table.take() else { return }
    try await ending.finish(&seen)
    context.progress.observe(.ended)
    report.tables.append(ending.totals)
    report.findings += ending.findings
    report.notes += ending.notes.sorted()
  }

  /// Adds findings about tables that have had their turn.
  private func add(_ findings: [VerifyFinding], to report: inout VerifyReport) {
    report.findings += findings
    for finding in findings {
      guard let table = finding.table else { continue }
      if let index = report.tables.firstIndex(where: { $0.name == table }) {
        report.tables[index].findings += 1
      } else {
        var totals = VerifyReport.Table(name: table)
        totals.findings = 1
        report.tables.append(totals)
      }
    }
  }
}
