import ArchiveModel
import Hashing
import ObjectStore
import Postgres

extension ReturnedBatches {
  /// Where a batch's rows are, each just as it was archived.
  struct Standing: Sendable {
    var inTableCount: Int
    /// Rows that are neither in the table nor in a later batch.
    var missingCount: Int
    /// The later batches that hold rows which the table lacks.
    var holders: [UUIDv7]
    /// It was taken out of the ledger.
    var leftLedger = false

    /// For a sentence.
    var place: String {
      let batches = holders.map(\.description).joined(separator: ", ")
      return holders.isEmpty ? "the table" : inTableCount == 0 ? batches : "the table or in \(batches)"
    }
  }

  /// Looks for a batch's rows; when every one is found, takes the batch out of `ledger`, if there is one. By key alone no row
  /// is found: where ids are given anew, or rows were changed before they were archived, the batch holds the only copy.
  ///
  /// One transaction sees the rows and takes out the entry: after a failover another server may have neither.
  func release(
    _ batch: ArchivedBatch, _ rows: RowDigests, from ledger: Ledger?, _ later: LaterBatches
  ) async throws(OperationError) -> Standing {
    do {
      return try await withTransaction(readOnly: ledger == nil) { transaction in
        var rest = rows
        if batch.manifest.primaryKey == table.primaryKeyNames { try await rest.subtract(table, in: transaction) }
        let inTableCount = rows.missing.count - rest.missing.count
        let (missing, holders) = try await later.subtract(from: rest, of: batch.manifest)
        var standing = Standing(
          inTableCount: inTableCount, missingCount: missing.missing.count, holders: holders.map(\.manifest.batchID))
        if standing.missingCount == 0, let ledger {
          standing.leftLedger = try await ledger.remove(
            batch.manifest.batchID, manifestSHA256: batch.sha256.hex, in: transaction)
          if standing.leftLedger { try await enter(holders, into: ledger, in: transaction) }
        }
        return standing
      }
    } catch {
      throw .wrapping(error, "cannot compare the rows of batch \(batch.manifest.batchID)", at: "\(table.name)")
    }
  }

  /// Enters the batches that stand for one that left the ledger: the delete of its rows is that of theirs now. One of which
  /// the table has a row is not entered: it may have come back.
  private func enter(_ holders: [ArchivedBatch], into ledger: Ledger, in transaction: Transaction) async throws {
    let unknown = Set(try await ledger.unknown(holders.map(\.manifest.batchID), in: transaction))
    for holder in holders where unknown.contains(holder.manifest.batchID) {
      let manifest = holder.manifest
      guard let committedAt = manifest.committedAt, manifest.primaryKey == table.primaryKeyNames else { continue }
      let keys = try await ArchivedKeys.read(manifest, from: store)
      guard try await KeyLookup(table: table).missing(keys, in: transaction).count == keys.count else { continue }
      try await transaction.execute(
        ledger.insertion(manifest, sha256: holder.sha256.hex, committedAt: committedAt) + " ON CONFLICT DO NOTHING")
    }
  }
}
