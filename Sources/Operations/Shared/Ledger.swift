package import ArchiveModel
import Postgres

/// The small table in the source database whose rows exist exactly where the deletes exist.
package struct Ledger: Sendable {
  package let schema: String

  package init(schema: String) {
    self.schema = schema
  }

  /// One committed batch as the ledger has it.
  package struct Entry: Sendable, Equatable {
    package var batchID: UUIDv7
    package var manifestSHA256: String
    package var committedAt: Timestamp
  }

  /// Key of the advisory lock under which the ledger is created: the letters `archledg` as a number.
  private static let creationLockKey: Int64 = 0x6172_6368_6C65_6467

  /// The quoted name.
  var table: String { SQLText.identifier(schema) + ".batch" }

  /// What creates it; an administrator runs these where the archiver's role may not.
  package var creation: [String] {
    [
      "CREATE SCHEMA IF NOT EXISTS \(SQLText.identifier(schema))",
      """
      CREATE TABLE IF NOT EXISTS \(table) (batch_id uuid PRIMARY KEY, run_id uuid NOT NULL, "table" text NOT NULL, \
      "rows" bigint NOT NULL, manifest_sha256 text NOT NULL, committed_at timestamptz NOT NULL)
      """,
    ]
  }

  /// Whether the table exists.
  func exists(in transaction: Transaction) async throws(PostgresError) -> Bool {
    let result = try await transaction.execute(
      "SELECT pg_catalog.to_regclass($1) IS NOT NULL", [.text(table)])
    return result.rows.first?.first == "t"
  }

  /// Throws a configuration error unless what bears the ledger's name keeps its rows through a crash.
  func checkDurability(in transaction: Transaction, at place: String) async throws(OperationError) {
    let row: [String?]?
    do {
      row = try await transaction.execute(
        "SELECT relkind, relpersistence FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass($1)", [.text(table)]
      ).rows.first
    } catch {
      throw .wrapping(error, "cannot look at the ledger", at: place)
    }
    guard let row, row != ["r", "p"] else { return }
    let isUnlogged = row == ["r", "u"]
    throw OperationError(
      .configuration, "cannot use the ledger", at: place,
      cause: "\(schema).batch is \(isUnlogged ? "an unlogged table, which a crash empties" : "no permanent table")",
      hint: isUnlogged ? "run: ALTER TABLE \(table) SET LOGGED" : "set ledger: to a schema of its own")
  }

  /// Creates the table when it is missing. Throws a permission error with the SQL to run when the role may not, and a
  /// configuration error for one that would not last.
  func create(over connection: Connection, database: String) async throws(OperationError) {
    do {
      try await connection.withTransaction { transaction in
        if try await exists(in: transaction) {
          return try await checkDurability(in: transaction, at: database)
        }
        // IF NOT EXISTS does not hold between two that create at once: one at a time, then look again.
        try await transaction.execute("SELECT pg_catalog.pg_advisory_xact_lock(\(Self.creationLockKey))")
        if try await exists(in: transaction) { return }
        // CREATE SCHEMA IF NOT EXISTS asks for the right to create even where the schema is there.
        let schemaResult = try await transaction.execute(
          "SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", [.text(schema)])
        for statement in creation.dropFirst(schemaResult.rows.isEmpty ? 0 : 1) {
          try await transaction.execute(statement)
        }
      }
    } catch let error as PostgresError where error.sqlState == "42501" {
      throw OperationError(
        .permission, "cannot create the ledger", at: database, cause: error.description,
        hint: "have an administrator run: \(creation.joined(separator: "; ")); "
          + "GRANT USAGE ON SCHEMA \(SQLText.identifier(schema)) TO <role>; GRANT SELECT, INSERT ON \(table) TO <role>"
          + " — or set ledger: none")
    } catch {
      throw .wrapping(error, "cannot create the ledger", at: database)
    }
  }

  /// What records a batch in the transaction that deletes its rows.
  func insertion(_ manifest: Manifest, sha256: String, committedAt: Timestamp) -> String {
    let name = "\(manifest.source.schema).\(manifest.source.table)"
    return """
      INSERT INTO \(table) (batch_id, run_id, "table", "rows", manifest_sha256, committed_at) VALUES \
      ('\(manifest.batchID)', '\(manifest.runID)', \(SQLText.literal(name)), \(manifest.counts.fetched), '\(sha256)', \
      '\(committedAt.sqlText)')
      """
  }

  /// What tells how many rows of the ledger record the batch just so; rules and triggers can make that none.
  func confirmation(_ manifest: Manifest, sha256: String) -> String {
    "SELECT count(*) FROM \(table) WHERE batch_id = '\(manifest.batchID)' AND manifest_sha256 = '\(sha256)'"
  }

  /// The oldest batch of an archived table that has an entry; nil when none has.
  func oldest(of name: TableName, in transaction: Transaction) async throws(PostgresError) -> UUIDv7? {
    let result = try await transaction.execute(
      "SELECT batch_id FROM \(table) WHERE \"table\" = $1 ORDER BY batch_id LIMIT 1",
      [.text("\(name.schema).\(name.table)")])
    return (result.rows.first?.first ?? nil).flatMap { UUIDv7($0) }
  }

  /// Those of `batches` that have no entry.
  func unknown(
    _ batches: some Sequence<UUIDv7>, in transaction: Transaction
  ) async throws(PostgresError) -> [UUIDv7] {
    let result = try await transaction.execute(
      """
      SELECT b.id FROM pg_catalog.unnest($1::pg_catalog.uuid[]) AS b (id)
      WHERE NOT EXISTS (SELECT FROM \(table) AS l WHERE l.batch_id = b.id)
      """, [.text(ArrayText.array(of: batches.map(\.description)))])
    return result.rows.compactMap { row in row[0].flatMap { UUIDv7($0) } }
  }

  /// The batch's entry; nil when its delete is not in this database.
  func entry(_ batch: UUIDv7, in transaction: Transaction) async throws(PostgresError) -> Entry? {
    let result = try await transaction.execute(
      "SELECT manifest_sha256, committed_at::text FROM \(table) WHERE batch_id = $1::pg_catalog.uuid",
      [.text(batch.description)])
    guard let row = result.rows.first, let sha256 = row[0], let time = row[1].flatMap({ Timestamp($0) }) else {
      return nil
    }
    return Entry(batchID: batch, manifestSHA256: sha256, committedAt: time)
  }
}
