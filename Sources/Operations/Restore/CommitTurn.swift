import ArchiveModel
import Postgres

/// The place of a batch's transaction in the order of commits, shown to the server by advisory locks, so that it sees who
/// waits for whom and resolves a deadlock with others' sessions.
struct CommitTurn {
  let restoreID: UUIDv7
  /// The batch's place, from 0.
  let number: Int

  /// How long the server is asked to wait at a time: longer than its `deadlock_timeout`, 1 s by default, and short enough
  /// for whoever waits for a transaction whose client is gone.
  private static let patience = "5s"

  private func acquisition(of number: Int) -> String {
    "SELECT pg_catalog.pg_advisory_xact_lock(\(restoreID.advisoryLockKey &+ Int64(number)))"
  }

  /// Holds the batch's own lock until the transaction ends.
  func hold(in transaction: Transaction) async throws {
    try await transaction.execute(acquisition(of: number))
  }

  /// Waits until the transaction of the batch before has ended; false when `isOver` says so meanwhile.
  func comes(in transaction: Transaction, unless isOver: () async -> Bool) async throws -> Bool {
    guard number > 0 else { return true }
    while true {
      do {
        _ = try await transaction.withSavepoint {
          try await transaction.execute(
            "SET LOCAL lock_timeout = '\(Self.patience)'; \(acquisition(of: number - 1)); SET LOCAL lock_timeout = 0")
        }
        return true
      } catch let error as PostgresError where error.sqlState == "55P03" {
        // lock_not_available: the time is up.
        if await isOver() { return false }
      }
    }
  }
}
