internal import CLibpq
internal import Execution

/// One session with a PostgreSQL server, on a thread of its own.
///
/// Statements of several tasks follow one another. A cancelled task's statement is cancelled on the server.
package actor Connection {
  private let executor: ThreadExecutor
  private let wake: WakeSignal
  var session: Session
  var transaction: ActiveTransaction?
  var lastTransactionID: UInt64 = 0
  /// When the server last answered.
  private(set) var lastUse = ContinuousClock.now

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  private init(wake: WakeSignal) {
    executor = ThreadExecutor(name: "postgres")
    self.wake = wake
    session = .unconnected(wake: wake)
  }

  /// Connects once, without retry. `timeout` nil takes `connect_timeout`, or else ten seconds for each host.
  ///
  /// Throws `.invalidParameters`, `.connectionFailed`, `.authenticationFailed`, `.unsupportedServer` or `.cancelled`.
  package static func open(_ parameters: ConnectionParameters, timeout: Duration? = nil) async throws(PostgresError)
    -> Connection
  {
    guard let wake = WakeSignal() else {
      throw PostgresError(.connectionFailed, "the process has no file descriptor left")
    }
    let connection = Connection(wake: wake)
    try await connection.connect(parameters, timeout)
    return connection
  }

  private func connect(_ parameters: ConnectionParameters, _ timeout: Duration?) async throws(PostgresError) {
    do throws(PostgresError) {
      try await wakingOnCancellation { () throws(PostgresError) in
        try session.open(parameters, timeout: timeout)
        try session.stayWhileIdle()
      }
    } catch {
      session.close()
      throw error
    }
  }

  /// Runs `sql`: without parameters any number of statements, of which the last one's result is given; with parameters
  /// exactly one.
  ///
  /// Outside a transaction, `.cancelled` leaves open whether the statement took effect. Throws `.server`,
  /// `.connectionLost`, `.cancelled`, `.transactionTimedOut`, `.misuse` or `.protocolViolation`.
  @discardableResult
  package func execute(_ sql: String, _ parameters: [Parameter] = []) async throws(PostgresError) -> QueryResult {
    try await execute(sql, parameters, limits)
  }

  /// Runs one `COPY … TO STDOUT` and hands every message to `sink` on the connection's thread.
  ///
  /// If the sink throws, the copy is cancelled and `.sink` thrown. Throws what `execute` does, too.
  package func copyOut<Sink: CopySink & ~Copyable>(_ sql: String, into sink: consuming sending Sink)
    async throws(PostgresError) -> sending CopyOutcome<Sink>
  {
    // Unsafe only in the compiler's eyes: nothing but the closure, which ends before the next line, touches it.
    nonisolated(unsafe) var moved = sink
    let rowCount = try await wakingOnCancellation { () throws(PostgresError) in
      try unsafe session.copyOut(sql, into: &moved, limits)
    }
    return unsafe CopyOutcome(sink: moved, rowCount: rowCount)
  }

  /// Runs one `COPY … FROM STDIN` with the chunks of `source`, taken on the connection's thread. Gives the row count of
  /// the server's command tag.
  ///
  /// If the source throws, the copy is ended with an error and `.source` thrown. Throws what `execute` does, too.
  @discardableResult
  package func copyIn<Source: CopySource & ~Copyable>(_ sql: String, from source: consuming sending Source)
    async throws(PostgresError) -> sending CopyInOutcome<Source>
  {
    // As in `copyOut`.
    nonisolated(unsafe) var moved = source
    let rowCount = try await wakingOnCancellation { () throws(PostgresError) in
      try unsafe session.copyIn(sql, from: &moved, limits)
    }
    return unsafe CopyInOutcome(source: moved, rowCount: rowCount)
  }

  /// Ends the session; an open transaction is rolled back by the server. Later statements throw `.connectionLost`.
  package func close() {
    session.close()
  }

  /// Whether the session has not ended, as far as is known without asking the server.
  package var isOpen: Bool { session.isOpen }
  /// The server process, as in `pg_stat_activity.pid`; 0 once closed. Behind a pooler, of no meaning.
  package var backendProcessID: Int { session.backendProcessID }
  /// Like 150018 for 15.18; 0 once closed.
  package var serverVersion: Int { session.serverVersion }

  /// A setting that the server reports unasked, such as `server_encoding`; nil for any other.
  package func parameterStatus(_ name: String) -> String? {
    session.parameterStatus(name)
  }

  var limits: StatementLimits {
    StatementLimits(deadline: transaction?.deadline)
  }

  func execute(_ sql: String, _ parameters: [Parameter] = [], _ limits: StatementLimits) async throws(PostgresError)
    -> QueryResult
  {
    try await wakingOnCancellation { () throws(PostgresError) in try session.execute(sql, parameters, limits) }
  }

  /// Does blocking work on the connection's thread; cancelling the task ends its wait for the server.
  private func wakingOnCancellation<Result>(_ work: () throws(PostgresError) -> Result) async throws(PostgresError)
    -> Result
  {
    let outcome: Swift.Result<Result, PostgresError> = await withTaskCancellationHandler {
      // A closure that did not touch the actor would run on the cooperative pool.
      preconditionIsolated()
      do throws(PostgresError) { return .success(try work()) } catch { return .failure(error) }
    } onCancel: { [wake] in
      wake.wake()
    }
    lastUse = .now
    return try outcome.get()
  }
}
