import Postgres

extension TableSource {
  /// The refusal of a table where a row's time, read in `time_zone:`, is an instant that PostgreSQL cannot hold; nil for
  /// any other error.
  func refusal(ofTime error: any Error) -> OperationError? {
    // datetime_field_overflow (PostgreSQL documentation, appendix A); in UTC every time is an instant.
    guard let error = error as? PostgresError, error.kind == .server, error.sqlState == "22008", timeZone != "UTC"
    else {
      return nil
    }
    return OperationError(
      .failed, "refused: a time is out of range", at: "\(name)",
      cause: "column \(timestampColumn) holds a time that time_zone: \(timeZone) moves out of PostgreSQL's range "
        + "(\(error.description)); the rows were left alone",
      hint: "correct such rows, or leave them out with where: \(timestampColumn) > '4713-01-01 BC'")
  }
}
