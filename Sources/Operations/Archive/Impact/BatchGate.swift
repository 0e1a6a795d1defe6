import Foundation
import Logging
import Postgres

/// Lets a table's batches begin one by one, when its limits allow it.
struct BatchGate: Sendable {
  let source: TableSource
  let pool: ConnectionPool
  let budget: RunBudget
  let context: JobContext

  /// How often what stands in the way is looked at again.
  private static let interval = Duration.seconds(1)

  /// Waits until a batch may begin; nil then, or the reason why none may in this run.
  ///
  /// Also ends when the run's own budget does. Throws when the database cannot be asked, and when the wait is cancelled.
  func wait() async throws(OperationError) -> String? {
    var told: String?
    while await budget.isOpen {
      switch source.limits.permission(try await facts()) {
      case .granted:
        if told != nil { context.logger.warning("batches begin again", metadata: ["table": "\(source.name)"]) }
        return nil
      case .refused(let reason):
        await budget.exhaust()
        return reason
      case .postponed(let reason):
        if told == nil {
          context.logger.warning("no batch begins", metadata: ["table": "\(source.name)", "cause": "\(reason)"])
        }
        told = reason
      }
      do {
        try await Task.sleep(for: Self.interval)
      } catch {
        throw .wrapping(error, "cannot go on", at: "\(source.name)")
      }
    }
    return nil
  }

  private func facts() async throws(OperationError) -> ImpactFacts {
    let limits = source.limits
    var facts = ImpactFacts()
    facts.isPauseFilePresent = limits.pauseFile.map { FileManager.default.fileExists(atPath: $0) } ?? false
    guard limits.window != nil || limits.maximumReplicaLag != nil else { return facts }
    do {
      let row = try await pool.withConnection { connection in
        try await connection.withTransaction(TransactionOptions(readOnly: true)) { transaction in
          try await transaction.execute(
            """
            SELECT pg_catalog.date_part('hour', n.now)::int * 3600 + pg_catalog.date_part('minute', n.now)::int * 60,
              (SELECT pg_catalog.date_part('epoch', max(r.replay_lag)) FROM pg_catalog.pg_stat_replication r)
            FROM (SELECT pg_catalog.timezone($1, pg_catalog.clock_timestamp()) AS now) n
            """, [.text(source.timeZone)]
          ).rows.first
        }
      }
      facts.secondOfDay = row?[0].flatMap { Int($0) }
      facts.replicaLag = row?[1].flatMap { Double($0) }.map { .seconds($0) }
      return facts
    } catch {
      throw .wrapping(error, "cannot tell whether a batch may begin", at: "\(source.name)")
    }
  }
}
