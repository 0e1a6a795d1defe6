import ArchiveModel
import Postgres

/// Makes a table to restore to from a manifest: columns, types, NOT NULL, identity and primary key.
///
/// Defaults, generation expressions, other constraints and indexes are not in the archive. A generated column becomes a
/// plain one and takes its archived values.
struct TableMaker {
  let name: TableName

  /// Does nothing when the table is there. Throws a data error when a type is not there.
  func makeIfMissing(from manifest: Manifest, in transaction: Transaction) async throws {
    let quoted = SQLText.identifier(name.schema, name.table)
    let found = try await transaction.execute("SELECT pg_catalog.to_regclass($1)", [.text(quoted)])
    guard found.rows.first?[0] == nil else { return }
    var columns: [String] = []
    for column in manifest.columns {
      columns.append(try await definition(column, in: transaction))
    }
    let key = manifest.primaryKey.map(SQLText.identifier).joined(separator: ", ")
    try await transaction.execute("CREATE TABLE \(quoted) (\(columns.joined(separator: ", ")), PRIMARY KEY (\(key)))")
  }

  private func definition(_ column: Manifest.Column, in transaction: Transaction) async throws -> String {
    var type: String?
    for candidate in [column.type, column.baseType].compactMap({ $0 }) where type == nil {
      let found = try await transaction.execute("SELECT pg_catalog.to_regtype($1)", [.text(candidate)])
      if found.rows.first?[0] != nil { type = candidate }
    }
    guard let type else {
      throw OperationError(
        .data, "cannot make the table", at: "\(name)",
        cause: "there is no type \(column.type) for column \(column.name)",
        hint: "create the type or its extension first, or create the table by hand")
    }
    let identity = column.identity.map { " GENERATED \($0.uppercased()) AS IDENTITY" } ?? ""
    return "\(SQLText.identifier(column.name)) \(type)\(column.nullable ? "" : " NOT NULL")\(identity)"
  }
}
