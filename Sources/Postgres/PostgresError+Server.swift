/// The parts of a server's error message that this module keeps. DETAIL, HINT, CONTEXT and the statement are dropped:
/// they quote rows.
struct ServerErrorFields {
  var severity: String?
  var sqlState: String?
  var primaryMessage: String?
  /// The server's C function that raised the error.
  var sourceFunction: String?
  var schemaName: String?
  var tableName: String?
  var columnName: String?
  var constraintName: String?
  var dataTypeName: String?

  /// The primary message where it names only objects, settings and states; else a phrase that holds no value.
  var safeMessage: String {
    guard let sqlState, let primaryMessage, mayShowPrimaryMessage else {
      return sqlState.map(Self.phrase(for:)) ?? "the server gave no reason"
    }
    return sqlState.isEmpty ? "the server gave no reason" : primaryMessage
  }

  /// `RAISE` can put anything into a message under any SQLSTATE, and shows itself by the function it comes from.
  private var mayShowPrimaryMessage: Bool {
    guard let sqlState, sourceFunction != "exec_stmt_raise" else { return false }
    return Self.classesNamingNoValues.contains(String(sqlState.prefix(2)))
  }

  /// SQLSTATE classes whose messages name objects and states only. PostgreSQL documentation, appendix A.
  private static let classesNamingNoValues: Set<String> = [
    "08", "0A", "0L", "0P", "25", "26", "28", "2B", "2D", "34", "3B", "3D", "3F", "40", "42", "53", "54", "55", "57",
    "58", "F0", "XX",
  ]

  /// A phrase for a SQLSTATE, or else for its class. Condition names: PostgreSQL documentation, appendix A.
  static func phrase(for sqlState: String) -> String {
    phrases[sqlState] ?? phrases[String(sqlState.prefix(2))] ?? "the server refused the statement"
  }

  private static let phrases: [String: String] = [
    "22": "a value does not fit its type or operation",
    "22001": "a string is too long for its type",
    "22003": "a number is out of the range of its type",
    "22004": "a value is null where none may be",
    "22007": "a date or time is not in a valid format",
    "22008": "a date or time is out of range",
    "22012": "division by zero",
    "22021": "a byte sequence is not valid in the encoding",
    "22023": "a parameter has a value that is not allowed",
    "22026": "a string has the wrong length for its type",
    "2200L": "a value is not a well-formed XML document",
    "2200M": "a value is not a well-formed XML document",
    "2200N": "a value is not well-formed XML content",
    "22032": "a value is not valid JSON",
    "22P01": "a floating-point operation failed",
    "22P02": "a value is not in the text form of its type",
    "22P03": "a value is not in the binary form of its type",
    "22P04": "the copied data are not in the format of the copy",
    "22P05": "a character has no equivalent in the other encoding",
    "23": "an integrity constraint is violated",
    "23001": "a restrict constraint is violated",
    "23502": "a not-null constraint is violated",
    "23503": "a foreign key constraint is violated",
    "23505": "a unique constraint is violated",
    "23514": "a check constraint is violated",
    "23P01": "an exclusion constraint is violated",
    "44000": "a row does not fit the view's WITH CHECK OPTION",
    "P0": "a function on the server raised an error",
  ]

  /// `kind` unless the SQLSTATE says that the server ended the transaction because its time was up.
  func error(_ kind: PostgresError.Kind) -> PostgresError {
    // 25P03 idle_in_transaction_session_timeout, 25P04 transaction_timeout.
    let timedOut = sqlState == "25P03" || sqlState == "25P04"
    return PostgresError(
      timedOut ? .transactionTimedOut : kind, safeMessage, sqlState: sqlState, severity: severity,
      schemaName: schemaName, tableName: tableName, columnName: columnName, constraintName: constraintName,
      dataTypeName: dataTypeName)
  }
}
