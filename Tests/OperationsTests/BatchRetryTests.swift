import Foundation
import TestSupport
import Testing

@testable import Operations

/// When a batch that was rolled back is begun anew.
@Suite struct BatchRetryTests {
  private static func error(isTransient: Bool) -> OperationError {
    var error = OperationError(.tryAgain, "cannot archive the batch", cause: "a test")
    error.isTransient = isTransient
    return error
  }

  @Test func `a conflict is tried again with growing waits, and not for ever`() {
    let retry = BatchRetry(maximumAttempts: 3, baseDelay: .milliseconds(200))
    let delays = (1...3).map { retry.delay(after: Self.error(isTransient: true), attempt: $0, jitter: 1) }
    #expect(delays == [.milliseconds(200), .milliseconds(400), nil])
    #expect(retry.delay(after: Self.error(isTransient: false), attempt: 1, jitter: 1) == nil)
  }

  @Test func `no sequence of failures is tried more often than allowed, or waits longer than bounded`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    for _ in 0..<5000 {
      let maximum = Int.random(in: 1...6, using: &random)
      let retry = BatchRetry(maximumAttempts: maximum, baseDelay: .milliseconds(200))
      var attempt = 1
      var waited = Duration.zero
      while true {
        let isTransient = Int.random(in: 0..<5, using: &random) > 0
        let jitter = Double.random(in: 0..<1, using: &random)
        guard let delay = retry.delay(after: Self.error(isTransient: isTransient), attempt: attempt, jitter: jitter)
        else { break }
        #expect(isTransient && delay >= .zero, "seed \(seed)")
        waited += delay
        attempt += 1
      }
      #expect(attempt <= maximum && waited <= .milliseconds(200) * (1 << maximum), "seed \(seed)")
    }
  }
}
