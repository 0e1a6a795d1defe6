import Postgres

/// What the running transaction has taken from a table and everything below it, by the server's own account.
///
/// A trigger, a rule or a cascade that the operator has accepted may delete rows of the archived table that were never
/// fetched; no command tag tells of them.
struct DeletedTuples: Sendable {
  /// Rows deleted so far, whatever statement or function did it.
  private var count = 0
  /// By OID, the file of each relation that holds rows: another one follows TRUNCATE, which counts as no delete.
  private var files: [String: String] = [:]

  /// Reads the account of the table, its partitions and its inheritance children, as this transaction sees it.
  ///
  /// The server keeps it for each of its processes, and only under `track_counts`. What a subtransaction deleted stays in
  /// it when that is undone, so that it may tell of too many rows, never of too few.
  ///
  /// What the `earlier` account told of is looked at again even where it was detached from the table meanwhile.
  static func read(
    _ table: TableDescription, since earlier: DeletedTuples? = nil, in transaction: Transaction
  ) async throws(PostgresError) -> DeletedTuples {
    let known = earlier.map { "{\($0.files.keys.joined(separator: ","))}" } ?? "{}"
    let result = try await transaction.execute(
      """
      WITH RECURSIVE tree (oid) AS (
        SELECT pg_catalog.unnest($1::pg_catalog.oid || $2::pg_catalog.oid[])
        UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree t ON t.oid = i.inhparent
      )
      SELECT c.oid, pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid), c.relfilenode
      FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid WHERE c.relkind = 'r'
      """, [.text(String(table.oid)), .text(known)])
    var deleted = DeletedTuples()
    for row in result.rows {
      guard let oid = row[0], let file = row[2] else { continue }
      deleted.count += row[1].flatMap { Int($0) } ?? 0
      deleted.files[oid] = file
    }
    return deleted
  }

  /// Throws unless exactly `expected` rows were deleted since `earlier`, and every relation kept its file.
  func check(since earlier: DeletedTuples, expected: Int, at place: String) throws(OperationError) {
    guard earlier.files.allSatisfy({ files[$0.key] == $0.value }) else {
      var error = OperationError(
        .failed, "the table was emptied or changed during the delete", at: place,
        cause: "a relation that holds its rows was truncated, rewritten or dropped; the batch is rolled back",
        hint: Self.hint)
      // Another transaction may have done it to another partition.
      error.isTransient = true
      throw error
    }
    guard count - earlier.count == expected else {
      throw OperationError(
        .failed, "the delete took other rows of the table", at: place,
        cause:
          "\(expected) rows were fetched, and the server counts \(count - earlier.count) as deleted from the table; "
          + "all of it is rolled back",
        hint: Self.hint)
    }
  }

  private static let hint =
    "an accepted trigger, rule or foreign key action does it: see what fires on DELETE, and have it spare this table"
}
