import ArchiveModel
package import Postgres

/// A relation that holds rows of a table: the table itself, or one leaf of a partitioned one.
package struct RowRelation: Sendable, Equatable {
  package var oid: UInt32
  package var schema: String
  package var table: String
  /// `pg_class.relkind`
  package var kind: String

  /// `"public"."events_2025"`
  package var quotedName: String { SQLText.identifier(schema, table) }
}

extension TableDescription {
  /// The table as a relation of its own.
  package var relation: RowRelation {
    RowRelation(oid: oid, schema: name.schema, table: name.table, kind: kind)
  }

  package var isPartitioned: Bool { kind == "p" }

  /// What FROM takes to mean the table's own rows: those of partitions are, those of inheritance children are not.
  package var ownRows: String { isPartitioned ? quotedName : "ONLY " + quotedName }
}

extension TableCatalog {
  /// The relations that hold the table's rows: itself, or the leaves of a partitioned table at any depth.
  ///
  /// Leaves come in the order of their bounds' text, which puts the oldest first where bounds are times, and DEFAULT last.
  package static func relations(
    of table: TableDescription, in transaction: Transaction
  ) async throws(OperationError) -> [RowRelation] {
    guard table.isPartitioned else { return [table.relation] }
    let version = await transaction.connection.serverVersion
    do {
      return try await transaction.execute(leafQuery(serverVersion: version), [.text(String(table.oid))])
        .rows.compactMap { row in
          guard let oid = row[0].flatMap({ UInt32($0) }), let schema = row[1], let name = row[2], let kind = row[3]
          else { return nil }
          return RowRelation(oid: oid, schema: schema, table: name, kind: kind)
        }
    } catch {
      throw .wrapping(error, "cannot find the partitions", at: "\(table.name)")
    }
  }

  /// A partition that is being detached, as 14 can without a long lock, is none any more.
  static func isAttached(_ link: String, serverVersion: Int) -> String {
    serverVersion >= 140000 ? "NOT \(link).inhdetachpending" : "true"
  }

  private static func leafQuery(serverVersion: Int) -> String {
    """
    WITH RECURSIVE tree (oid, kind, place) AS (
      SELECT c.oid, c.relkind, '{}'::pg_catalog.text[] COLLATE "C" FROM pg_catalog.pg_class c WHERE c.oid = $1::pg_catalog.oid
      UNION ALL
      SELECT c.oid, c.relkind, t.place || (b.bound = 'DEFAULT')::pg_catalog.text || b.bound
      FROM tree t
      JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid AND \(isAttached("i", serverVersion: serverVersion))
      JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
      CROSS JOIN LATERAL (
        SELECT coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid), '') AS bound
      ) b
      WHERE t.kind = 'p'
    )
    SELECT t.oid, n.nspname, c.relname, t.kind FROM tree t
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE t.kind <> 'p' ORDER BY t.place, n.nspname, c.relname
    """
  }
}
