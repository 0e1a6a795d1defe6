import ArchiveModel
import ObjectStore
import Postgres

extension DatabaseArchiver {
  /// Settles what earlier runs left of the table, and compares the archive with the ledger. A dry run compares only, and
  /// tells what it would settle.
  ///
  /// Throws, so that nothing is archived, when a batch stays in doubt, or rows of committed batches are in the table again.
  func settleEarlierRuns(
    of table: TableDescription, _ source: TableSource, _ ledger: Ledger?, _ report: inout ArchiveReport.Table
  ) async throws(OperationError) {
    let files = try await TableFiles.list(table.name, from: store)
    report.files = files
    let returned = ReturnedBatches(
      table: table, source: source, ledger: ledger, pool: pool, store: store, context: context)
    var settled: [RecoverReport.Finding] = []
    if !request.isDryRun {
      settled = try await Settler(
        table: table, source: source, ledger: ledger, pool: pool, store: store, context: context,
        grace: Settler.standardGrace
      ).run(files, waits: false)
    }
    settled += try await returned.contradictions(files, request.isDryRun ? .tell : .untilDoubt)
    report.manifests += settled.compactMap(\.manifest)
    if let doubt = settled.first(where: { $0.outcome == .inDoubt }) {
      throw OperationError(
        .failed, "an earlier batch is in doubt", at: "\(table.name), batch \(doubt.batchID)", cause: doubt.detail,
        hint: "see docs/troubleshooting.md, \"in doubt\"; nothing was archived from this table")
    }
    report.warnings += settled.map { "batch \($0.batchID), not of this run: \($0.detail)" }
    if request.isDryRun, !files.unsettled.isEmpty {
      report.warnings.append("batches that are not settled yet: \(files.unsettled.count); the run settles them first")
    }
    report.warnings += try await returned.check(files)
  }
}
