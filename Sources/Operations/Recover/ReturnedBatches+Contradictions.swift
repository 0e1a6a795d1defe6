import ArchiveModel
import Hashing
import ObjectStore
import Postgres

/// Marks that another history of the database has left.
extension ReturnedBatches {
  /// What is done about them.
  enum Settling {
    /// Nothing is changed.
    case tell
    /// Those whose rows stand elsewhere are settled, up to the first that stays in doubt.
    case untilDoubt
    case all
  }

  /// Superseded batches that the ledger has: the database is not the one that they were superseded for. It went back, their
  /// rows were archived anew, and then it went forth again, or a standby took over without the last commits.
  ///
  /// Where each row of a batch is in the table or in later batches, just as it was archived, these stand for it. Its entry is
  /// taken out of the ledger, and goes over to those batches, so that no run asks again.
  func contradictions(
    _ listed: TableFiles, _ settling: Settling
  ) async throws(OperationError) -> [RecoverReport.Finding] {
    guard let ledger else { return [] }
    let known = try await known(to: ledger, of: listed.superseded)
    guard !known.isEmpty else { return [] }
    // Batches may have been settled since.
    let files = try await TableFiles.list(table.name, from: store)
    let later = LaterBatches(files, store: store, context: context)
    var findings: [RecoverReport.Finding] = []
    for batch in known {
      let finding: RecoverReport.Finding
      do throws(OperationError) {
        finding = try await contradiction(batch, from: settling == .tell ? nil : ledger, later)
      } catch {
        guard error.category == .data else { throw error }
        finding = self.finding(
          batch.batchID, .inDoubt,
          "the ledger holds it as committed, but it is marked as superseded, and it cannot be read: \(error.description). "
            + "Put it back from a copy; or remove \(batch.key(.superseded)) and its .sig, so that readers see what is left of it"
        )
      }
      findings.append(finding)
      if finding.outcome == .inDoubt, settling != .all { break }
    }
    return findings
  }

  /// Those of the batches that the ledger has.
  private func known(
    to ledger: Ledger, of batches: [BatchFiles]
  ) async throws(OperationError) -> [BatchFiles] {
    do {
      return try await withTransaction { transaction in
        guard try await ledger.exists(in: transaction) else { return [] }
        var known: [BatchFiles] = []
        var rest = batches[...]
        while !rest.isEmpty {
          let part = rest.prefix(Self.chunkSize)
          let unknown = Set(try await ledger.unknown(part.map(\.batchID), in: transaction))
          known += part.filter { !unknown.contains($0.batchID) }
          rest = rest.dropFirst(Self.chunkSize)
        }
        return known
      }
    } catch {
      throw .wrapping(error, "cannot compare the archive with the ledger", at: "\(table.name)")
    }
  }

  /// Throws a data error when the batch or its mark cannot be used.
  private func contradiction(
    _ files: BatchFiles, from ledger: Ledger?, _ later: LaterBatches
  ) async throws(OperationError) -> RecoverReport.Finding {
    let (marker, unsound) = try await MarkerCheck(store: store).superseded(files.batchID, in: files.folder, table.name)
    if let unsound { throw .unsound(unsound) }
    let batch = try await ArchiveReader(store: store).batch(at: files.key(.manifest))
    guard marker?.manifestSHA256 == batch.sha256.hex else {
      throw OperationError(
        .data, "the marker is not sound", at: files.key(.superseded),
        cause: "it is of another manifest than the batch has")
    }
    let rows = try await RowDigests(of: batch.manifest, from: store)
    let standing = try await release(batch, rows, from: ledger, later)
    guard standing.missingCount > 0 else {
      return finding(
        files.batchID, .superseded,
        "the ledger holds it as committed and it is marked as superseded; all its rows are in \(standing.place), as they "
          + "were archived, so that its entry "
          + (ledger == nil
            ? "is to be taken out of the ledger: `archiver recover` does so" : "is taken out of the ledger"))
    }
    let count = batch.manifest.rowCount
    return finding(
      files.batchID, .inDoubt,
      "the ledger holds it as committed, but it is marked as superseded, and \(standing.missingCount) of its \(count) rows "
        + "are neither in the table nor in a later batch as they were archived; if this is the original, remove "
        + "\(files.key(.superseded)) and its .sig, so that readers see it again"
        + (standing.missingCount == count
          ? "" : "; \(count - standing.missingCount) of its rows are then in \(standing.place) as well"))
  }
}
