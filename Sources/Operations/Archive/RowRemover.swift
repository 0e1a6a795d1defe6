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
    _ batch: VerifiedBatch, keys: [KeyArray], locations: KeyArray?, committedAt: Timestamp, in transaction: Transaction
  ) async throws(OperationError) -> Removal {
    let place = "\(batch.prepared.source.name), batch \(batch.prepared.batchID)"
    do {
      let parameters = rows.keyParameters(keys)
      let before = rows.mayActOnDelete ? try await DeletedTuples.read(rows.table, in: transaction) : nil
      if rows.deletesByLocation { try await transaction.execute("SET LOCAL enable_seqscan = off") }
      let deleted = try await transaction.execute(rows.delete, parameters + rows.locationParameters(locations))
        .affectedRowCount
      guard deleted == batch.prepared.counts.fetched else {
        throw OperationError(
          .failed, "the delete does not match the batch", at: place,
          cause: "\(batch.prepared.counts.fetched) rows were fetched and \(deleted) deleted; all of it is rolled back",
          hint: "look for triggers or rules on DELETE, or changes of the primary key")
      }
      if rows.deletesByLocation { try await transaction.execute("SET LOCAL enable_seqscan TO DEFAULT") }
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
      try await record(manifest, sha256, committedAt, in: transaction)
      if let before {
        try await lookForRows(parameters, at: place, in: transaction)
        let after = try await DeletedTuples.read(rows.table, since: before, in: transaction)
        try after.check(since: before, expected: batch.prepared.counts.fetched, at: place)
      }
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

  /// Inserts the ledger row, lets deferred constraints speak, and looks whether the row is there: in one round trip.
  private func record(
    _ manifest: Manifest, _ sha256: String, _ committedAt: Timestamp, in transaction: Transaction
  ) async throws {
    guard let ledger else {
      try await transaction.execute("SET CONSTRAINTS ALL IMMEDIATE")
      return
    }
    let count = try await transaction.execute(
      """
      \(ledger.insertion(manifest, sha256: sha256, committedAt: committedAt)); SET CONSTRAINTS ALL IMMEDIATE; \
      \(ledger.confirmation(manifest, sha256: sha256))
      """)
    guard count.rows.first?.first == "1" else {
      throw OperationError(
        .failed, "the ledger did not take the batch", at: "\(manifest.source.name), batch \(manifest.batchID)",
        cause: "after the INSERT its row is not in \(ledger.schema).batch; all of it is rolled back",
        hint: "look for rules, triggers or policies on \(ledger.schema).batch, and drop them")
    }
  }

  /// The command tag counts what a statement did, which after a rule or trigger need not be what is gone from the table.
  private func lookForRows(
    _ keys: [Parameter], at place: String, in transaction: Transaction
  ) async throws {
    let count = try await transaction.execute(rows.countByKey, keys).rows.first?.first ?? nil
    guard count != "0" else { return }
    throw OperationError(
      .failed, "deleted rows are still in the table", at: place,
      cause: "\(count ?? "unknown") rows have keys that were just deleted; all of it is rolled back",
      hint: "an accepted trigger, rule or foreign key action keeps them or puts them back: see what fires on DELETE")
  }
}
