import Postgres

/// A short form of what a run has checked of a table, to tell whether the table was altered since.
///
/// Without it, a column added between two batches would leave with its rows, unread.
enum TableFingerprint {
  /// Covers the name, columns, constraints to and from the table, triggers, rules and row security. Throws what
  /// `Transaction.execute` does.
  static func read(_ oid: UInt32, in transaction: Transaction) async throws(PostgresError) -> String {
    let result = try await transaction.execute(
      """
      SELECT pg_catalog.md5(pg_catalog.concat_ws('/',
        (SELECT pg_catalog.concat_ws(',', relnamespace, pg_catalog.quote_ident(relname), relkind, relrowsecurity)
          FROM pg_catalog.pg_class WHERE oid = \(oid)),
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(
            ',', attnum, pg_catalog.quote_ident(attname), atttypid, atttypmod, attnotnull, attisdropped),
          ';' ORDER BY attnum) FROM pg_catalog.pg_attribute WHERE attrelid = \(oid) AND attnum > 0),
        (SELECT pg_catalog.string_agg(oid::text, ';' ORDER BY oid) FROM pg_catalog.pg_constraint
          WHERE conrelid = \(oid) OR confrelid = \(oid)),
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(',', oid, tgenabled), ';' ORDER BY oid)
          FROM pg_catalog.pg_trigger WHERE tgrelid = \(oid) AND NOT tgisinternal),
        (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(',', oid, ev_enabled), ';' ORDER BY oid)
          FROM pg_catalog.pg_rewrite WHERE ev_class = \(oid))))
      """)
    return result.rows.first?.first.flatMap { $0 } ?? ""
  }
}
