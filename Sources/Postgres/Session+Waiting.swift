internal import CLibpq

extension Session {
  /// Waits for the socket and takes in what has arrived. Throws when a limit is reached.
  mutating func receive(writing: Bool = false, _ limits: StatementLimits) throws(PostgresError) {
    let socket = unsafe PQsocket(connection)
    guard socket >= 0 else {
      inputHasEnded = true
      return
    }
    switch wake.wait(forReading: true, writing: writing, on: socket, until: limits.deadline) {
    case .ready: break
    case .woken: try limits.check()
    case .expired: throw limits.expired
    }
    try limits.check()
    if unsafe PQconsumeInput(connection) == 0 { inputHasEnded = true }
  }

  /// Sends what libpq holds back. A failure to send shows in the result that follows.
  mutating func flush(_ limits: StatementLimits) throws(PostgresError) {
    while unsafe !inputHasEnded && PQflush(connection) == 1 {
      try receive(writing: true, limits)
    }
  }

  /// The next result of the statement, or nil once the server is ready for another.
  mutating func nextResult(_ limits: StatementLimits) throws(PostgresError) -> ResultHandle? {
    while unsafe !inputHasEnded && PQisBusy(connection) == 1 {
      try receive(limits)
    }
    guard let result = unsafe PQgetResult(connection) else { return nil }
    return unsafe ResultHandle(taking: result)
  }

  /// Checks before a statement is sent. Throws `.connectionLost`, `.misuse` or what the limits say.
  func admit(_ sql: String, _ limits: StatementLimits) throws(PostgresError) {
    guard isOpen else { throw PostgresError(.connectionLost, "the connection is closed") }
    guard transactionStatus != PQTRANS_ACTIVE else {
      throw PostgresError(.misuse, "another statement is under way on the connection")
    }
    guard !sql.utf8.contains(0) else { throw PostgresError(.misuse, "the statement holds a NUL byte") }
    try limits.check()
  }

  /// The error for a failed result, or for a command libpq would not send, once no more results come.
  func failure(_ fields: ServerErrorFields?, _ limits: StatementLimits) -> PostgresError {
    guard isOpen else {
      guard let fields, fields.sqlState != nil else { return PostgresError(.connectionLost, clientMessage) }
      return fields.error(.connectionLost)
    }
    guard let fields, fields.sqlState != nil else { return PostgresError(.protocolViolation, clientMessage) }
    // 57014 query_canceled: by statement_timeout, which is the transaction's own timeout.
    if fields.sqlState == "57014", let deadline = limits.deadline, ContinuousClock.now >= deadline {
      return fields.error(limits.expiry)
    }
    return fields.error(.server)
  }

  /// Gives up a statement under way: cancels it on the server and reads the rest of its answer. The session is closed
  /// if that does not work within ten seconds.
  mutating func abandon(_ limits: StatementLimits) {
    guard transactionStatus == PQTRANS_ACTIVE else { return }
    guard limits.cancelsOnServer, isOpen else { return close() }
    cancelOnServer()
    let grace = StatementLimits.tidying()
    do throws(PostgresError) {
      try flush(grace)
      while let result = try nextResult(grace) {
        switch result.status {
        case PGRES_COPY_OUT: try discardCopyData(grace)
        case PGRES_COPY_IN: try endCopyIn(reason: "the client gave up", grace)
        case PGRES_COPY_BOTH: return close()
        default: break
        }
      }
    } catch {
      close()
    }
  }

  /// Sends a cancel request over a connection of its own, and waits until the server has taken it. If that fails, the
  /// statement runs on and `abandon` closes the session.
  private func cancelOnServer() {
    let request = unsafe PQgetCancel(connection)
    defer { unsafe PQfreeCancel(request) }
    var message = [CChar](repeating: 0, count: 256)
    _ = unsafe PQcancel(request, &message, Int32(message.count))
  }
}
