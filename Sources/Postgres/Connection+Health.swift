internal import CLibpq

extension Connection {
  /// Whether the session may be handed to the next user as it stands: open, and in no transaction.
  var isReusable: Bool {
    session.isOpen && session.transactionStatus == PQTRANS_IDLE && transaction == nil
  }

  /// Whether the session still works. Asks the server only if it sent something unasked, or after `unusedFor` without use.
  func isHealthy(askingAfter unusedFor: Duration) async -> Bool {
    guard isReusable else { return false }
    guard session.hasUnreadInput || lastUse.duration(to: .now) > unusedFor else { return true }
    do throws(PostgresError) {
      _ = try await execute("SELECT 1", [], .tidying(within: .seconds(5)))
      return isReusable
    } catch {
      // What is wrong does not matter: the caller opens another session, whose errors will tell.
      return false
    }
  }
}
