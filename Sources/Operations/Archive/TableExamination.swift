import ArchiveModel
import Postgres

/// What has been found out about a table that may be archived.
struct TableExamination: Sendable {
  let table: TableDescription
  /// The eligible rows, a part for each relation that holds rows of the table.
  var rows: [EligibleRows]
  /// What an operator should know all the same, one sentence each.
  let warnings: [String]

  /// Describes the table, looks for hazards and checks the settings against it. Only reads.
  ///
  /// Throws for hazards that are not accepted, all of them in one error, and a configuration error for settings that do not
  /// fit. Run it in a REPEATABLE READ transaction, so that all counts are of one moment.
  static func run(
    _ source: TableSource, cutoff: Timestamp, held: HeldKeys, in transaction: Transaction
  ) async throws -> TableExamination {
    let table = try await TableCatalog.describe(source.name, in: transaction)
    _ = try await HazardCheck.kind(of: table, in: transaction).judged(source)
    let time = try table.timeColumn(source.timestampColumn)
    if let expected = source.primaryKey, expected != table.primaryKeyNames {
      throw OperationError(
        .configuration, "the primary key differs", at: "\(source.name)",
        cause: "the settings say \(expected), the catalog says \(table.primaryKeyNames)",
        hint: "correct or remove primary_key:")
    }
    let all = try await TableCatalog.relations(of: table, in: transaction)
    let relations = all.filter { $0.kind == "r" }
    var notes = HazardFindings()
    HazardCheck.warnOfForeignLeaves(all, &notes)
    let condition = held.condition(keyColumns: table.keyColumns)
    let heaps = try await heaps(relations, in: transaction)
    var rows: [EligibleRows] = []
    for relation in relations {
      rows.append(
        EligibleRows(
          table: table, relation: relation, source: source, timeColumn: time.index, timeType: time.type, cutoff: cutoff,
          holdCondition: condition, fingerprint: try await TableFingerprint.read(relation.oid, in: transaction),
          isHeap: heaps.contains(relation.oid)))
    }
    let check = HazardCheck(
      table: table, source: source, relations: relations, serverVersion: await transaction.connection.serverVersion,
      transaction: transaction)
    let structure = try await check.structure().judged(source)
    try await transaction.pin(rows.first?.pinnedSettings ?? [])
    if let rows = rows.first { try await SettingsTrial(source: source, transaction: transaction).run(rows) }
    let content = try await check.content(of: rows).judged(source)
    return TableExamination(table: table, rows: rows, warnings: notes.warnings + structure + content)
  }

  /// Those of the relations that PostgreSQL's own table access method keeps; none before 14, where that is of no use.
  private static func heaps(_ relations: [RowRelation], in transaction: Transaction) async throws -> Set<UInt32> {
    guard await transaction.connection.serverVersion >= 140000 else { return [] }
    let result = try await transaction.execute(
      """
      SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_am AS a ON a.oid = c.relam
      WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND a.amname = 'heap'
      """, [.text(ArrayText.array(of: relations.map { String($0.oid) }))])
    return Set(result.rows.compactMap { $0[0].flatMap { UInt32($0) } })
  }

  /// What a transaction for `run` is opened with.
  static func options(_ source: TableSource) -> TransactionOptions {
    // Some hazards take a look at every eligible row.
    TransactionOptions(
      isolation: .repeatableRead, readOnly: true, timeout: max(source.transactionTimeout, .seconds(1800)),
      lockTimeout: source.transactionTimeout)
  }
}
