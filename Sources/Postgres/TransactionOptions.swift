/// How a transaction runs.
package struct TransactionOptions: Sendable {
  /// What a statement sees of other transactions.
  package enum Isolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
  }

  package var isolation: Isolation
  package var readOnly: Bool
  /// From BEGIN to COMMIT. Statements past it are cancelled; the server ends a transaction left idle that long.
  package var timeout: Duration
  /// How long a statement waits for one lock; nil waits as long as the transaction may run.
  package var lockTimeout: Duration?
  package var pinned: PinnedSettings
  /// Ends with ROLLBACK in place of COMMIT, without an error: for a dry run.
  package var rollsBack: Bool

  /// Thirty minutes, the pinned settings and COMMIT at the end unless said otherwise.
  package init(
    isolation: Isolation = .readCommitted, readOnly: Bool = false, timeout: Duration = .seconds(1800),
    lockTimeout: Duration? = nil, pinned: PinnedSettings = PinnedSettings(), rollsBack: Bool = false
  ) {
    self.isolation = isolation
    self.readOnly = readOnly
    self.timeout = timeout
    self.lockTimeout = lockTimeout
    self.pinned = pinned
    self.rollsBack = rollsBack
  }

  /// BEGIN and every setting in one string. Names all that `default_transaction_*` would decide otherwise.
  func opening(serverVersion: Int) -> String {
    let access = readOnly ? "READ ONLY" : "READ WRITE"
    let timeouts = Self.timeouts(timeout, lockTimeout: lockTimeout, serverVersion: serverVersion)
    // The timeouts first: since 17 the one of a role or database runs from BEGIN until it is taken away.
    let settings = timeouts + PinnedSettings.standard(serverVersion: serverVersion) + pinned.additional
    let statements = ["BEGIN ISOLATION LEVEL \(isolation.rawValue) \(access) NOT DEFERRABLE"]
    return (statements + settings.map(\.statement)).joined(separator: "; ")
  }

  private static func timeouts(_ timeout: Duration, lockTimeout: Duration?, serverVersion: Int)
    -> [PinnedSettings.Setting]
  {
    let whole = milliseconds(timeout)
    // Set to another number, a timeout that runs already goes on as it was (PostgreSQL source, postgres.c,
    // assign_transaction_timeout).
    var settings: [PinnedSettings.Setting] =
      serverVersion >= 170000 ? [.init("transaction_timeout", "0"), .init("transaction_timeout", whole)] : []
    settings += [
      .init("statement_timeout", whole),
      .init("idle_in_transaction_session_timeout", whole),
      .init("lock_timeout", lockTimeout.map(milliseconds) ?? "0"),
    ]
    return settings
  }

  /// At least 1, since 0 means no timeout, and at most what the settings take.
  private static func milliseconds(_ duration: Duration) -> String {
    let parts = duration.components
    let seconds = min(max(parts.seconds, 0), Int64(Int32.max) / 1000)
    let milliseconds = seconds * 1000 + max(parts.attoseconds, 0) / 1_000_000_000_000_000
    return String(min(max(milliseconds, 1), Int64(Int32.max)))
  }
}
