import Postgres

/// What a restore must know of its target beyond the columns and the key.
struct TargetFacts: Sendable {
  /// The sequences of the target's columns.
  var sequences: [ColumnSequence] = []
  /// Whether row-level security is on for the target or one of its partitions: COPY FROM refuses such a table.
  var hasRowSecurity = false
  /// Whether its policies apply to this role, so that it may not see all rows.
  var isRowSecurityActive = false
  /// What the primary key is declared as, DEFERRABLE or (since 18) WITHOUT OVERLAPS, where ON CONFLICT cannot go by it.
  var keyObstacle: String?
  /// Whether a foreign key leads from the target, or one of its partitions, to one of these.
  var refersToItself = false
  /// Whether it, or one of its partitions, has a unique index or an exclusion constraint beside the primary key.
  var hasFurtherUniqueness = false

  /// Columns of composite types, or of arrays, ranges and domains over them: the types may have other attributes by now.
  var compositeColumns: Set<String> = []

  static func read(of target: TableDescription, in transaction: Transaction) async throws -> TargetFacts {
    let found = try await transaction.execute(
      """
      WITH RECURSIVE family (relation) AS (
        SELECT $1::pg_catalog.oid
        UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN family f ON f.relation = i.inhparent)
      SELECT EXISTS (SELECT FROM pg_catalog.pg_class JOIN family ON relation = oid WHERE relrowsecurity),
        pg_catalog.row_security_active($1::pg_catalog.oid),
        (SELECT CASE WHEN NOT indimmediate THEN 'DEFERRABLE' WHEN indisexclusion THEN 'WITHOUT OVERLAPS' END
          FROM pg_catalog.pg_index WHERE indrelid = $1::pg_catalog.oid AND indisprimary),
        EXISTS (SELECT FROM pg_catalog.pg_constraint JOIN family ON relation = conrelid
          WHERE contype = 'f' AND confrelid IN (SELECT relation FROM family)),
        EXISTS (SELECT FROM pg_catalog.pg_index JOIN family ON relation = indrelid
          WHERE (indisunique OR indisexclusion) AND NOT indisprimary)
      """, [.text(String(target.oid))])
    let row = found.rows.first ?? []
    guard row.count == 5 else {
      throw OperationError(
        .defect, "cannot read the catalog", at: target.quotedName, cause: "the server gave no row")
    }
    return TargetFacts(
      sequences: try await SequenceMover.sequences(of: target, in: transaction), hasRowSecurity: row[0] == "t",
      isRowSecurityActive: row[1] == "t", keyObstacle: row[2], refersToItself: row[3] == "t",
      hasFurtherUniqueness: row[4] == "t",
      compositeColumns: Set(
        try await transaction.execute(compositeQuery, [.text(String(target.oid))]).rows.compactMap { $0[0] }))
  }

  private static let compositeQuery = """
    WITH RECURSIVE walk (name, type) AS (
      SELECT a.attname, a.atttypid FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
      UNION SELECT w.name, d.refobjid FROM walk w JOIN pg_catalog.pg_type t ON t.oid = w.type
      JOIN LATERAL (
        SELECT t.typbasetype AS refobjid WHERE t.typbasetype <> 0
        UNION ALL SELECT e.oid FROM pg_catalog.pg_type e WHERE e.typarray = t.oid
        UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) d ON true)
    SELECT DISTINCT w.name FROM walk w JOIN pg_catalog.pg_type t ON t.oid = w.type WHERE t.typtype = 'c'
    """
}
