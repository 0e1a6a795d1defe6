import Testing

@testable import ObjectStore

@Suite("Retry policy")
struct RetryPolicyTests {
  private let policy = RetryPolicy(maximumAttempts: 10)

  @Test(
    "waits up to twice as long each time, and at most 20 seconds",
    arguments: [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 20), (9, 20)])
  func backoff(attempt: Int, boundSeconds: Int) {
    var quota = RetryQuota()
    func delay(_ jitter: Double) -> Duration? {
      policy.delay(afterAttempt: attempt, failure: .transient, retryAfter: nil, jitter: jitter, quota: &quota)
    }
    #expect(delay(0) == .zero)
    #expect(delay(0.5) == .seconds(boundSeconds) / 2)
    #expect(delay(0.999_999) ?? .zero < .seconds(boundSeconds))
  }

  @Test("gives up after the last attempt and pays nothing for it")
  func maximumAttempts() {
    var quota = RetryQuota()
    let policy = RetryPolicy()
    for (attempt, isRetried) in [(1, true), (2, true), (3, false), (4, false)] {
      let delay = policy.delay(
        afterAttempt: attempt, failure: .transient, retryAfter: nil, jitter: 0.5, quota: &quota)
      #expect((delay != nil) == isRetried)
    }
    #expect(quota.available == RetryQuota.capacity - 10)
  }

  @Test("waits as long as the store asks, within reason")
  func retryAfter() {
    var quota = RetryQuota()
    func delay(_ retryAfter: Duration) -> Duration? {
      policy.delay(afterAttempt: 1, failure: .throttled, retryAfter: retryAfter, jitter: 0.5, quota: &quota)
    }
    #expect(delay(.seconds(7)) == .seconds(7))
    #expect(delay(.milliseconds(100)) == .milliseconds(500))
    #expect(delay(.seconds(3600)) == .seconds(60))
  }

  @Test("spends the quota on retries, double for timeouts, until it is used up")
  func quotaRunsOut() {
    var quota = RetryQuota()
    var retryCount = 0
    while quota.withdraw(for: .timeout) { retryCount += 1 }
    #expect(retryCount == 50)
    #expect(policy.delay(afterAttempt: 1, failure: .transient, retryAfter: nil, jitter: 0, quota: &quota) == nil)
    quota.refund(after: nil)
    #expect(quota.available == 1)
    quota.refund(after: .transient)
    #expect(quota.available == 6)
    let isPaid = quota.withdraw(for: .throttled)
    #expect(isPaid)
    #expect(quota.available == 1)
  }

  @Test("the quota never grows beyond its capacity")
  func quotaBound() {
    var quota = RetryQuota()
    quota.refund(after: .timeout)
    #expect(quota.available == 500)
  }
}
