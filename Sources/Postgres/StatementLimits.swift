/// What may end a wait for the server early.
struct StatementLimits {
  var deadline: ContinuousClock.Instant?
  /// The error once the deadline has passed.
  var expiry: PostgresError.Kind = .transactionTimedOut
  var heedsCancellation = true
  /// Whether a statement given up is cancelled on the server; if not, the session is closed.
  var cancelsOnServer = true

  /// For statements that tidy up and must run even in a cancelled task.
  static func tidying(within timeout: Duration = .seconds(10)) -> StatementLimits {
    StatementLimits(deadline: .now + timeout, expiry: .connectionLost, heedsCancellation: false)
  }

  /// For what a new session is told before anyone uses it.
  static var opening: StatementLimits {
    StatementLimits(deadline: .now + .seconds(10), expiry: .connectionFailed)
  }

  /// Throws `.cancelled` or the expiry if the time to give up has come.
  func check() throws(PostgresError) {
    if heedsCancellation, Task.isCancelled { throw PostgresError(.cancelled, "the task was cancelled") }
    if let deadline, ContinuousClock.now >= deadline { throw expired }
  }

  var expired: PostgresError {
    switch expiry {
    case .transactionTimedOut: PostgresError(.transactionTimedOut, "the transaction took longer than its timeout")
    default: PostgresError(expiry, "the server did not answer in time")
    }
  }
}
