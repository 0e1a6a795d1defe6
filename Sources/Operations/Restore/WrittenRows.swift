import ArchiveModel
import Postgres

/// Looks whether a batch's rows stand in the target as they were archived, where triggers or rules may have changed them.
struct WrittenRows {
  let plan: RestorePlan
  /// The staging table's name.
  let staging: String
  let onConflict: RestoreRequest.ConflictPolicy

  /// Throws a data error when a staged row that was written is not there, or not with the staged values.
  func check(_ columns: [Manifest.Column], of manifest: Manifest, in transaction: Transaction) async throws {
    let names = try await interferers(in: transaction)
    guard !names.isEmpty else { return }
    let differing = try await transaction.execute(difference(columns)).rows.first?[0] ?? "0"
    guard differing == "0" else {
      throw OperationError(
        .data, "cannot restore the batch", at: "batch \(manifest.batchID) into \(plan.target.quotedName)",
        cause: "\(differing) rows would not be what was archived: \(names.joined(separator: ", ")) changed them",
        hint: "disable them for the time of the restore; nothing of the batch was kept")
    }
  }

  /// What may change the rows on their way: the triggers and rules that act on what is written, named.
  func interferers(in transaction: Transaction) async throws -> [String] {
    let found = try await transaction.execute(interference, [.text(String(plan.target.oid))])
    return found.rows.compactMap { $0[0] }
  }

  /// User triggers and rules that act on the rows written to the target or to its partitions.
  ///
  /// `pg_trigger.tgtype`: 4 on insert, 16 on update; `pg_rewrite.ev_type`: 2 on update, 3 on insert (PostgreSQL's
  /// `catalog/pg_trigger.h` and `nodes/nodes.h`).
  private var interference: String {
    let isUpdating = onConflict == .overwrite
    return """
      WITH RECURSIVE family (relation) AS (
        SELECT $1::pg_catalog.oid
        UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN family f ON f.relation = i.inhparent
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition)
      SELECT DISTINCT 'trigger ' || pg_catalog.quote_ident(tgname) FROM pg_catalog.pg_trigger JOIN family ON relation = tgrelid
      WHERE NOT tgisinternal AND tgenabled = ANY ('{O,A}'::pg_catalog."char"[])
        AND tgtype & \(isUpdating ? 4 | 16 : 4) <> 0
      UNION SELECT 'rule ' || pg_catalog.quote_ident(rulename) FROM pg_catalog.pg_rewrite
      WHERE ev_class = $1::pg_catalog.oid AND ev_enabled = ANY ('{O,A}'::pg_catalog."char"[])
        AND ev_type = ANY ('{\(isUpdating ? "2,3" : "3")}'::pg_catalog."char"[])
      ORDER BY 1
      """
  }

  /// Counts the staged rows that have no equal in the target. A row that `skip` left alone may differ: it is not of this
  /// transaction. A row that `overwrite` found keeps its key as it was.
  private func difference(_ columns: [Manifest.Column]) -> String {
    let compared = onConflict == .overwrite ? columns.filter { !plan.keyColumns.contains($0) } : columns
    func text(_ alias: String) -> String {
      "ROW(\(compared.map { "\(alias).\(SQLText.identifier($0.name))" }.joined(separator: ", ")))::text COLLATE \"C\""
    }
    let matches = plan.keyColumns.map { "s.\(SQLText.identifier($0.name)) = t.\(SQLText.identifier($0.name))" }
    let isOlder = "t.xmin::text <> (pg_catalog.txid_current() % 4294967296)::text"
    return """
      SELECT count(*) FROM \(staging) s WHERE NOT EXISTS (
        SELECT FROM \(plan.target.quotedName) t WHERE \(matches.joined(separator: " AND "))
          AND (\(text("s")) = \(text("t"))\(onConflict == .skip ? " OR \(isOlder)" : "")))
      """
  }
}
