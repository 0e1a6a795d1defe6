import ArchiveModel
import Postgres
import RowCodec

/// Finds the column whose values made a fetch fail: the server's error names none.
///
/// It fetches the same rows again, one column at a time, in transactions that are rolled back.
struct RefusedColumn {
  let rows: EligibleRows
  let partition: Partition
  let position: RowPosition?
  let options: TransactionOptions

  /// Whether a column can be to blame for the error: a value that has no UTF-8 form, or that does not read back.
  static func isPossible(_ error: any Error) -> Bool {
    guard let error = error as? PostgresError else { return false }
    if let cause = error.cause as? RowCodecError { return cause.code == .null && cause.column == nil }
    // Data exceptions, what a type does not support, constraints of domains, names of objects, and casts that call
    // functions of users. PostgreSQL documentation, appendix A.
    return error.kind == .server && ["22", "0A", "23", "42", "P0"].contains(error.sqlState?.prefix(2) ?? "")
  }

  /// The refusal with the column's name; nil when no column fails by itself.
  func find(over connection: Connection, at place: String) async throws -> OperationError? {
    // The conditions of the statement can fail on their own.
    guard case .sound = try await outcome(of: "true", over: connection) else { return nil }
    for column in rows.table.columns.indices {
      let name = rows.table.columns[column].name
      if case .failed(let state) = try await outcome(of: rows.form(of: column), over: connection) {
        let hazard = state == "22021" || state == "22P05" ? "bytes-encoding" : nil
        return refusal(of: name, at: place, "that has no UTF-8 form (SQLSTATE \(state))", hazard: hazard)
      }
      guard let condition = rows.readsBack(column) else { continue }
      switch try await outcome(of: condition, over: connection, isCondition: true) {
      case .sound: continue
      case .failed(let state):
        return refusal(of: name, at: place, "that the server cannot read back from its text (SQLSTATE \(state))")
      case .differs: return refusal(of: name, at: place, "that reads back from its text as another one")
      }
    }
    return nil
  }

  private enum Outcome {
    case sound
    case differs
    case failed(sqlState: String)
  }

  /// Fetches nothing but the expression.
  private func outcome(
    of expression: String, over connection: Connection, isCondition: Bool = false
  ) async throws -> Outcome {
    let select = rows.select([expression + " AS x"], in: partition, after: position, limit: rows.source.batchSize)
    do {
      return try await connection.withTransaction(options) { transaction in
        if isCondition {
          let result = try await transaction.execute("SELECT pg_catalog.bool_and(s.x) FROM (\(select)) AS s")
          return result.rows.first?.first == "f" ? .differs : .sound
        }
        _ = try await transaction.copyOut("COPY (\(select)) TO STDOUT (FORMAT binary)", into: DiscardedRows())
        return .sound
      }
    } catch let error as PostgresError where error.kind == .server {
      return .failed(sqlState: error.sqlState ?? "")
    }
  }

  private func refusal(of column: String, at place: String, _ what: String, hazard: String? = nil) -> OperationError {
    OperationError(
      .failed, "refused: \(hazard ?? "a value could not be restored")", at: place,
      cause: "column \(column) holds a value \(what); nothing was changed",
      hint: "correct such rows, or leave them out with where:")
  }
}

/// Lets the rows go: only whether they come matters.
private struct DiscardedRows: CopySink {
  func receive(_ message: Span<UInt8>) {}
}
