import ArchiveModel
import Postgres

/// Counts a table's eligible rows, a part for each relation that holds some.
struct RowCounts: Sendable {
  let pool: ConnectionPool
  let rows: [EligibleRows]
  /// A wish to stop that ends the counting; nil to count all the same.
  let stop: StopRequest?

  /// The number of eligible rows of each part.
  func eligible() async throws(OperationError) -> [Int] {
    var counts: [Int] = []
    for part in rows { counts.append(Int(try await first(part, part.count, "count the eligible rows")[0] ?? "") ?? 0) }
    return counts
  }

  /// What a dry run tells instead of doing it.
  func tell(_ report: inout ArchiveReport.Table) async throws(OperationError) {
    let counts = try await eligible()
    report.eligible = counts.reduce(0, +)
    guard let source = rows.first?.source else { return }
    report.batches = counts.reduce(0) { $0 + ($1 + source.batchSize - 1) / source.batchSize }
    for (part, count) in zip(rows, counts) where count > 0 {
      let span = try await first(part, part.span, "find the oldest and newest rows").map {
        $0.flatMap { Timestamp($0) }
      }
      report.oldest = [report.oldest, span.first ?? nil].compactMap { $0 }.min()
      report.newest = [report.newest, span.last ?? nil].compactMap { $0 }.max()
    }
    guard let part = zip(rows, counts).first(where: { $0.1 > 0 })?.0 ?? rows.first else { return }
    let partition = Partition(holding: report.oldest ?? part.cutoff, unit: source.partition)
    // The keys that restores hold would fill the screen, and belong in no log.
    var shown = part
    shown.holdCondition = part.holdCondition.map { _ in "/* restored rows on hold are left out */ true" }
    report.statements = [shown.fetch(in: partition, after: nil, limit: source.batchSize), part.delete]
  }

  private func first(_ part: EligibleRows, _ sql: String, _ what: String) async throws(OperationError) -> [String?] {
    let query: @Sendable () async throws -> [String?] = { [pool] in
      try await pool.withConnection { connection in
        try await connection.withTransaction(
          TransactionOptions(
            readOnly: true, timeout: part.source.transactionTimeout,
            pinned: PinnedSettings(additional: part.pinnedSettings))
        ) { transaction in try await transaction.execute(sql).rows.first ?? [nil] }
      }
    }
    do {
      guard let stop else { return try await query() }
      return try await stop.cancelling(query)
    } catch {
      throw part.source.refusal(ofTime: error) ?? .wrapping(error, "cannot \(what)", at: "\(part.source.name)")
    }
  }
}
