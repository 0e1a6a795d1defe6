import ArchiveModel
package import Postgres

/// Looks primary keys up in a table.
package struct KeyLookup: Sendable {
  package let table: TableDescription

  /// Keys asked for in one statement.
  package static let chunkSize = 10_000

  package init(table: TableDescription) {
    self.table = table
  }

  /// Those of `keys`, each in text form and in the key's order, that no row of the table has.
  package func missing(_ keys: [[String]], in transaction: Transaction) async throws(PostgresError) -> [[String]] {
    let names = table.primaryKey.indices.map { "k\($0 + 1)" }
    let arrays = table.primaryKey.indices.map { "$\($0 + 1)::pg_catalog.text[]" }
    let matches = zip(table.primaryKey, names).map { column, name in
      "t.\(SQLText.identifier(table.columns[column].name)) = k.\(name)::\(table.columns[column].formType)"
    }
    let sql = """
      SELECT \(names.map { "k." + $0 }.joined(separator: ", ")) \
      FROM unnest(\(arrays.joined(separator: ", "))) AS k(\(names.joined(separator: ", "))) \
      WHERE NOT EXISTS (SELECT FROM \(table.ownRows) AS t WHERE \(matches.joined(separator: " AND ")))
      """
    var missing: [[String]] = []
    var rest = keys[...]
    while !rest.isEmpty {
      let chunk = rest.prefix(Self.chunkSize)
      rest = rest.dropFirst(Self.chunkSize)
      let parameters = names.indices.map { index in
        Parameter.text(ArrayText.array(of: chunk.map { $0[index] }))
      }
      missing += try await transaction.execute(sql, parameters).rows.map { $0.compactMap { $0 } }
    }
    return missing
  }
}
