package import ArchiveModel
package import Postgres
import RowCodec

/// Reads what the server's catalog says of tables.
///
/// Type names come out as `format_type()` prints them under the pinned `search_path`, so that they mean the same to every
/// reader of a manifest.
package enum TableCatalog {
  /// Describes the table of that schema and name; `name.database` is taken over unseen.
  ///
  /// Throws a configuration error when there is no such table, with the names that come near.
  package static func describe(_ name: TableName, in transaction: Transaction) async throws(OperationError)
    -> TableDescription
  {
    do {
      let found = try await transaction.execute(relationQuery, [.text(name.schema), .text(name.table)])
      guard let row = found.rows.first, let oidText = row[0], let oid = UInt32(oidText), let kind = row[1] else {
        throw try await missing(name, in: transaction)
      }
      let version = await transaction.connection.serverVersion
      let attributes = try await transaction.execute(columnQuery(version), [.text(oidText)])
      let key = try await transaction.execute(keyQuery, [.text(oidText)])
      let operators = try await transaction.execute(operatorQuery, [.text(oidText)]).rows
      let numbers = attributes.rows.compactMap { $0[0] }
      let columns = attributes.rows.map(column)
      // Until 14 the server counts an interval's hours in 32 bits when it writes or reads one, and keeps 64.
      let canLackText = version < 150000 ? columns.indices.filter { columns[$0].formType.hasPrefix("interval") } : []
      var table = TableDescription(
        name: name, oid: oid, kind: kind, columns: columns,
        primaryKey: key.rows.compactMap { row in row[0].flatMap { numbers.firstIndex(of: $0) } },
        hasNoArrayType: Set(attributes.rows.indices.filter { attributes.rows[$0][7] == "f" }),
        canLackText: Set(canLackText),
        operatorSchemas: Set(operators.compactMap { $0[1] }).subtracting(["pg_catalog"]).sorted(),
        unnamedOrders: Set(
          operators.compactMap { row in row[2] == "t" ? row[0].flatMap { numbers.firstIndex(of: $0) } : nil }))
      if table.isPartitioned, table.primaryKey.isEmpty {
        table.isKeyDeclared = false
        table.primaryKey = try await leafKey(of: table, in: transaction)
      }
      return table
    } catch {
      throw .wrapping(error, "cannot read the catalog", at: "\(name)")
    }
  }

  private static func column(_ row: [String?]) -> Manifest.Column {
    let type = row[2] ?? ""
    let generated: String? =
      switch row[6] {
      case "s": "stored"
      case "v": "virtual"
      default: nil
      }
    let identity: String? =
      switch row[5] {
      case "a": "always"
      case "d": "by default"
      default: nil
      }
    return Manifest.Column(
      name: row[1] ?? "", type: type, baseType: row[3] == type ? nil : row[3], nullable: row[4] == "t",
      identity: identity, generated: generated, delimiter: delimiter(row[8] ?? "", of: row[3] ?? type),
      collation: row[9])
  }

  /// Nil when the type's name lets expect it.
  private static func delimiter(_ delimiter: String, of type: String) -> String? {
    delimiter.utf8.first == ColumnCodec.expectedDelimiter(typeName: type) ? nil : delimiter
  }

  private static func missing(_ name: TableName, in transaction: Transaction) async throws -> OperationError {
    let rows = try await transaction.execute(namesQuery, [.text(name.schema), .text(name.table)]).rows
    let near = rows.compactMap { row -> String? in
      guard let schema = row[0], let table = row[1] else { return nil }
      let isNear =
        schema != name.schema || editDistance(table.lowercased(), name.table.lowercased()) <= max(2, table.count / 4)
      return isNear ? "\(schema).\(table)" : nil
    }
    return OperationError(
      .configuration, "cannot find the table", at: "\(name)",
      cause: "the database has no table \(name.table) in schema \(name.schema), or its role may not see it",
      hint: near.isEmpty
        ? "check schema:, name: and the database's url" : "did you mean \(near.prefix(3).joined(separator: " or "))?")
  }

  /// Insertions, deletions and replacements from one to the other.
  private static func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (index, character) in left.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in right.indices {
        let replaced = diagonal + (right[column] == character ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
      }
    }
    return row[right.count]
  }
}

extension TableCatalog {
  private static let relationQuery = """
    SELECT c.oid, c.relkind FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1::pg_catalog.name AND c.relname = $2::pg_catalog.name
      AND c.relkind = ANY ('{r,p,v,m,f,S,t}'::pg_catalog."char"[])
    """

  /// Tables of the schema, and those of the same name elsewhere.
  private static let namesQuery = """
    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE (n.nspname = $1::pg_catalog.name OR c.relname = $2::pg_catalog.name)
      AND c.relkind = ANY ('{r,p}'::pg_catalog."char"[])
    ORDER BY n.nspname <> $1::pg_catalog.name, c.relname LIMIT 1000
    """

  /// Number, name, type, base type, nullable, identity, generated, whether the base type has an array type, its delimiter,
  /// which an array has from its elements; the collation, where it is not deterministic.
  ///
  /// The walk goes from a domain to what it is over, and from an array to its element where that is a domain.
  private static func columnQuery(_ version: Int) -> String {
    // Generated columns, and collations that are not deterministic, came with 12.
    let hasBoth = version >= 120_000
    let collation = """
      CASE WHEN NOT l.collisdeterministic
        THEN l.collnamespace::pg_catalog.regnamespace || '.' || pg_catalog.quote_ident(l.collname) END
      """
    return """
      WITH RECURSIVE walk (number, type, modifier, suffix, depth) AS (
        SELECT a.attnum, a.atttypid, a.atttypmod, ''::pg_catalog.text, 0 FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT w.number, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE e.oid END,
          CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE -1 END,
          CASE WHEN t.typtype = 'd' THEN w.suffix ELSE w.suffix || '[]' END, w.depth + 1
        FROM walk w
        JOIN pg_catalog.pg_type t ON t.oid = w.type
        LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid AND e.typtype = 'd'
        WHERE t.typtype = 'd' OR e.oid IS NOT NULL
      ), base (number, name, type) AS (
        SELECT DISTINCT ON (number) number, pg_catalog.format_type(type, modifier) || suffix, type
        FROM walk ORDER BY number, depth DESC
      )
      SELECT a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), b.name, NOT a.attnotnull,
        a.attidentity, \(hasBoth ? "a.attgenerated" : "''"), t.typarray <> 0,
        coalesce(e.typdelim, t.typdelim),
      \(hasBoth ? collation : "NULL")
      FROM pg_catalog.pg_attribute a JOIN base b ON b.number = a.attnum JOIN pg_catalog.pg_type t ON t.oid = b.type
      LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
      LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
      WHERE a.attrelid = $1::pg_catalog.oid
      ORDER BY a.attnum
      """
  }

  /// Numbers of the primary key's columns, in the index's order and without its INCLUDE columns.
  ///
  /// A partitioned table's key is not valid, and no key, until all its partitions have theirs.
  private static let keyQuery = """
    SELECT k.number FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY k (number, place)
    WHERE i.indrelid = $1::pg_catalog.oid AND i.indisprimary AND i.indisvalid AND k.place <= i.indnkeyatts
    ORDER BY k.place
    """

  /// For each column of the primary key and each comparison that queries use (btree strategies 3 and 5): the column's
  /// number, the operator's schema, and whether it has another name than `=` or `>`.
  private static let operatorQuery = """
    SELECT k.number, n.nspname, o.oprname <> CASE m.amopstrategy WHEN 3 THEN '=' ELSE '>' END
    FROM pg_catalog.pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::pg_catalog.int2[], i.indclass::pg_catalog.oid[]) k (number, class)
    JOIN pg_catalog.pg_opclass c ON c.oid = k.class
    JOIN pg_catalog.pg_amop m ON m.amopfamily = c.opcfamily AND m.amopstrategy = ANY ('{3,5}'::pg_catalog.int2[])
      AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype
    JOIN pg_catalog.pg_operator o ON o.oid = m.amopopr
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    WHERE i.indrelid = $1::pg_catalog.oid AND i.indisprimary
    """
}
