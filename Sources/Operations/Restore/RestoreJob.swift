import ArchiveModel
import Logging
package import ObjectStore
import Postgres

/// Puts archived rows back into a database.
///
/// All that is selected is read, checked and compared with the target before the first row goes in; then each batch goes
/// in by a transaction of its own, oldest first.
package struct RestoreJob: Sendable {
  let request: RestoreRequest
  let store: any ObjectStore
  let context: JobContext

  package init(request: RestoreRequest, store: any ObjectStore, context: JobContext) {
    (self.request, self.store, self.context) = (request, store, context)
  }

  /// Restores, or only reports for a dry run.
  ///
  /// Throws as `FilterCheck` does for filters that name nothing, and a usage error for `into` with several tables.
  /// Throws the first error; when batches were in by then, its cause counts and names them. Throws a data error when
  /// `fail` is asked for and a key is in the target already, except for a dry run, which reports it.
  package func run() async throws(OperationError) -> RestoreReport {
    var report = RestoreReport(restoreID: context.runID, isDryRun: request.isDryRun)
    let committed = try await ArchiveReader(store: store).committed(request.selection)
    let batches = committed.batches
    report.superseded = committed.superseded
    let found = batches.map(\.manifest)
    try await FilterCheck(selection: request.selection, knownTables: request.knownTables, store: store).run(
      tables: found.map(\.source.name), batches: Set(found.map(\.batchID)), tookNothing: found.isEmpty)
    let tables = Dictionary(grouping: batches) { $0.manifest.source.name }.sorted { $0.key < $1.key }
    guard request.into == nil || tables.count <= 1 else {
      throw OperationError(
        .usage, "cannot restore", cause: "--into takes the rows of one table, and \(tables.count) are selected",
        hint: "choose one with --database and --table: \(tables.map { "\($0.key)" }.joined(separator: ", "))")
    }
    var prepared: [TableRestore] = []
    for (name, batches) in tables {
      let restore = try TableRestore(
        source: name, batches: batches, request: request, store: store, context: context,
        restoreID: prepared.isEmpty ? context.runID : UUIDv7(unixMilliseconds: Timestamp.now.unixMilliseconds))
      do {
        prepared.append(try await restore.surveyed())
      } catch {
        throw .wrapping(error, "cannot restore", at: "\(name)")
      }
    }
    try refuseConflicts(prepared)
    for restore in prepared {
      guard let survey = restore.survey, survey.selected.contains(where: { $0 > 0 }) else { continue }
      report.tables.append(try await request.isDryRun ? restore.expectation : load(restore, after: report.tables))
    }
    return report
  }

  /// Under `fail`, one key that is there already keeps everything out.
  private func refuseConflicts(_ prepared: [TableRestore]) throws(OperationError) {
    guard request.onConflict == .fail, !request.isDryRun else { return }
    for restore in prepared {
      guard let survey = restore.survey, let plan = restore.plan else { continue }
      let count = survey.conflicts.reduce(0, +)
      guard count > 0 else { continue }
      throw OperationError(
        .data, "cannot restore", at: "\(restore.source) into \(plan.target.quotedName)",
        cause: "\(count) of \(survey.selected.reduce(0, +)) selected keys are there already; nothing was changed",
        hint: plan.judgesConflicts
          ? "keep those rows with --on-conflict skip, or replace them with --on-conflict overwrite"
          : "remove those rows, leave theirs out by --batch, --from and --to, or restore --into another table")
    }
  }

  private func load(
    _ restore: TableRestore, after done: [RestoreReport.Table]
  ) async throws(OperationError) -> RestoreReport.Table {
    do throws(OperationError) {
      return try await restore.load()
    } catch {
      guard !done.isEmpty else { throw error }
      var error = error
      error.cause += "; restored before: \(done.map { "\($0.source)" }.joined(separator: ", "))"
      throw error
    }
  }
}
