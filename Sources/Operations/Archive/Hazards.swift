import ArchiveModel
import Postgres

/// What makes archiving a table unsafe or impossible, found before anything is touched.
struct Hazard: Sendable {
  /// The name that `hazards:` accepts.
  var name: String
  var cause: String
  var hint: String
  /// Whether naming it in the settings lets the table through.
  var isAcceptable: Bool
}

/// Looks for hazards in the catalog.
struct HazardCheck: Sendable {
  let table: TableDescription
  let source: TableSource

  /// Throws for the first hazard that is not accepted; returns what an operator should know all the same.
  func run(in transaction: Transaction) async throws(OperationError) -> [String] {
    var found = structuralHazards
    var warnings: [String] = []
    do {
      found += try await roleHazards(in: transaction)
      found += try await deleteHazards(in: transaction)
      (found, warnings) = try await foreignKeys(found, in: transaction)
      warnings += try await indexWarnings(in: transaction)
    } catch {
      throw .wrapping(error, "cannot check the table for hazards", at: "\(table.name)")
    }
    for hazard in found {
      if hazard.isAcceptable, source.acceptedHazards.contains(hazard.name) {
        warnings.append("accepted hazard \(hazard.name): \(hazard.cause)")
        continue
      }
      throw OperationError(
        .failed, "refused: \(hazard.name)", at: "\(table.name)", cause: hazard.cause,
        hint: hazard.isAcceptable ? "\(hazard.hint), or accept it with hazards: [\(hazard.name)]" : hazard.hint)
    }
    return warnings
  }

  private var structuralHazards: [Hazard] {
    var found: [Hazard] = []
    if table.kind != "r" || table.name.schema.hasPrefix("pg_") || table.name.schema == "information_schema" {
      let kinds = ["v": "a view", "m": "a materialized view", "f": "a foreign table", "p": "a partitioned table"]
      found.append(
        Hazard(
          name: "not-a-table", cause: "it is \(kinds[table.kind] ?? "no ordinary table")",
          hint: table.kind == "p" ? "name its leaf partitions in tables:" : "name the table that holds the rows",
          isAcceptable: false))
    } else if table.primaryKey.isEmpty {
      found.append(
        Hazard(
          name: "no-primary-key", cause: "the table has no primary key, so its rows cannot be deleted one by one",
          hint: "add one: ALTER TABLE \(table.quotedName) ADD PRIMARY KEY (…)", isAcceptable: false))
    }
    for column in table.columns where ["_archived_at", "_batch_id", "_raw"].contains(column.name) {
      found.append(
        Hazard(
          name: "reserved-column", cause: "column \(column.name) has a name that the archive's rows need",
          hint: "rename the column", isAcceptable: false))
    }
    return found
  }

  private func roleHazards(in transaction: Transaction) async throws -> [Hazard] {
    let result = try await transaction.execute(
      """
      SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.row_security_active(c.oid),
        pg_catalog.has_table_privilege(c.oid, 'SELECT'), pg_catalog.has_table_privilege(c.oid, 'DELETE'),
        pg_catalog.has_any_column_privilege(c.oid, 'UPDATE'), c.relpersistence = 't', pg_catalog.quote_ident(current_user)
      FROM pg_catalog.pg_class AS c WHERE c.oid = \(table.oid)
      """)
    guard let row = result.rows.first else { return [] }
    var found: [Hazard] = []
    if row[0] == "t" {
      found.append(
        Hazard(
          name: "standby", cause: "the server is in recovery, where nothing can be deleted",
          hint: "connect to the primary", isAcceptable: false))
    }
    if row[1] == "t" {
      found.append(
        Hazard(
          name: "row-security", cause: "row security policies would hide rows from this role",
          hint: "use a role with BYPASSRLS or the table's owner", isAcceptable: true))
    }
    let missing = zip(["SELECT", "DELETE", "UPDATE"], row[2...4]).filter { $0.1 != "t" }.map(\.0)
    if !missing.isEmpty {
      let role = row[6] ?? "<role>"
      let grants = missing.map { name in
        // FOR UPDATE asks for UPDATE on one column only; the smallest grant is on the key.
        let column = table.primaryKeyNames.first.map { " (\(SQLText.identifier($0)))" } ?? ""
        return "\(name)\(name == "UPDATE" ? column : "")"
      }
      found.append(
        Hazard(
          name: "missing-privilege", cause: "the role lacks \(missing.joined(separator: ", ")) on the table",
          hint: "GRANT \(grants.joined(separator: ", ")) ON \(table.quotedName) TO \(role)", isAcceptable: false))
    }
    if row[5] == "t" {
      found.append(
        Hazard(
          name: "not-a-table", cause: "it is a temporary table", hint: "archive permanent tables only",
          isAcceptable: false))
    }
    return found
  }

  private func deleteHazards(in transaction: Transaction) async throws -> [Hazard] {
    // tgtype bit 3 is DELETE (PostgreSQL source, catalog/pg_trigger.h); ev_type '4' is DELETE.
    let triggers = try await transaction.execute(
      """
      SELECT pg_catalog.quote_ident(tgname) FROM pg_catalog.pg_trigger
      WHERE tgrelid = \(table.oid) AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 8 <> 0 ORDER BY 1
      """)
    let rules = try await transaction.execute(
      """
      SELECT pg_catalog.quote_ident(rulename) FROM pg_catalog.pg_rewrite
      WHERE ev_class = \(table.oid) AND ev_type = '4' AND ev_enabled <> 'D' ORDER BY 1
      """)
    func names(_ result: QueryResult) -> String { result.rows.compactMap { $0[0] }.joined(separator: ", ") }
    var found: [Hazard] = []
    if !triggers.rows.isEmpty {
      found.append(
        Hazard(
          name: "delete-trigger", cause: "triggers fire on DELETE: \(names(triggers))",
          hint: "disable them for this role's deletes", isAcceptable: true))
    }
    if !rules.rows.isEmpty {
      found.append(
        Hazard(
          name: "delete-rule", cause: "rules rewrite DELETE: \(names(rules))", hint: "drop the rules",
          isAcceptable: true))
    }
    return found
  }

  /// Foreign keys that point to the table or to what it is a part of.
  private func foreignKeys(_ found: [Hazard], in transaction: Transaction) async throws -> ([Hazard], [String]) {
    let result = try await transaction.execute(
      """
      WITH RECURSIVE family(oid) AS (
        SELECT \(table.oid)::pg_catalog.oid
        UNION SELECT i.inhparent FROM pg_catalog.pg_inherits AS i JOIN family AS f ON f.oid = i.inhrelid)
      SELECT pg_catalog.quote_ident(conname), conrelid::pg_catalog.regclass::text, confdeltype
      FROM pg_catalog.pg_constraint WHERE contype = 'f' AND confrelid IN (SELECT oid FROM family) ORDER BY 1, 2
      """)
    var hazards = found
    var warnings: [String] = []
    for row in result.rows {
      let key = "\(row[0] ?? "") of \(row[1] ?? "")"
      let actions = [
        "c": "deletes its rows", "n": "sets its columns to null", "d": "sets its columns to their defaults",
      ]
      if let action = row[2].flatMap({ actions[$0] }) {
        hazards.append(
          Hazard(
            name: "foreign-key-action", cause: "foreign key \(key) \(action) when rows are deleted here",
            hint: "make it ON DELETE RESTRICT, or archive the referencing table first", isAcceptable: true))
      } else {
        warnings.append("foreign key \(key) forbids the delete of rows that are referenced")
      }
    }
    return (hazards, warnings)
  }

  private func indexWarnings(in transaction: Transaction) async throws -> [String] {
    guard let time = table.index(of: source.timestampColumn) else { return [] }
    let column = table.columns[time].name
    let result = try await transaction.execute(
      """
      SELECT FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = \(table.oid) AND i.indisvalid AND i.indpred IS NULL AND a.attname = $1
      """, [.text(column)])
    guard result.rows.isEmpty else { return [] }
    let columns = ([column] + table.primaryKeyNames.filter { $0 != column }).map(SQLText.identifier)
    return [
      "no index leads with \(column), so every batch reads the whole table: "
        + "CREATE INDEX CONCURRENTLY ON \(table.quotedName) (\(columns.joined(separator: ", ")))"
    ]
  }
}
