import ArchiveModel
import Postgres

/// Makes a table to restore to from a manifest: columns, types, NOT NULL, identity and primary key.
///
/// Defaults, generation expressions, other constraints and indexes are not in the archive. A generated column becomes a
/// plain one and takes its archived values.
struct TableMaker {
  let name: TableName

  /// Does nothing when the table is there. Throws a data error when the schema or a type is not there.
  ///
  /// Columns, types and key are those of the newest of the manifests, which come oldest first; a column that an older one
  /// lacks takes NULL, as its default is not in the archive.
  func makeIfMissing(from manifests: [Manifest], in transaction: Transaction) async throws {
    guard let manifest = manifests.last else { return }
    let quoted = SQLText.identifier(name.schema, name.table)
    let found = try await transaction.execute("SELECT pg_catalog.to_regclass($1)", [.text(quoted)])
    guard found.rows.first?[0] == nil else { return }
    let schema = try await transaction.execute(
      "SELECT pg_catalog.to_regnamespace($1)", [.text(SQLText.identifier(name.schema))])
    guard schema.rows.first?[0] != nil else {
      throw OperationError(
        .data, "cannot make the table", at: "\(name)", cause: "the database has no schema \(name.schema)",
        hint: "CREATE SCHEMA \(SQLText.identifier(name.schema)), or restore --into another schema")
    }
    var columns: [String] = []
    for var column in manifest.columns {
      if !manifests.allSatisfy({ $0.columns.contains { $0.name == column.name } }) { column.nullable = true }
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
