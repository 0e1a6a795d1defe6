internal import CLibpq

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

extension Session {
  /// Connects. `timeout` nil takes libpq's `connect_timeout`, or else ten seconds for each host of the list.
  mutating func open(_ parameters: ConnectionParameters, timeout: Duration?) throws(PostgresError) {
    try parameters.validate()
    let arguments = parameters.libpqArguments
    let keywords = CStringTable(arguments.keywords)
    let values = CStringTable(arguments.values)
    unsafe connection = keywords.withPointers { keywords in
      unsafe values.withPointers { values in
        unsafe PQconnectStartParams(keywords, values, arguments.expandsURL ? 1 : 0)
      }
    }
    // The verbose form is the only way to the SQLSTATE of a refused connection: no PGresult is made for it.
    unsafe PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
    unsafe notices.attach(to: connection)
    try finishOpening(within: timeout ?? defaultTimeout)
    // From here on errors are read field by field; libpq's own text need not hold what the server said.
    unsafe PQsetErrorVerbosity(connection, PQERRORS_SQLSTATE)
    guard unsafe PQsetnonblocking(connection, 1) == 0 else {
      throw PostgresError(.connectionFailed, clientMessage, phase: .authenticating)
    }
    try checkServerVersion()
  }

  /// Older servers lack what the catalog is asked for (columns of an index beyond its key, keys of partitioned tables), and
  /// would be told so by a syntax error in the middle of a run.
  private func checkServerVersion() throws(PostgresError) {
    guard serverVersion < Self.oldestServerVersion else { return }
    let told = parameterStatus("server_version") ?? "no version"
    throw PostgresError(.unsupportedServer, "the server reports \(told), and PostgreSQL 11 is the oldest that will do")
  }

  /// As `serverVersion` counts.
  private static let oldestServerVersion = 110_000

  /// A pool keeps the session between its transactions, where the server (since version 14) could end it at any time, also
  /// at the moment of the next statement. No `SET LOCAL` reaches there.
  mutating func stayWhileIdle() throws(PostgresError) {
    guard serverVersion >= 140000 else { return }
    _ = try execute("SET idle_session_timeout = 0", [], .opening)
  }

  private mutating func finishOpening(within timeout: Duration?) throws(PostgresError) {
    var limits = StatementLimits(expiry: .connectionFailed)
    limits.deadline = timeout.map { .now + $0 }
    guard unsafe PQstatus(connection) != CONNECTION_BAD else { throw failureToOpen(phaseAtStart) }
    var phase = PostgresError.ConnectionPhase.connecting
    // libpq asks to behave first as if PQconnectPoll had wanted to write.
    var next = PGRES_POLLING_WRITING
    while next != PGRES_POLLING_OK {
      guard next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING else { throw failureToOpen(phase) }
      try limits.check()
      switch unsafe wake.wait(
        forReading: next == PGRES_POLLING_READING, writing: next == PGRES_POLLING_WRITING, on: PQsocket(connection),
        until: limits.deadline)
      {
      case .woken: continue
      case .expired: throw timedOut
      case .ready: break
      }
      phase = phaseNow
      next = unsafe PQconnectPoll(connection)
    }
  }

  /// `connect_timeout` as libpq reads it (zero and below wait without end), once for each host: the asynchronous
  /// interface leaves the timeout to its user.
  private var defaultTimeout: Duration? {
    let values = unsafe ConninfoOptions.inForce(for: connection)?.values ?? [:]
    let hostCount = (values["hostaddr"] ?? values["host"] ?? "").count { $0 == "," } + 1
    guard let seconds = values["connect_timeout"].map({ Int($0) ?? 0 }) else { return .seconds(10) * hostCount }
    return seconds > 0 ? .seconds(max(seconds, 2)) * hostCount : nil
  }

  private var phaseNow: PostgresError.ConnectionPhase {
    switch unsafe PQstatus(connection) {
    case CONNECTION_NEEDED, CONNECTION_STARTED, CONNECTION_MADE: .connecting
    case CONNECTION_SSL_STARTUP, CONNECTION_GSS_STARTUP: .securing
    default: .authenticating
    }
  }

  /// Where an attempt failed that was over at once: looking up the name, which is asked again to learn the reason, or
  /// connecting a local socket.
  private var phaseAtStart: PostgresError.ConnectionPhase {
    let host = unsafe PQhost(connection).map { unsafe String(cString: $0) } ?? ""
    let values = unsafe ConninfoOptions.inForce(for: connection)?.values ?? [:]
    if host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@") || values["hostaddr"] != nil { return .connecting }
    var addresses: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, nil, nil, &addresses)
    if let addresses = unsafe addresses { unsafe freeaddrinfo(addresses) }
    return code == 0 ? .connecting : .resolving(isTemporary: code == EAI_AGAIN)
  }

  private var timedOut: PostgresError {
    let host = unsafe PQhost(connection).map { unsafe String(cString: $0) } ?? ""
    let port = unsafe PQport(connection).map { unsafe String(cString: $0) } ?? ""
    return PostgresError(
      .connectionFailed, "connection to server at \"\(host)\", port \(port) failed: no answer in time",
      phase: .connecting)
  }

  private func failureToOpen(_ phase: PostgresError.ConnectionPhase) -> PostgresError {
    let text = unsafe PQerrorMessage(connection).map { unsafe String(cString: $0) } ?? ""
    let report = ConnectFailureReport(text)
    // Class 28: invalid authorization specification.
    if unsafe report.sqlState?.hasPrefix("28") == true || PQconnectionNeedsPassword(connection) == 1 {
      return PostgresError(.authenticationFailed, report.message, sqlState: report.sqlState)
    }
    let isUnexplained = report.sqlState == nil
    return PostgresError(
      .connectionFailed, report.message, sqlState: report.sqlState, phase: isUnexplained ? phase : nil)
  }
}

/// What libpq's text about a failed connection says, made at verbosity `PQERRORS_VERBOSE`.
struct ConnectFailureReport {
  /// Of the last server that answered.
  let sqlState: String?
  /// One line, without the SQLSTATE and the lines that libpq adds.
  let message: String

  init(_ text: String) {
    var lines: [String] = []
    var sqlState: String?
    for line in text.split(separator: "\n") where !Self.isAddition(line) {
      var shown = String(line)
      if let code = Self.sqlStateRange(in: shown) {
        sqlState = String(shown[code])
        // The code, the ": " after it and one of the two spaces before it.
        shown.removeSubrange(shown.index(before: code.lowerBound)..<shown.index(code.upperBound, offsetBy: 2))
      }
      if !lines.contains(shown) { lines.append(shown) }
    }
    self.sqlState = sqlState
    message = lines.isEmpty ? "the connection failed" : lines.joined(separator: "; ")
  }

  /// Explanations start with a tab; the other parts of a server's message each have a line of their own. The labels are
  /// libpq's, and untranslated in a program that sets no locale.
  private static func isAddition(_ line: Substring) -> Bool {
    line.hasPrefix("\t") || ["DETAIL:  ", "HINT:  ", "CONTEXT:  ", "LOCATION:  "].contains { line.hasPrefix($0) }
  }

  /// The five characters at their place in `SEVERITY:  SQLSTATE: message`.
  private static func sqlStateRange(in line: String) -> Range<String.Index>? {
    line.firstMatch(of: #/:  ([0-9A-Z]{5}): /#).map { $0.output.1.startIndex..<$0.output.1.endIndex }
  }
}
