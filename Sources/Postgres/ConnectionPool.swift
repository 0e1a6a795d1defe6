/// Up to `size` sessions with one database, opened when needed and used again.
package actor ConnectionPool {
  private let parameters: ConnectionParameters
  private let retry: ConnectionRetry
  private let permits: PermitQueue
  private var idle: [Connection] = []
  private var isClosed = false

  /// A session unused for longer is asked for a sign of life before it is handed out.
  private static let unaskedIdleTime = Duration.seconds(30)

  /// Opens nothing yet. `size` is at least 1.
  package init(parameters: ConnectionParameters, size: Int = 5, retry: ConnectionRetry = ConnectionRetry()) {
    self.parameters = parameters
    self.retry = retry
    permits = PermitQueue(count: max(1, size))
  }

  /// Lends a working session to `body`, waiting for one when all are lent. It comes back to the pool if it is open and
  /// in no transaction, and is closed otherwise.
  ///
  /// Throws what `Connection.open` throws (after retries of transient failures), `.poolClosed`, `.cancelled`, and what
  /// `body` throws.
  package nonisolated(nonsending) func withConnection<Result>(
    _ body: nonisolated(nonsending) (Connection) async throws -> Result
  ) async throws -> Result {
    let connection = try await borrow()
    do {
      let result = try await body(connection)
      await giveBack(connection)
      return result
    } catch {
      await giveBack(connection)
      throw error
    }
  }

  /// Opens sessions until `count` lie idle. `count` is at most the pool's size.
  ///
  /// Throws what `Connection.open` throws, after retries of transient failures; the sessions that were opened stay.
  package func openAhead(_ count: Int) async throws(PostgresError) {
    while idle.count < count { idle.append(try await open()) }
  }

  /// Sessions that are open and not lent.
  package var idleCount: Int { idle.count }

  /// Closes the idle sessions now and the lent ones as they come back. Whoever waits or comes later gets `.poolClosed`.
  package func close() async {
    isClosed = true
    permits.close()
    let closing = idle
    idle = []
    for connection in closing { await connection.close() }
  }

  private func borrow() async throws(PostgresError) -> Connection {
    try await permits.acquire()
    do throws(PostgresError) {
      while let connection = idle.popLast() {
        if await connection.isHealthy(askingAfter: Self.unaskedIdleTime) { return connection }
        await connection.close()
      }
      return try await open()
    } catch {
      permits.release()
      throw error
    }
  }

  private func giveBack(_ connection: Connection) async {
    if await connection.isReusable, !isClosed {
      idle.append(connection)
    } else {
      await connection.close()
    }
    permits.release()
  }

  private func open() async throws(PostgresError) -> Connection {
    var attempt = 1
    while true {
      do throws(PostgresError) {
        return try await Connection.open(parameters)
      } catch {
        switch retry.decision(after: error, attempt: attempt, jitter: .random(in: 0..<1)) {
        case .giveUp: throw error
        case .retry(let delay): try await Self.pause(delay)
        }
      }
      attempt += 1
    }
  }

  private static func pause(_ delay: Duration) async throws(PostgresError) {
    do {
      try await Task.sleep(for: delay)
    } catch {
      throw PostgresError(.cancelled, "the task was cancelled while connecting")
    }
  }
}
