import ArchiveModel
import Postgres

/// What kind of relation it is, and what its columns and key are.
extension HazardCheck {
  /// What makes any further question pointless.
  static func kind(of table: TableDescription, in transaction: Transaction) async throws -> HazardFindings {
    var findings = HazardFindings()
    let kinds = [
      "v": "a view", "m": "a materialized view", "f": "a foreign table", "S": "a sequence", "t": "a TOAST table",
    ]
    let persistence = try await transaction.execute(
      "SELECT relpersistence FROM pg_catalog.pg_class WHERE oid = $1::pg_catalog.oid", [.text(String(table.oid))])
    if let kind = kinds[table.kind] {
      findings.add(.never(.notATable, "it is \(kind)", hint: "name the table that holds the rows"))
    } else if table.name.schema.hasPrefix("pg_") && persistence.rows.first?.first != "t"
      || table.name.schema == "information_schema"
    {
      findings.add(.never(.notATable, "it is a table of the system catalog", hint: "name a table of your own"))
    } else if persistence.rows.first?.first == "t" {
      findings.add(.never(.notATable, "it is a temporary table", hint: "archive permanent tables only"))
    } else if table.primaryKey.isEmpty {
      findings.add(
        .never(
          .noPrimaryKey, "the table has no primary key, so its rows cannot be deleted one by one",
          hint: table.isPartitioned
            ? "add one that holds the partition key: ALTER TABLE \(table.quotedName) ADD PRIMARY KEY (…); or give "
              + "every partition one of the same columns, with the table partitioned by columns that are NOT NULL"
            : "add one: ALTER TABLE \(table.quotedName) ADD PRIMARY KEY (…)"))
    }
    return findings
  }

  func findReservedColumns(_ findings: inout HazardFindings) {
    for column in table.columns where ["_archived_at", "_batch_id", "_raw"].contains(column.name) {
      findings.add(
        .never(
          .reservedColumn, "column \(column.name) has a name that the archive's rows need",
          hint: "rename it: ALTER TABLE \(table.quotedName) RENAME COLUMN \(SQLText.identifier(column.name)) TO …"))
    }
  }

  /// Foreign tables are partitions like others, but no place to delete from.
  static func warnOfForeignLeaves(_ relations: [RowRelation], _ findings: inout HazardFindings) {
    let foreign = relations.filter { $0.kind == "f" }.map(\.quotedName)
    guard !foreign.isEmpty else { return }
    findings.warn("partitions that are foreign tables are left alone: \(names(foreign))")
  }

  /// Rows of inheritance children show up in a query on the parent, but are not the parent's.
  func findInheritanceChildren(_ findings: inout HazardFindings) async throws {
    guard isWholeTable else { return }
    let children = try await transaction.execute(
      """
      SELECT i.inhrelid::pg_catalog.regclass::pg_catalog.text FROM pg_catalog.pg_inherits i
      WHERE i.inhparent = $1::pg_catalog.oid ORDER BY 1
      """, [.text(String(table.oid))]
    ).rows.compactMap { $0[0] }
    guard !children.isEmpty else { return }
    findings.warn(
      "tables inherit from it, whose rows are not taken: \(Self.names(children)); name those to archive in tables:")
  }
}
