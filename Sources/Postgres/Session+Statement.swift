internal import CLibpq

extension Session {
  /// Runs `sql` and gives the result of its last statement.
  mutating func execute(_ sql: String, _ parameters: [Parameter] = [], _ limits: StatementLimits) throws(PostgresError)
    -> QueryResult
  {
    try admit(sql, limits)
    do throws(PostgresError) {
      try send(sql, parameters)
      try flush(limits)
      return try lastResult(limits)
    } catch {
      abandon(limits)
      throw error
    }
  }

  /// Sends a statement. Throws `.misuse` or `.connectionLost`.
  mutating func send(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresError) {
    let sent =
      parameters.isEmpty ? unsafe PQsendQuery(connection, sql) : try sendWithParameters(sql, parameters)
    guard sent == 1 else { throw failure(nil, StatementLimits()) }
  }

  private mutating func sendWithParameters(_ sql: String, _ parameters: [Parameter]) throws(PostgresError) -> Int32 {
    var values = CStringTable()
    var types: [Oid] = []
    var lengths: [Int32] = []
    var formats: [Int32] = []
    for parameter in parameters {
      // Type 0 leaves the type to the server; format 1 is binary; the length of text is not looked at.
      switch parameter {
      case .null:
        values.appendNull()
        types.append(0)
        lengths.append(0)
        formats.append(0)
      case .text(let text):
        guard !text.utf8.contains(0) else { throw PostgresError(.misuse, "a parameter holds a NUL byte") }
        values.append(text.utf8)
        types.append(0)
        lengths.append(0)
        formats.append(0)
      case .binary(let bytes, let oid):
        values.append(bytes)
        types.append(oid)
        lengths.append(Int32(clamping: bytes.count))
        formats.append(1)
      }
    }
    return unsafe values.withPointers {
      unsafe PQsendQueryParams(connection, sql, Int32(clamping: types.count), types, $0, lengths, formats, 0)
    }
  }

  private mutating func lastResult(_ limits: StatementLimits) throws(PostgresError) -> QueryResult {
    var last: QueryResult?
    var failed: ServerErrorFields?
    while let result = try nextResult(limits) {
      switch result.status {
      case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
        last = try result.queryResult()
      case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
        throw PostgresError(.misuse, "a COPY needs copyIn or copyOut")
      default:
        failed = failed ?? result.errorFields
      }
    }
    if let failed { throw failure(failed, limits) }
    guard let last else { throw failure(nil, limits) }
    return last
  }

  /// Reads to the end of a statement and gives the row count of its command tag.
  mutating func rowCountAtEnd(_ limits: StatementLimits) throws(PostgresError) -> Int {
    var rowCount: Int?
    var failed: ServerErrorFields?
    while let result = try nextResult(limits) {
      switch result.status {
      case PGRES_COMMAND_OK: rowCount = result.affectedRowCount
      case PGRES_FATAL_ERROR: failed = failed ?? result.errorFields
      default: throw PostgresError(.misuse, "a COPY must be the only statement of its string")
      }
    }
    if let failed { throw failure(failed, limits) }
    guard isOpen else { throw failure(nil, limits) }
    guard let rowCount else { throw PostgresError(.protocolViolation, "the server gave no row count for a COPY") }
    return rowCount
  }
}
