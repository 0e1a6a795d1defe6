package import ArchiveModel
package import Postgres

/// The database's clock, read once and carried on by this machine's monotonic one.
package struct DatabaseClock: Sendable {
  private let origin: Timestamp
  private let reference = ContinuousClock.now

  /// A clock that reads `now` at this moment.
  package init(now: Timestamp) {
    origin = now
  }

  package var now: Timestamp { origin.advanced(by: ContinuousClock.now - reference) }
}

extension DatabaseClock {
  /// The server's clock at this moment.
  package static func read(in transaction: Transaction) async throws -> Timestamp {
    let result = try await transaction.execute("SELECT pg_catalog.clock_timestamp()::pg_catalog.text")
    guard let now = result.rows.first?[0].flatMap({ Timestamp($0) }) else {
      throw OperationError(.defect, "cannot read the database's clock", cause: "no timestamp came")
    }
    return now
  }
}
