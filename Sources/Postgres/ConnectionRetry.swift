/// Whether and when to try again after a failed attempt to connect: exponential backoff with full jitter.
package struct ConnectionRetry: Sendable, Hashable {
  /// Attempts in all, the first one included; at least 1.
  package var maximumAttempts: Int
  /// Upper bound of the first delay; it doubles with each attempt.
  package var baseDelay: Duration
  /// Upper bound of every delay.
  package var maximumDelay: Duration

  /// Three attempts, waiting up to 0.2 s and up to 0.4 s between them.
  package init(
    maximumAttempts: Int = 3, baseDelay: Duration = .milliseconds(200), maximumDelay: Duration = .seconds(5)
  ) {
    self.maximumAttempts = max(1, maximumAttempts)
    self.baseDelay = baseDelay
    self.maximumDelay = maximumDelay
  }

  /// What to do after an attempt failed.
  package enum Decision: Sendable, Hashable {
    case retry(after: Duration)
    case giveUp
  }

  /// Decides after attempt number `attempt` (from 1) failed with `error`. `jitter`, from 0 up to 1, is the part of the
  /// longest delay to wait.
  package func decision(after error: PostgresError, attempt: Int, jitter: Double) -> Decision {
    guard attempt < maximumAttempts, error.isTransientConnectionFailure else { return .giveUp }
    return .retry(after: longestDelay(after: attempt) * min(max(jitter, 0), 1))
  }

  private func longestDelay(after attempt: Int) -> Duration {
    var delay = baseDelay
    for _ in 1..<max(attempt, 1) where delay < maximumDelay { delay *= 2 }
    return min(delay, maximumDelay)
  }
}
