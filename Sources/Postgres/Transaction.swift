/// A transaction while its scope lasts; afterwards every call throws `.misuse`.
package struct Transaction: Sendable {
  /// Savepoints open at once within each other.
  package static let maximumSavepointDepth = 8

  /// The connection the transaction runs on.
  package let connection: Connection
  let id: UInt64

  /// Runs `sql` as `Connection.execute` does.
  @discardableResult
  package func execute(_ sql: String, _ parameters: [Parameter] = []) async throws(PostgresError) -> QueryResult {
    try await connection.check(self)
    return try await connection.execute(sql, parameters)
  }

  /// Copies out as `Connection.copyOut` does.
  package func copyOut<Sink: CopySink & ~Copyable>(_ sql: String, into sink: consuming sending Sink)
    async throws(PostgresError) -> sending CopyOutcome<Sink>
  {
    try await connection.check(self)
    return try await connection.copyOut(sql, into: sink)
  }

  /// Copies in as `Connection.copyIn` does.
  @discardableResult
  package func copyIn<Source: CopySource & ~Copyable>(_ sql: String, from source: consuming sending Source)
    async throws(PostgresError) -> sending CopyInOutcome<Source>
  {
    try await connection.check(self)
    return try await connection.copyIn(sql, from: source)
  }

  /// Runs `body` under a savepoint: what it did is undone if it throws, and the transaction goes on.
  ///
  /// Throws `.savepointTooDeep` beyond `maximumSavepointDepth`, and what `body` throws.
  package nonisolated(nonsending) func withSavepoint<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    let name = try await connection.openSavepoint(self)
    let result: Result
    do {
      result = try await body()
    } catch {
      await connection.rollBack(self, to: name)
      throw error
    }
    try await connection.release(self, name)
    return result
  }
}

/// What a connection knows of its transaction.
struct ActiveTransaction {
  let id: UInt64
  let deadline: ContinuousClock.Instant
  var savepointDepth = 0
}
