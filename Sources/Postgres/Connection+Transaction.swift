internal import CLibpq

extension Connection {
  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws. The body may await anything
  /// between its statements.
  ///
  /// Throws what `body` throws, and of its own: `.commitRolledBack` if a failed statement was passed over,
  /// `.commitUncertain`, `.transactionTimedOut`, `.cancelled` if the task was cancelled before COMMIT was sent, `.misuse`
  /// if a transaction is open already, `.server` for a deferred constraint.
  package nonisolated(nonsending) func withTransaction<Result>(
    _ options: TransactionOptions = TransactionOptions(),
    _ body: nonisolated(nonsending) (Transaction) async throws -> Result
  ) async throws -> Result {
    let transaction = try await begin(options)
    let result: Result
    do {
      result = try await body(transaction)
    } catch {
      await rollBack(transaction)
      throw error
    }
    if options.rollsBack {
      await rollBack(transaction)
    } else {
      try await commit(transaction)
    }
    return result
  }

  func check(_ transaction: Transaction) throws(PostgresError) {
    guard self.transaction?.id == transaction.id else {
      throw PostgresError(.misuse, "a transaction was used outside its scope")
    }
  }

  private func begin(_ options: TransactionOptions) async throws(PostgresError) -> Transaction {
    guard transaction == nil else { throw PostgresError(.misuse, "the connection has an open transaction") }
    guard session.transactionStatus != PQTRANS_INTRANS, session.transactionStatus != PQTRANS_INERROR else {
      throw PostgresError(.misuse, "a transaction was begun by hand")
    }
    lastTransactionID += 1
    let begun = Transaction(connection: self, id: lastTransactionID)
    transaction = ActiveTransaction(id: begun.id, deadline: .now + options.timeout)
    do throws(PostgresError) {
      try await execute(options.opening(serverVersion: session.serverVersion))
      guard session.transactionStatus == PQTRANS_INTRANS else {
        throw PostgresError(.protocolViolation, "BEGIN opened no transaction")
      }
    } catch {
      await rollBack(begun)
      throw error
    }
    return begun
  }

  private func commit(_ transaction: Transaction) async throws(PostgresError) {
    try check(transaction)
    do throws(PostgresError) {
      try limits.check()
      // A session that died while idle says so now, as long as it is certain that nothing was committed.
      if session.transactionStatus == PQTRANS_INTRANS, session.hasUnreadInput { try await execute("SELECT 1") }
      guard session.transactionStatus != PQTRANS_IDLE else {
        throw PostgresError(.misuse, "the transaction was ended by hand")
      }
    } catch {
      await rollBack(transaction)
      throw error
    }
    let tag = try await sendCommit()
    guard tag != "ROLLBACK" else {
      throw PostgresError(.commitRolledBack, "a statement had failed, so COMMIT rolled the transaction back")
    }
    guard tag == "COMMIT" else {
      throw PostgresError(.commitUncertain, "COMMIT was answered with \(tag)")
    }
  }

  /// Waits for the answer whatever becomes of the task: a COMMIT once sent cannot be taken back, and a cancel request
  /// would only hide its outcome.
  private func sendCommit() async throws(PostgresError) -> String {
    let deadline = max(limits.deadline ?? .now, .now + Self.shortestCommitTimeout)
    transaction = nil
    let patient = StatementLimits(
      deadline: deadline, expiry: .commitUncertain, heedsCancellation: false, cancelsOnServer: false)
    session.notices.warningState = nil
    do throws(PostgresError) {
      let tag = try await execute("COMMIT", [], patient).commandTag
      // 01000 is how the server says, under a COMMIT that stands, that no standby is known to have it: someone cancelled
      // the wait for synchronous replication.
      guard session.notices.warningState != "01000" else {
        throw PostgresError(.commitUncertain, "the server committed with a warning", sqlState: "01000")
      }
      return tag
    } catch {
      guard
        error.kind == .connectionLost || error.kind == .commitUncertain || !session.isOpen
          || Self.leavesOutcomeUnknown(error.sqlState ?? "")
      else {
        // An answered error leaves a session without transaction.
        if session.transactionStatus != PQTRANS_IDLE { session.close() }
        throw error
      }
      session.close()
      throw error.with(kind: .commitUncertain, message: "no answer to COMMIT: \(error.message)")
    }
  }

  /// A COMMIT may wait for constraints and for a synchronous standby even when the transaction's time is nearly up.
  private static let shortestCommitTimeout = Duration.seconds(60)

  /// Whether an answer to COMMIT with that SQLSTATE leaves open what became of it.
  ///
  /// 40003 (statement_completion_unknown), and what a pooler or a server on its way out says instead of the answer: the
  /// classes 08 and 57P, and the timeouts that end a session (25P03, 25P04). Wrongly uncertain costs a settling; wrongly
  /// certain could cost rows.
  private static func leavesOutcomeUnknown(_ state: String) -> Bool {
    state.hasPrefix("08") || state.hasPrefix("57P") || ["40003", "25P03", "25P04"].contains(state)
  }

  /// Rolls back, also in a cancelled task. A session that cannot be brought to idle is closed, which rolls back too.
  private func rollBack(_ transaction: Transaction) async {
    guard self.transaction?.id == transaction.id else { return }
    self.transaction = nil
    guard session.isOpen, session.transactionStatus != PQTRANS_IDLE else { return }
    await tidy("ROLLBACK")
    if session.transactionStatus != PQTRANS_IDLE { session.close() }
  }

  /// Runs a statement that ends or undoes. Tried twice: a late cancel request, meant for the statement before, may hit
  /// it. The callers look at the outcome, so an error closes the session at most.
  private func tidy(_ sql: String) async {
    for _ in 1...2 {
      do throws(PostgresError) {
        _ = try await execute(sql, [], .tidying())
        return
      } catch {
        guard error.kind == .server, error.sqlState == "57014" else { return session.close() }
      }
    }
    session.close()
  }

  func openSavepoint(_ transaction: Transaction) async throws(PostgresError) -> String {
    try check(transaction)
    let depth = (self.transaction?.savepointDepth ?? 0) + 1
    guard depth <= Transaction.maximumSavepointDepth else {
      throw PostgresError(
        .savepointTooDeep, "savepoints are nested deeper than \(Transaction.maximumSavepointDepth)")
    }
    let name = "savepoint_\(depth)"
    try await execute("SAVEPOINT \(name)")
    self.transaction?.savepointDepth = depth
    return name
  }

  func release(_ transaction: Transaction, _ savepoint: String) async throws(PostgresError) {
    try check(transaction)
    do throws(PostgresError) {
      try await execute("RELEASE SAVEPOINT \(savepoint)")
    } catch {
      await rollBack(transaction, to: savepoint)
      throw error
    }
    self.transaction?.savepointDepth -= 1
  }

  func rollBack(_ transaction: Transaction, to savepoint: String) async {
    guard self.transaction?.id == transaction.id else { return }
    self.transaction?.savepointDepth -= 1
    guard session.isOpen else { return }
    await tidy("ROLLBACK TO SAVEPOINT \(savepoint); RELEASE SAVEPOINT \(savepoint)")
  }
}
