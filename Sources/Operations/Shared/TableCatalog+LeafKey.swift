import ArchiveModel
import Postgres

extension TableCatalog {
  /// What tells the rows of a partitioned table without a primary key apart: indices into its columns; empty when nothing
  /// does.
  ///
  /// Where every leaf has a primary key of the same columns, these and the partition keys do: rows with equal partition
  /// keys lie in the same leaf. Foreign tables count as leaves without rows. Partition keys must be columns without nulls.
  static func leafKey(of table: TableDescription, in transaction: Transaction) async throws -> [Int] {
    let leaves = try await relations(of: table, in: transaction).filter { $0.kind == "r" }
    let columns = try await transaction.execute(leafKeyQuery, [.text("{\(list(leaves.map(\.oid)))}")])
    let keys = Dictionary(grouping: columns.rows) { $0[0] }.mapValues { $0.compactMap { $0[1] } }
    guard keys.count == leaves.count, let key = keys.values.first, Set(keys.values).count == 1 else { return [] }
    var names = key
    for row in try await transaction.execute(partitionKeyQuery, [.text(String(table.oid))]).rows {
      // No name means an expression.
      guard let name = row[0], row[1] == "t" || key.contains(name) else { return [] }
      if !names.contains(name) { names.append(name) }
    }
    let indices = names.compactMap { table.index(of: $0) }
    return indices.count == names.count ? indices : []
  }

  private static func list(_ oids: [UInt32]) -> String { oids.map { "\($0)" }.joined(separator: ",") }

  /// Leaf and column of the leaves' primary keys, in the keys' order.
  private static let leafKeyQuery = """
    SELECT i.indrelid, a.attname FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k (number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
    WHERE i.indrelid = ANY ($1::pg_catalog.oid[]) AND i.indisprimary AND k.place <= i.indnkeyatts
    ORDER BY i.indrelid, k.place
    """

  /// Names of the columns that rows are partitioned by, at every level, and whether they are NOT NULL.
  private static let partitionKeyQuery = """
    WITH RECURSIVE tree (oid, depth) AS (
      SELECT $1::pg_catalog.oid, 0
      UNION ALL
      SELECT i.inhrelid, t.depth + 1 FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
    )
    SELECT a.attname, a.attnotnull FROM tree t
    JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = t.oid
    CROSS JOIN LATERAL pg_catalog.unnest(p.partattrs::pg_catalog.int2[]) WITH ORDINALITY k (number, place)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = k.number
    ORDER BY t.depth, t.oid, k.place
    """
}
