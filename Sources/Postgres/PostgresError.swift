/// What went wrong with a connection, a statement or a transaction. Holds no row values and no secrets.
package struct PostgresError: Error, Sendable {
  /// What happened, for deciding what to do next.
  package enum Kind: String, Sendable, CaseIterable {
    /// The connection URL or keywords cannot be used.
    case invalidParameters
    /// No session was established; see `isTransientConnectionFailure`.
    case connectionFailed
    /// The server refused the role or its password (SQLSTATE class 28).
    case authenticationFailed
    /// The server is older than PostgreSQL 11, or does not tell what it is.
    case unsupportedServer
    /// The session ended. An open transaction is rolled back; a COMMIT in flight gives `commitUncertain` instead.
    case connectionLost
    /// The server refused a statement; `sqlState` says why.
    case server
    /// The task was cancelled. The statement was cancelled too, and the session is ready for a ROLLBACK.
    case cancelled
    /// The transaction's time is up; it is rolled back.
    case transactionTimedOut
    /// COMMIT was answered with ROLLBACK: a statement had failed, and nothing of the transaction remains.
    case commitRolledBack
    /// The answer to COMMIT never came: the transaction may or may not be committed.
    case commitUncertain
    /// The server's answer does not fit the statement.
    case protocolViolation
    /// The caller asked for something out of order: a second transaction, a statement with a NUL byte.
    case misuse
    /// Savepoints were nested deeper than `Transaction.maximumSavepointDepth`.
    case savepointTooDeep
    /// A `CopySink` threw `cause`; the copy was cancelled.
    case sink
    /// A `CopySource` threw `cause`; the copy was ended with an error.
    case source
    /// The pool was closed.
    case poolClosed
  }

  /// How far an attempt to connect came when it failed without an answer from the server.
  package enum ConnectionPhase: Sendable, Hashable {
    /// The host name was looked up; `isTemporary` as the resolver said (EAI_AGAIN).
    case resolving(isTemporary: Bool)
    /// The socket was being connected, or the time for that ran out.
    case connecting
    /// TLS or GSSAPI was being set up.
    case securing
    /// The server was to answer the start of the session.
    case authenticating
  }

  package let kind: Kind
  /// The five-character SQLSTATE, where the server gave one.
  package let sqlState: String?
  /// `ERROR`, `FATAL` or `PANIC`, untranslated, where the server gave one.
  package let severity: String?
  /// One line. The server's primary message where that cannot quote values, else a fixed phrase for its SQLSTATE.
  package let message: String
  package let schemaName: String?
  package let tableName: String?
  package let columnName: String?
  package let constraintName: String?
  package let dataTypeName: String?
  /// Set with `.connectionFailed` when the server gave no SQLSTATE.
  package let phase: ConnectionPhase?
  /// What the sink or source threw.
  package let cause: (any Error)?

  init(
    _ kind: Kind, _ message: String, sqlState: String? = nil, severity: String? = nil, schemaName: String? = nil,
    tableName: String? = nil, columnName: String? = nil, constraintName: String? = nil, dataTypeName: String? = nil,
    phase: ConnectionPhase? = nil, cause: (any Error)? = nil
  ) {
    self.kind = kind
    self.message = message
    self.sqlState = sqlState
    self.severity = severity
    self.schemaName = schemaName
    self.tableName = tableName
    self.columnName = columnName
    self.constraintName = constraintName
    self.dataTypeName = dataTypeName
    self.phase = phase
    self.cause = cause
  }

  /// The same error seen as another kind.
  func with(kind: Kind, message: String? = nil) -> PostgresError {
    PostgresError(
      kind, message ?? self.message, sqlState: sqlState, severity: severity, schemaName: schemaName,
      tableName: tableName, columnName: columnName, constraintName: constraintName, dataTypeName: dataTypeName,
      phase: phase, cause: cause)
  }

  /// Whether connecting again may help: the server is starting, full or away, or the network failed below the protocol.
  ///
  /// By SQLSTATE (class 08; 53300 too many connections; 57P01, 57P02, 57P03 shutting down or starting), or by the phase
  /// that failed. True for a lost connection as well. A refused password, database or privilege never is.
  package var isTransientConnectionFailure: Bool {
    switch kind {
    case .connectionLost: true
    case .connectionFailed: sqlState.map(Self.isTransient(sqlState:)) ?? phase?.isTransient ?? false
    default: false
    }
  }

  private static func isTransient(sqlState: String) -> Bool {
    sqlState.hasPrefix("08") || ["53300", "57P01", "57P02", "57P03"].contains(sqlState)
  }
}

extension PostgresError.ConnectionPhase {
  /// Whether a failure here may pass by itself. Failing to secure the connection is a matter of configuration.
  var isTransient: Bool {
    switch self {
    case .resolving(let isTemporary): isTemporary
    case .connecting, .authenticating: true
    case .securing: false
    }
  }
}

extension PostgresError: CustomStringConvertible {
  /// The message and what names the place: `… (SQLSTATE 23505, table public.events, constraint events_pkey)`.
  package var description: String {
    var facts: [String] = []
    if let sqlState { facts.append("SQLSTATE \(sqlState)") }
    if let tableName { facts.append("table \(schemaName.map { $0 + "." } ?? "")\(tableName)") }
    if let columnName { facts.append("column \(columnName)") }
    if let constraintName { facts.append("constraint \(constraintName)") }
    if let dataTypeName { facts.append("type \(dataTypeName)") }
    let shown = facts.isEmpty ? message : "\(message) (\(facts.joined(separator: ", ")))"
    return cause.map { "\(shown): \($0)" } ?? shown
  }
}
