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
    try await those(of: keys, "NOT EXISTS", in: transaction)
  }

  /// Those of `keys`, likewise, that a row of the table has.
  func present(_ keys: [[String]], in transaction: Transaction) async throws(PostgresError) -> [[String]] {
    try await those(of: keys, "EXISTS", in: transaction)
  }

  private func those(
    of keys: [[String]], _ quantifier: String, in transaction: Transaction
  ) async throws(PostgresError) -> [[String]] {
    let columns = table.keyColumns
    let names = columns.indices.map { "k\($0 + 1)" }
    // The texts, to be given back, and beside them the values.
    let arrays = zip(columns, names.indices).map { column, index in
      """
      pg_catalog.unnest($\(2 * index + 1)::pg_catalog.text[]) AS k\(index + 1), \
      pg_catalog.unnest(\(column.array("$\(2 * index + 2)"))) AS v\(index + 1)
      """
    }
    let matches = zip(columns, names.indices).map { column, index in
      "\(column.value(of: "t")) = \(column.element("k.v\(index + 1)"))"
    }
    let sql = """
      SELECT \(names.map { "k." + $0 }.joined(separator: ", ")) FROM (SELECT \(arrays.joined(separator: ", "))) AS k \
      WHERE \(quantifier) (SELECT FROM \(table.ownRows) AS t WHERE \(matches.joined(separator: " AND ")))
      """
    var found: [[String]] = []
    var rest = keys[...]
    while !rest.isEmpty {
      let chunk = rest.prefix(Self.chunkSize)
      rest = rest.dropFirst(Self.chunkSize)
      let parameters = columns.indices.flatMap { index -> [Parameter] in
        let texts = chunk.map { $0[index] }
        return [.text(ArrayText.array(of: texts)), .text(columns[index].arrayText(of: texts))]
      }
      found += try await transaction.execute(sql, parameters).rows.map { $0.compactMap { $0 } }
    }
    return found
  }

  /// The statement, without parameters, that gives these expressions over the rows `t` of the table that have one of `keys`,
  /// `chunkSize` of them at most.
  func select(_ expressions: [String], of keys: ArraySlice<[String]>) -> String {
    let columns = table.keyColumns
    let arrays = columns.indices.map { index in
      let literal = SQLText.literal(columns[index].arrayText(of: keys.map { $0[index] }))
      return "pg_catalog.unnest(\(columns[index].array(literal))) AS v\(index + 1)"
    }
    let matches = columns.indices.map { index in
      "\(columns[index].value(of: "t")) = \(columns[index].element("k.v\(index + 1)"))"
    }
    return """
      SELECT \(expressions.joined(separator: ", ")) FROM (SELECT \(arrays.joined(separator: ", "))) AS k \
      JOIN \(table.ownRows) AS t ON \(matches.joined(separator: " AND "))
      """
  }
}
