import ArchiveModel
import Postgres

/// Batches whose delete is undone, or whose rows stand elsewhere, leave the ledger.
extension Ledger {
  /// Takes the batch out; false when it was not there.
  ///
  /// Throws a permission error with the GRANT to run when the role may not, and one of category `failed` when the entry
  /// stays, or is of another manifest.
  func remove(_ batch: UUIDv7, manifestSHA256: String, in transaction: Transaction) async throws -> Bool {
    guard try await entry(batch, in: transaction) != nil else { return false }
    let rights = try await transaction.execute(
      """
      SELECT pg_catalog.has_table_privilege(pg_catalog.to_regclass($1), 'DELETE'),
        pg_catalog.quote_ident(current_user)
      """, [.text(table)])
    guard rights.rows.first?[0] == "t" else {
      throw OperationError(
        .permission, "cannot take the batch out of the ledger", at: "batch \(batch)",
        cause: "the role may not delete from \(table)",
        hint: "run: GRANT DELETE ON \(table) TO \((rights.rows.first?[1]) ?? "<role>"), then this again; "
          + "nothing else needs that privilege")
    }
    try await transaction.execute(
      "DELETE FROM \(table) WHERE batch_id = $1::pg_catalog.uuid AND manifest_sha256 = $2",
      [.text(batch.description), .text(manifestSHA256)])
    guard let left = try await entry(batch, in: transaction) else { return true }
    throw OperationError(
      .failed, "cannot take the batch out of the ledger", at: "batch \(batch)",
      cause: left.manifestSHA256 == manifestSHA256
        ? "its row is in \(table) after it was deleted" : "\(table) has it with another manifest",
      hint: left.manifestSHA256 == manifestSHA256
        ? "look for rules and triggers of \(table)" : "run `archiver verify --level database`")
  }
}
