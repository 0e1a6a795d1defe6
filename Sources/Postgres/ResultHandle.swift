internal import CLibpq

/// The one owner of a PGresult.
@safe struct ResultHandle: ~Copyable {
  private let result: OpaquePointer

  /// Takes `result` over.
  init(taking result: OpaquePointer) {
    unsafe self.result = unsafe result
  }

  deinit {
    unsafe PQclear(result)
  }

  var status: ExecStatusType { unsafe PQresultStatus(result) }

  /// `SELECT 5`, `COPY 10`, `COMMIT` …
  var commandTag: String {
    unsafe PQcmdStatus(result).map { unsafe String(cString: $0) } ?? ""
  }

  /// The count in the command tag; nil where it has none.
  var affectedRowCount: Int? {
    unsafe PQcmdTuples(result).flatMap { unsafe Int(String(cString: $0)) }
  }

  var errorFields: ServerErrorFields {
    ServerErrorFields(
      severity: field("V"), sqlState: field("C"), primaryMessage: field("M"), sourceFunction: field("R"),
      schemaName: field("s"), tableName: field("t"), columnName: field("c"), constraintName: field("n"),
      dataTypeName: field("d"))
  }

  /// Codes: PostgreSQL documentation, "Error and Notice Message Fields"; `V` is the severity never translated.
  private func field(_ code: Unicode.Scalar) -> String? {
    unsafe PQresultErrorField(result, Int32(code.value)).map { unsafe String(cString: $0) }
  }

  /// The whole result as text. Throws `.protocolViolation` for text that is not UTF-8, which a SQL_ASCII database may send.
  func queryResult() throws(PostgresError) -> QueryResult {
    let columnCount = unsafe PQnfields(result)
    let rowCount = unsafe PQntuples(result)
    var rows: [[String?]] = []
    rows.reserveCapacity(Int(rowCount))
    for row in 0..<rowCount {
      var values: [String?] = []
      values.reserveCapacity(Int(columnCount))
      for column in 0..<columnCount { values.append(try value(row: row, column: column)) }
      rows.append(values)
    }
    let columns = (0..<columnCount).map { unsafe PQfname(result, $0).map { unsafe String(cString: $0) } ?? "" }
    return QueryResult(
      columns: columns, rows: rows, commandTag: commandTag, affectedRowCount: affectedRowCount ?? 0)
  }

  private func value(row: Int32, column: Int32) throws(PostgresError) -> String? {
    guard unsafe PQgetisnull(result, row, column) == 0, let start = unsafe PQgetvalue(result, row, column) else {
      return nil
    }
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, column)))
    guard let text = unsafe String(validating: bytes, as: UTF8.self) else {
      throw PostgresError(.protocolViolation, "column \(column + 1) of the result is not valid UTF-8")
    }
    return text
  }
}
