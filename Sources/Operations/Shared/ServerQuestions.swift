import ArchiveModel
import Postgres

/// Asks a server who it is, and what became of its transactions. Needs no privilege beyond what every role has.
enum ServerQuestions {
  /// What the server says of itself and its clock.
  struct Answer: Sendable {
    var identity: ServerIdentity
    var now: Timestamp
  }

  static func identity(in transaction: Transaction) async throws -> Answer {
    let result = try await transaction.execute(
      """
      SELECT d.oid, pg_catalog.pg_postmaster_start_time()::text, pg_catalog.clock_timestamp()::text,
        pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE'),
        NOT pg_catalog.pg_is_in_recovery()
          AND pg_catalog.has_function_privilege('pg_catalog.pg_current_wal_lsn()', 'EXECUTE')
          AND pg_catalog.has_function_privilege('pg_catalog.pg_walfile_name(pg_catalog.pg_lsn)', 'EXECUTE')
      FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
      """)
    guard let row = result.rows.first, let oid = row[0].flatMap({ UInt32($0) }),
      let startedAt = row[1].flatMap({ Timestamp($0) }), let now = row[2].flatMap({ Timestamp($0) })
    else {
      throw OperationError(.defect, "cannot read who the server is", cause: "its answer has another form")
    }
    // Privileges are checked before a statement runs, so that CASE could not guard these.
    let questions = [
      row[3] == "t" ? "(SELECT system_identifier::text FROM pg_catalog.pg_control_system())" : "NULL",
      row[4] == "t" ? "pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn())" : "NULL",
    ]
    let answers = try await transaction.execute("SELECT \(questions.joined(separator: ", "))").rows.first
    // A segment's name begins with the timeline in eight hexadecimal digits.
    let timeline = answers?[1].flatMap { UInt32($0.prefix(8), radix: 16) }
    return Answer(
      identity: ServerIdentity(
        systemIdentifier: answers?[0], databaseOID: oid, timeline: timeline, startedAt: startedAt),
      now: now)
  }

  /// The transaction's own number, assigned now unless a row lock has done so, and its server.
  static func describe(ledger: Ledger?, in transaction: Transaction) async throws -> Manifest.Transaction {
    // Functions of 64-bit numbers under these names came with 13.
    let number =
      await transaction.connection.serverVersion >= 130_000
      ? "pg_catalog.pg_current_xact_id()" : "pg_catalog.txid_current()"
    guard let id = try await transaction.execute("SELECT \(number)::text").rows.first?.first ?? nil else {
      throw OperationError(.defect, "cannot read the transaction's number", cause: "the server gave none")
    }
    return Manifest.Transaction(id: id, ledger: ledger?.schema, server: try await identity(in: transaction).identity)
  }

  /// What became of a transaction of this server's; unknown when it is too old, or was not begun in this history.
  static func status(ofTransaction id: String, in transaction: Transaction) async throws -> SettlementFacts.Status {
    guard let number = UInt64(id) else { return .unknown }
    // Numbers not assigned yet are an error to the functions, which would end this transaction.
    let sql =
      await transaction.connection.serverVersion >= 130_000
      ? """
      SELECT CASE WHEN '\(number)'::pg_catalog.xid8
        < pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())
        THEN pg_catalog.pg_xact_status('\(number)'::pg_catalog.xid8) END
      """
      : """
      SELECT CASE WHEN \(number)
        < pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())
        THEN pg_catalog.txid_status(\(number)) END
      """
    let answer = try await transaction.execute(sql).rows.first?.first ?? nil
    return answer.flatMap(SettlementFacts.Status.init(rawValue:)) ?? .unknown
  }
}
