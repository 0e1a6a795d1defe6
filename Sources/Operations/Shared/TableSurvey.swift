import Foundation
package import Postgres

/// What a database holds that could be archived, found without reading a row: from the catalog and the planner.
package struct TableSurvey: Sendable {
  /// A table that has a column with a time and that the role may read.
  package struct Table: Sendable, Equatable {
    package var schema: String
    package var name: String
    /// Columns of a date or time type, the likeliest row time first: indexed ones, then those that are NOT NULL.
    package var timeColumns: [String]
    package var hasPrimaryKey: Bool
    /// Bytes with indexes and partitions.
    package var byteCount: Int
    /// The planner's estimate.
    package var rowCount: Int
    /// Estimated share of rows older than so many days, from 0 to 1.
    package var shares: [(days: Int, share: Double)]

    package static func == (left: Table, right: Table) -> Bool {
      left.schema == right.schema && left.name == right.name
    }
  }

  package var database: String
  /// The largest first.
  package var tables: [Table]

  /// Ages that are asked about, in days.
  package static let ages = [30, 90, 365]

  /// Asks the database. Throws what its statements do.
  package static func run(over connection: Connection) async throws -> TableSurvey {
    try await connection.withTransaction(TransactionOptions(readOnly: true)) { transaction in
      let database = try await transaction.execute("SELECT pg_catalog.current_database()").rows.first?[0] ?? ""
      var tables: [Table] = []
      for row in try await transaction.execute(candidateQuery).rows {
        guard let schema = row[0], let name = row[1], let columns = row[2], let byteCount = row[4].flatMap({ Int($0) })
        else { continue }
        var table = Table(
          schema: schema, name: name, timeColumns: names(columns), hasPrimaryKey: row[3] == "t", byteCount: byteCount,
          rowCount: 0, shares: [])
        guard let column = table.timeColumns.first else { continue }
        let from = SQLText.identifier(schema, name)
        table.rowCount = try await estimate("SELECT FROM \(from)", in: transaction)
        for days in ages {
          let old = try await estimate(
            "SELECT FROM \(from) WHERE \(SQLText.identifier(column)) < pg_catalog.now() - interval '\(days) days'",
            in: transaction)
          table.shares.append((days, table.rowCount > 0 ? min(1, Double(old) / Double(table.rowCount)) : 0))
        }
        tables.append(table)
      }
      return TableSurvey(database: database, tables: tables)
    }
  }

  /// How many rows the planner expects of a query, which does not run.
  private static func estimate(_ query: String, in transaction: Transaction) async throws -> Int {
    let lines = try await transaction.execute("EXPLAIN (FORMAT JSON) \(query)").rows.compactMap { $0[0] }
    let plans = try JSONSerialization.jsonObject(with: Data(lines.joined(separator: "\n").utf8)) as? [[String: Any]]
    guard let plan = plans?.first?["Plan"] as? [String: Any], let rows = plan["Plan Rows"] as? NSNumber else {
      throw OperationError(.defect, "cannot read the planner's estimate", cause: "its answer has another form")
    }
    return rows.intValue
  }

  /// A JSON array of texts.
  private static func names(_ json: String) -> [String] {
    let decoded = try? JSONDecoder().decode([String].self, from: Data(json.utf8))
    return decoded ?? []
  }

  /// Schema, name, time columns as JSON, whether there is a primary key, bytes.
  private static let candidateQuery = """
    WITH RECURSIVE tree (root, oid) AS (
      SELECT c.oid, c.oid FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = ANY ('{r,p}'::pg_catalog."char"[]) AND NOT c.relispartition AND c.relpersistence <> 't'
        AND n.nspname <> 'information_schema' AND pg_catalog.left(n.nspname, 3) <> 'pg_'
        AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
      UNION ALL
      SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
    ), size (root, bytes) AS (
      SELECT root, sum(pg_catalog.pg_total_relation_size(oid::pg_catalog.regclass)) FROM tree GROUP BY root
    )
    SELECT n.nspname, c.relname, k.columns,
      EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary), s.bytes
    FROM size s
    JOIN pg_catalog.pg_class c ON c.oid = s.root
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
      SELECT pg_catalog.json_agg(a.attname ORDER BY
        NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum),
        NOT a.attnotnull, a.attnum) AS columns
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND a.atttypid = ANY ('{date,timestamp,timestamptz}'::pg_catalog.regtype[])
    ) k
    WHERE k.columns IS NOT NULL AND n.nspname <> 'archiver'
    ORDER BY s.bytes DESC, n.nspname, c.relname
    """
}
