import Testing

@testable import Postgres

@Suite struct ConnectionRetryTests {
  struct Failure: Sendable, CustomTestStringConvertible {
    var kind = PostgresError.Kind.connectionFailed
    var sqlState: String?
    var phase: PostgresError.ConnectionPhase?
    let isTransient: Bool

    var error: PostgresError { PostgresError(kind, "failed", sqlState: sqlState, phase: phase) }
    var testDescription: String { "\(kind) \(sqlState ?? "-") \(phase.map { "\($0)" } ?? "-")" }
  }

  static let failures: [Failure] = [
    Failure(sqlState: "08000", isTransient: true),
    Failure(sqlState: "08006", isTransient: true),
    Failure(sqlState: "53300", isTransient: true),
    Failure(sqlState: "57P01", isTransient: true),
    Failure(sqlState: "57P02", isTransient: true),
    Failure(sqlState: "57P03", isTransient: true),
    Failure(sqlState: "3D000", isTransient: false),
    Failure(sqlState: "42501", isTransient: false),
    Failure(sqlState: "53200", isTransient: false),
    Failure(sqlState: "57P04", isTransient: false),
    Failure(sqlState: "22023", isTransient: false),
    Failure(kind: .authenticationFailed, sqlState: "28P01", isTransient: false),
    Failure(kind: .authenticationFailed, sqlState: "28000", isTransient: false),
    Failure(phase: .connecting, isTransient: true),
    Failure(phase: .authenticating, isTransient: true),
    Failure(phase: .resolving(isTemporary: true), isTransient: true),
    Failure(phase: .resolving(isTemporary: false), isTransient: false),
    Failure(phase: .securing, isTransient: false),
    // What the server says counts, however far the attempt came.
    Failure(sqlState: "3D000", phase: .connecting, isTransient: false),
    Failure(kind: .connectionLost, isTransient: true),
    Failure(kind: .server, sqlState: "08006", isTransient: false),
    Failure(kind: .commitUncertain, sqlState: "57P01", isTransient: false),
    Failure(kind: .invalidParameters, isTransient: false),
    Failure(kind: .unsupportedServer, isTransient: false),
    Failure(kind: .cancelled, isTransient: false),
  ]

  @Test(arguments: failures) func `only what may pass by itself is tried again`(failure: Failure) {
    let decision = ConnectionRetry().decision(after: failure.error, attempt: 1, jitter: 0)
    #expect(failure.error.isTransientConnectionFailure == failure.isTransient)
    #expect(decision == (failure.isTransient ? .retry(after: .zero) : .giveUp))
  }

  @Test(arguments: [(1, 0.2), (2, 0.4), (3, 0.8), (4, 1.0), (5, 1.0), (60, 1.0)])
  func `the longest delay doubles up to its bound`(attempt: Int, seconds: Double) {
    let retry = ConnectionRetry(maximumAttempts: 100, maximumDelay: .seconds(1))
    let error = PostgresError(.connectionLost, "lost")
    #expect(retry.decision(after: error, attempt: attempt, jitter: 1) == .retry(after: .seconds(1) * seconds))
    #expect(retry.decision(after: error, attempt: attempt, jitter: 0.5) == .retry(after: .seconds(1) * seconds * 0.5))
    #expect(retry.decision(after: error, attempt: attempt, jitter: 0) == .retry(after: .zero))
  }

  @Test(arguments: [(0, 1), (1, 1), (3, 3), (5, 5)])
  func `the last attempt is not followed by another`(maximum: Int, attempts: Int) {
    let retry = ConnectionRetry(maximumAttempts: maximum)
    let error = PostgresError(.connectionLost, "lost")
    var attempt = 1
    while retry.decision(after: error, attempt: attempt, jitter: 0) != .giveUp { attempt += 1 }
    #expect(attempt == attempts)
  }
}
