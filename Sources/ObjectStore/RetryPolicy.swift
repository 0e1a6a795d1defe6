/// Whether and when a failed request is sent again: the "standard" mode of the AWS SDKs, as a pure value.
struct RetryPolicy: Sendable {
  /// What went wrong, as far as sending again is concerned.
  enum Failure: Sendable {
    case transient
    case timeout
    case throttled
  }

  /// The first attempt counts.
  var maximumAttempts = 3
  /// Bound of the first wait; it doubles with every attempt.
  var baseDelay = Duration.seconds(1)
  var maximumDelay = Duration.seconds(20)
  /// No `Retry-After` is honoured beyond this, as a waiting batch keeps its rows locked.
  var maximumRetryAfter = Duration.seconds(60)

  /// How long to wait before the attempt after `attempt` (1 is the first); nil when there is to be none.
  ///
  /// `jitter` is drawn evenly from 0 ..< 1: waits are spread over all of the interval, so that clients that failed
  /// together do not return together. The wait is taken from `quota`.
  func delay(
    afterAttempt attempt: Int, failure: Failure, retryAfter: Duration?, jitter: Double, quota: inout RetryQuota
  ) -> Duration? {
    guard attempt < maximumAttempts, quota.withdraw(for: failure) else { return nil }
    let doublings = min(attempt - 1, 16)
    let bound = min(baseDelay * (1 << doublings), maximumDelay)
    return max(bound * jitter, min(retryAfter ?? .zero, maximumRetryAfter))
  }
}

/// What is left to spend on further attempts, so that a store in trouble is not given more load.
///
/// The amounts are those of botocore's standard mode.
struct RetryQuota: Sendable {
  static let capacity = 500
  private static let refundOfCleanSuccess = 1

  private(set) var available = RetryQuota.capacity

  static func cost(of failure: RetryPolicy.Failure) -> Int {
    failure == .timeout ? 10 : 5
  }

  /// Pays for one more attempt; false when too little is left.
  mutating func withdraw(for failure: RetryPolicy.Failure) -> Bool {
    let cost = Self.cost(of: failure)
    guard cost <= available else { return false }
    available -= cost
    return true
  }

  /// A request succeeded; `lastFailure` is the one its last retry was paid for.
  mutating func refund(after lastFailure: RetryPolicy.Failure?) {
    available = min(Self.capacity, available + (lastFailure.map(Self.cost) ?? Self.refundOfCleanSuccess))
  }
}
