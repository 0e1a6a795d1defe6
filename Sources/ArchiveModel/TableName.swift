/// A table as the archive's paths name it.
package struct TableName: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
  /// The database's name in the configuration, which is not always its name on the server.
  package var database: String
  package var schema: String
  package var table: String

  package init(database: String, schema: String, table: String) {
    (self.database, self.schema, self.table) = (database, schema, table)
  }

  package var description: String { "\(database).\(schema).\(table)" }

  package static func < (left: TableName, right: TableName) -> Bool {
    (left.database, left.schema, left.table) < (right.database, right.schema, right.table)
  }
}
