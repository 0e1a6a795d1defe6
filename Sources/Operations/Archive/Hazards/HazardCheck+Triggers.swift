import ArchiveModel
import Postgres

/// What else would happen on a DELETE.
extension HazardCheck {
  /// Statement triggers fire where they are defined on what the DELETE names, row triggers of a parent as its leaves' clones.
  ///
  /// Before version 15 clones count as internal; they depend on their original then.
  func findTriggers(_ findings: inout HazardFindings) async throws {
    let isClone =
      serverVersion >= 150000
      ? ""
      : """
       OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
          AND d.objid = t.oid AND d.refclassid = 'pg_catalog.pg_trigger'::pg_catalog.regclass)
      """
    // tgtype bit 3 is DELETE (PostgreSQL source, catalog/pg_trigger.h).
    let result = try await transaction.execute(
      """
      SELECT pg_catalog.quote_ident(t.tgname), count(*), coalesce(
        (SELECT p.tgrelid FROM pg_catalog.pg_trigger p WHERE p.tgrelid = $2::pg_catalog.oid AND p.tgname = t.tgname),
        min(t.tgrelid))::pg_catalog.regclass::pg_catalog.text
      FROM pg_catalog.pg_trigger t
      WHERE t.tgrelid = ANY ($1::pg_catalog.oid[]) AND t.tgtype & 8 <> 0 AND \(FiringState.fires("t.tgenabled"))
        AND (NOT t.tgisinternal\(isClone))
      GROUP BY t.tgname ORDER BY t.tgname
      """, [relationParameter, .text(String(table.oid))])
    guard let row = result.rows.first, let first = row[0], let place = row[2] else { return }
    findings.add(
      .acceptable(
        .deleteTrigger, "triggers fire on DELETE: \(Self.names(result.rows.map(describe)))",
        hint: "see what they do; ALTER TABLE \(place) DISABLE TRIGGER \(first) turns one off for everyone"))
  }

  func findRules(_ findings: inout HazardFindings) async throws {
    // ev_type '4' is DELETE.
    let result = try await transaction.execute(
      """
      SELECT pg_catalog.quote_ident(r.rulename), count(*), min(r.ev_class)::pg_catalog.regclass::pg_catalog.text
      FROM pg_catalog.pg_rewrite r
      WHERE r.ev_class = ANY ($1::pg_catalog.oid[]) AND r.ev_type = '4' AND \(FiringState.fires("r.ev_enabled"))
      GROUP BY r.rulename ORDER BY r.rulename
      """, [relationParameter])
    guard let row = result.rows.first, let first = row[0], let place = row[2] else { return }
    findings.add(
      .acceptable(
        .deleteRule, "rules rewrite DELETE: \(Self.names(result.rows.map(describe)))",
        hint: "drop them: DROP RULE \(first) ON \(place)"))
  }

  /// What an accepted hazard does to the table can be told by the server's count alone.
  func findUntrackedCounts(_ findings: inout HazardFindings) async throws {
    let acting = Hazard.Kind.actingOnDelete.filter { source.acceptedHazards.contains($0.rawValue) }
    guard let accepted = acting.first(where: { kind in findings.hazards.contains { $0.kind == kind } }) else { return }
    let setting = try await transaction.execute("SELECT pg_catalog.current_setting('track_counts')")
    guard setting.rows.first?.first != "on" else { return }
    findings.add(
      .never(
        accepted,
        "it is accepted, but the server does not count deleted rows (track_counts is off), so that nothing would show whether "
          + "others of this table are deleted as well",
        hint: "set track_counts = on, which is the default, on the server, the database or the role"))
  }

  private func describe(_ row: [String?]) -> String {
    "\(row[0] ?? "")\(isWholeTable ? "" : " on \(row[1] ?? "") partitions")"
  }
}
