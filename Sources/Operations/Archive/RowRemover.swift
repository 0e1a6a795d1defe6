import ArchiveModel
import Hashing
import Postgres
import RowCodec

/// Deletes the rows of a verified batch and records it, inside the transaction that holds their locks.
struct RowRemover: Sendable {
  let rows: EligibleRows
  let ledger: Ledger?

  /// What the batch becomes once the transaction commits.
  struct Removal: Sendable {
    var manifest: Manifest
    var document: [UInt8]
    var sha256: String
  }

  /// Deletes exactly the fetched keys, inserts the ledger row and lets deferred constraints speak.
  ///
  /// Throws, so that the transaction rolls back, unless the server deletes as many rows as were fetched.
  func remove(
    _ batch: VerifiedBatch, keys: [KeyArray], committedAt: Timestamp, in transaction: Transaction
  ) async throws(OperationError) -> Removal {
    let place = "\(batch.prepared.source.name), batch \(batch.prepared.batchID)"
    do {
      let deleted = try await transaction.execute(rows.delete, rows.deleteParameters(keys)).affectedRowCount
      guard deleted == batch.prepared.counts.fetched else {
        throw OperationError(
          .failed, "the delete does not match the batch", at: place,
          cause: "\(batch.prepared.counts.fetched) rows were fetched and \(deleted) deleted; all of it is rolled back",
          hint: "look for triggers or rules on DELETE, or changes of the primary key")
      }
      // Only now, as the delete's own lock keeps the table as it is until the end.
      guard try await TableFingerprint.read(rows.relation.oid, in: transaction) == rows.fingerprint else {
        throw OperationError(
          .tryAgain, "the table was altered during the run", at: place,
          cause:
            "its columns, constraints, triggers or rules are not those that were checked; the batch is rolled back",
          hint: "run it again: what was archived before stays")
      }
      let manifest = batch.prepared.committed(at: committedAt)
      let document = try ArchiveDocument.encode(manifest)
      let sha256 = SHA256.hash(document.span).hex
      let insertion = ledger.map { $0.insertion(manifest, sha256: sha256, committedAt: committedAt) + "; " } ?? ""
      try await transaction.execute(insertion + "SET CONSTRAINTS ALL IMMEDIATE")
      return Removal(manifest: manifest, document: document, sha256: sha256)
    } catch let error as PostgresError where error.sqlState == "23503" {
      throw OperationError(
        .failed, "rows of the batch are still referenced", at: place, cause: error.description,
        hint: "exclude them with a condition such as where: NOT EXISTS (SELECT FROM the referencing table …)")
    } catch let error as PostgresError where error.isUnknownName {
      throw OperationError(
        .failed, "cannot delete the batch's rows", at: place, cause: error.description,
        hint: PostgresError.unknownNameHint)
    } catch {
      throw .wrapping(error, "cannot delete the batch's rows", at: place)
    }
  }
}
