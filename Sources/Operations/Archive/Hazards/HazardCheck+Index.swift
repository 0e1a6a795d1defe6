import ArchiveModel
import Postgres

/// Whether batches find their rows without reading everything.
extension HazardCheck {
  func findMissingIndexes(_ findings: inout HazardFindings) async throws {
    guard let time = table.index(of: source.timestampColumn),
      !source.acceptedHazards.contains(Hazard.Kind.noIndex.rawValue)
    else { return }
    let column = table.columns[time].name
    // Only a B-tree gives the rows in order.
    let result = try await transaction.execute(
      """
      SELECT i.indrelid FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'btree'
      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = ANY ($1::pg_catalog.oid[]) AND i.indisvalid AND i.indpred IS NULL AND a.attname = $2
      """, [relationParameter, .text(column)])
    let indexed = Set(result.rows.compactMap { $0[0].flatMap { UInt32($0) } })
    let bare = relations.filter { !indexed.contains($0.oid) }
    guard !bare.isEmpty else { return }
    let columns = ([column] + table.primaryKeyNames.filter { $0 != column }).map(SQLText.identifier)
    let statements = bare.map { "CREATE INDEX CONCURRENTLY ON \($0.quotedName) (\(columns.joined(separator: ", ")))" }
    guard !isWholeTable else {
      findings.warn("no index leads with \(column), so every batch reads the whole table: \(statements[0])")
      return
    }
    // A partitioned table takes no CONCURRENTLY; its leaves do, one by one.
    findings.warn(
      "no index leads with \(column) in \(bare.count) of \(relations.count) partitions, so every batch reads the whole "
        + "partition: \(statements.prefix(3).joined(separator: "; "))\(bare.count > 3 ? "; …" : "")")
  }
}
