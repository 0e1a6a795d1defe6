import ArchiveModel
import Postgres

/// What the server and the role allow.
extension HazardCheck {
  func findStandby(_ findings: inout HazardFindings) async throws {
    let result = try await transaction.execute("SELECT pg_catalog.pg_is_in_recovery()")
    guard result.rows.first?.first == "t" else { return }
    findings.add(
      .never(
        .standby, "the server is in recovery, where nothing can be deleted",
        hint: "connect to the primary: name it in url:, or add target_session_attrs=read-write to it"))
  }

  /// A replica fires neither foreign keys nor ordinary triggers, and only a superuser may change it back.
  func findReplicaRole(_ findings: inout HazardFindings) async throws {
    let result = try await transaction.execute(
      """
      SELECT s.source, pg_catalog.quote_ident(session_user), pg_catalog.quote_ident(pg_catalog.current_database())
      FROM pg_catalog.pg_settings s WHERE s.name = 'session_replication_role' AND s.setting = 'replica'
      """)
    guard let row = result.rows.first, let source = row[0], let role = row[1], let database = row[2] else { return }
    let wayOut =
      switch source {
      case "user": "run ALTER ROLE \(role) RESET session_replication_role"
      case "database": "run ALTER DATABASE \(database) RESET session_replication_role"
      case "database user": "run ALTER ROLE \(role) IN DATABASE \(database) RESET session_replication_role"
      default: "reset it where it is set: url:, PGOPTIONS or the server's configuration"
      }
    findings.add(
      .never(
        .replicaRole,
        "session_replication_role is replica for this role, so that foreign keys and triggers would not see the delete",
        hint: wayOut))
  }

  /// Rows are read and deleted in the leaves, which have privileges of their own.
  func findMissingPrivileges(_ findings: inout HazardFindings) async throws {
    let result = try await transaction.execute(
      """
      SELECT n.nspname, c.relname, pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
        pg_catalog.has_table_privilege(c.oid, 'SELECT') OR (
          SELECT pg_catalog.bool_and(pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'))
          FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        pg_catalog.has_table_privilege(c.oid, 'DELETE'), pg_catalog.has_any_column_privilege(c.oid, 'UPDATE'),
        pg_catalog.quote_ident(current_user)
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = ANY ($1::pg_catalog.oid[]) ORDER BY n.nspname, c.relname
      """, [relationParameter])
    // FOR UPDATE asks for UPDATE on one column only; the smallest grant is on the key.
    let key = table.primaryKeyNames.first.map { " (\(SQLText.identifier($0)))" } ?? ""
    var lacking: [String] = []
    var grants: [String] = []
    for row in result.rows {
      guard let schema = row[0], let name = row[1], let role = row[6] else { continue }
      let missing = zip(["SELECT", "DELETE", "UPDATE"], row[3...5]).filter { $0.1 != "t" }.map(\.0)
      if row[2] != "t" {
        lacking.append("USAGE on schema \(schema)")
        let grant = "GRANT USAGE ON SCHEMA \(SQLText.identifier(schema)) TO \(role)"
        if !grants.contains(grant) { grants.append(grant) }
      }
      guard !missing.isEmpty else { continue }
      lacking.append("\(missing.joined(separator: ", ")) on \(isWholeTable ? "the table" : "\(schema).\(name)")")
      let list = missing.map { $0 == "UPDATE" ? $0 + key : $0 }.joined(separator: ", ")
      grants.append("GRANT \(list) ON \(SQLText.identifier(schema, name)) TO \(role)")
    }
    if source.limits.maximumReplicaLag != nil, let role = try await roleWithoutStatistics() {
      lacking.append("pg_monitor, which shows how far replicas are behind")
      grants.append("GRANT pg_monitor TO \(role)")
    }
    guard !lacking.isEmpty else { return }
    findings.add(
      .never(
        .missingPrivilege, "the role lacks \(Self.names(lacking))", hint: "run " + grants.joined(separator: "; ")))
  }

  /// The quoted role, when it would see no replica's lag and so take every replica for caught up; else nil.
  private func roleWithoutStatistics() async throws -> String? {
    let row = try await transaction.execute(
      "SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'), pg_catalog.quote_ident(current_user)"
    ).rows.first
    return row?[0] == "t" ? nil : row?[1]
  }

  /// A leaf's own policies decide for who names the leaf, the parent's for who names the parent, as `verify` does.
  func findRowSecurity(_ findings: inout HazardFindings) async throws {
    let result = try await transaction.execute(
      """
      SELECT c.oid::pg_catalog.regclass::pg_catalog.text, pg_catalog.pg_has_role(c.relowner, 'USAGE'),
        pg_catalog.quote_ident(current_user)
      FROM pg_catalog.pg_class c
      WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND pg_catalog.row_security_active(c.oid) ORDER BY 1
      """, [Self.list([table.oid] + relations.map(\.oid).filter { $0 != table.oid })])
    guard let row = result.rows.first else { return }
    let isOwner = row[1] == "t"
    let names = Self.names(result.rows.compactMap { $0[0] })
    findings.add(
      .acceptable(
        .rowSecurity, "row security policies\(isOwner ? ", forced on the owner too," : "") would hide rows of \(names)",
        hint: "ALTER ROLE \(row[2] ?? "<role>") BYPASSRLS"
          + (isOwner ? ", or ALTER TABLE … NO FORCE ROW LEVEL SECURITY" : ", or connect as the table's owner")))
  }
}
