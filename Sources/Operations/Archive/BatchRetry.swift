/// Whether and when a batch that was rolled back is begun anew; a pure value.
struct BatchRetry: Sendable {
  /// The first attempt counts.
  var maximumAttempts = 3
  /// Bound of the first wait; it doubles with every attempt.
  var baseDelay = Duration.milliseconds(200)

  /// How long to wait before the attempt after `attempt` (1 is the first); nil when there is to be none.
  ///
  /// `jitter`, from 0 up to 1, is the part of the longest wait. Only a conflict with others or a lost connection is worth
  /// it: the same batch may then succeed at once.
  func delay(after error: OperationError, attempt: Int, jitter: Double) -> Duration? {
    guard error.isTransient, attempt < maximumAttempts else { return nil }
    return baseDelay * (1 << min(attempt - 1, 16)) * min(max(jitter, 0), 1)
  }
}
