import Postgres

/// A short form of what a run has checked of a table, to tell whether the table was altered since.
///
/// Without it, a column added between two batches would leave with its rows, unread.
enum TableFingerprint {
  /// Covers the name, columns, constraints to and from the table, triggers, rules, row security and whether this connection
  /// passes as a replica. Throws what `Transaction.execute` does.
  ///
  /// Definitions are taken as the catalog stores them: printed, they would depend on `search_path`.
  static func read(_ oid: UInt32, in transaction: Transaction) async throws(PostgresError) -> String {
    // Generated columns came with 12.
    let generated = await transaction.connection.serverVersion >= 120000 ? "attgenerated" : "''"
    let result = try await transaction.execute(
      """
      SELECT pg_catalog.md5(pg_catalog.concat_ws('/',
        pg_catalog.current_setting('session_replication_role') = 'replica',
        (SELECT pg_catalog.concat_ws(
            ',', relnamespace, pg_catalog.quote_ident(relname), relkind, relrowsecurity, relforcerowsecurity)
          FROM pg_catalog.pg_class WHERE oid = \(oid)),
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(
            ',', attnum, pg_catalog.quote_ident(attname), atttypid, atttypmod, attnotnull, attisdropped, attidentity,
            \(generated)),
          ';' ORDER BY attnum) FROM pg_catalog.pg_attribute WHERE attrelid = \(oid) AND attnum > 0),
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(
            ',', oid, contype, condeferrable, condeferred, confdeltype, conkey::text, confrelid, confkey::text,
            conbin::text), ';' ORDER BY oid)
          FROM pg_catalog.pg_constraint WHERE conrelid = \(oid) OR confrelid = \(oid)),
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(
            ',', oid, tgenabled, tgtype, tgfoid, tgattr::text, tgargs::text, tgqual::text, tgdeferrable, tginitdeferred),
          ';' ORDER BY oid) FROM pg_catalog.pg_trigger WHERE tgrelid = \(oid) AND NOT tgisinternal),
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(
            ',', oid, ev_enabled, ev_type, is_instead, ev_qual::text, ev_action::text), ';' ORDER BY oid)
          FROM pg_catalog.pg_rewrite WHERE ev_class = \(oid)),
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(
            ',', oid, polcmd, polpermissive, polroles::text, polqual::text), ';' ORDER BY oid)
          FROM pg_catalog.pg_policy WHERE polrelid = \(oid))))
      """)
    return result.rows.first?.first.flatMap { $0 } ?? ""
  }
}
