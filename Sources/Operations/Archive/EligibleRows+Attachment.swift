import ArchiveModel
import Postgres

extension EligibleRows {
  /// Throws when the relation is no longer a leaf of the table. To be asked while rows of it are locked, which keeps it
  /// attached until the transaction ends.
  func checkAttachment(in transaction: Transaction) async throws(OperationError) {
    guard relation.oid != table.oid else { return }
    let isAttached = TableCatalog.isAttached("i", serverVersion: await transaction.connection.serverVersion)
    do {
      let result = try await transaction.execute(
        """
        WITH RECURSIVE chain (oid) AS (
          SELECT pg_catalog.to_regclass($1)::pg_catalog.oid
          UNION ALL
          SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN chain c ON c.oid = i.inhrelid AND \(isAttached)
        )
        SELECT FROM chain WHERE oid = $2::pg_catalog.oid
        """, [.text(relation.quotedName), .text(String(table.oid))])
      guard result.rows.isEmpty else { return }
    } catch {
      throw .wrapping(error, "cannot tell whether the partition is attached", at: relation.quotedName)
    }
    throw OperationError(
      .failed, "cannot archive the partition", at: "\(table.name), \(relation.quotedName)",
      cause: "it was detached or replaced meanwhile", hint: "run it again; its rows were left alone")
  }
}
