import ArchiveModel
import Postgres

/// Lets the server judge what the settings of a table say in its language: `time_zone:` and `where:`.
struct SettingsTrial {
  let source: TableSource
  let transaction: Transaction

  /// Throws a configuration error for what the server does not understand.
  ///
  /// The statement is planned, not run: a condition may take long on a large table.
  func run(_ rows: EligibleRows) async throws(OperationError) {
    try await run(
      "SELECT pg_catalog.now() AT TIME ZONE \(SQLText.literal(source.timeZone))", "time_zone:",
      hint: "use one of the names in pg_timezone_names")
    try await run(
      "EXPLAIN \(rows.count)", source.predicate == nil ? nil : "where:",
      hint: "columns need no prefix; functions, types and operators outside pg_catalog need their schema's name")
  }

  /// `key` is the setting to blame; nil for none.
  private func run(_ sql: String, _ key: String?, hint: String) async throws(OperationError) {
    do throws(PostgresError) {
      try await transaction.execute(sql)
    } catch {
      guard let key else { throw OperationError.wrapping(error, "cannot select from the table", at: "\(source.name)") }
      var wrapped = OperationError.wrapping(error, "cannot use \(key)", at: "\(source.name)")
      if error.kind == .server, [.failed, .configuration].contains(wrapped.category) {
        (wrapped.category, wrapped.hint) = (.configuration, hint)
      }
      throw wrapped
    }
  }
}
