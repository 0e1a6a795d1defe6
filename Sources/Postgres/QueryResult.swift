/// The result of a statement, in PostgreSQL's text form.
package struct QueryResult: Sendable {
  package let columns: [String]
  /// One value for each column; nil is NULL.
  package let rows: [[String?]]
  /// `SELECT 5`, `DELETE 10`, `COMMIT` …
  package let commandTag: String
  /// The count in the command tag; 0 where it has none.
  package let affectedRowCount: Int
}

/// A value for `$1`, `$2` … of a statement.
package enum Parameter: Sendable {
  case null
  /// In text form, of the type that the statement asks for. No NUL byte.
  case text(String)
  /// In the binary form of the type with this OID; zero leaves the type to the server.
  case binary([UInt8], oid: UInt32)
}
