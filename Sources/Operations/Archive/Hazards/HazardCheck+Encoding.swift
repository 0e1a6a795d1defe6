import ArchiveModel
import Postgres

/// Text that is not UTF-8, which only a database without an encoding can hold.
extension HazardCheck {
  func findForeignBytes(among rows: [EligibleRows], _ findings: inout HazardFindings) async throws {
    let encoding = try await transaction.execute("SELECT pg_catalog.current_setting('server_encoding')")
    guard encoding.rows.first?.first == "SQL_ASCII", try await hasForeignBytes("t", among: rows) else { return }
    var columns: [String] = []
    for column in table.columns {
      let name = SQLText.identifier(column.name)
      if try await hasForeignBytes("t.\(name)", among: rows) { columns.append(column.name) }
    }
    let place = columns.isEmpty ? "" : " in column \(Self.names(columns))"
    findings.add(
      .never(
        .bytesEncoding, "the database's encoding is SQL_ASCII, and eligible rows hold text\(place) that is not UTF-8",
        hint:
          "convert it, for example from Latin 1 by SET column = convert_from(convert(convert_to(column, 'SQL_ASCII'), "
          + "'LATIN1', 'UTF8'), 'SQL_ASCII'), or leave the rows out with where:"))
  }

  private func hasForeignBytes(_ value: String, among rows: [EligibleRows]) async throws -> Bool {
    // From a database without an encoding, convert_to() only checks.
    let tried = try await count(over: rows) { part in
      "SELECT count(pg_catalog.convert_to((\(value))::pg_catalog.text, 'UTF8')) \(part.from(and: "true"))"
    }
    // 22021 character_not_in_repertoire
    switch tried {
    case .success: return false
    case .failure(let error) where error.sqlState == "22021": return true
    case .failure(let error): throw error
    }
  }
}
