import ArchiveModel
import Hashing
import ObjectStore

/// Superseded markers that no run record names: of a recovery that was cut short, of a version that named none, or put there
/// by someone else to hide a batch.
extension ReturnedBatches {
  /// Those that the next record may name. Where documents are signed, the signature vouches for a marker; elsewhere, that
  /// every row of its batch is in the table or in newer batches, so that nothing is hidden by it.
  func vouchedMarkers(
    _ markers: [BatchFiles], _ signatures: SignatureCheck, _ later: LaterBatches
  ) async throws(OperationError) -> (named: [RunRecord.DocumentReference], doubts: [RecoverReport.Finding]) {
    var named: [RunRecord.DocumentReference] = []
    var doubts: [RecoverReport.Finding] = []
    for batch in markers {
      let key = batch.key(.superseded)
      let (marker, finding) = try await MarkerCheck(store: store, signatures: signatures).superseded(
        batch.batchID, in: batch.folder, table.name)
      if let marker, let objection = try await objection(to: marker, of: batch, isSigned: signatures.isNeeded, later) {
        doubts.append(doubt(batch, objection))
      } else if let marker {
        named.append(.init(key: key, sha256: marker.sha256.hex))
      } else if let finding {
        doubts.append(doubt(batch, "expected \(finding.expected), found \(finding.found)"))
      }
    }
    return (named, doubts)
  }

  private func doubt(_ batch: BatchFiles, _ cause: String) -> RecoverReport.Finding {
    RecoverReport.Finding(
      table: table.name, batchID: batch.batchID, outcome: .unexplained,
      detail: "no run record names \(batch.key(.superseded)), and none will: \(cause); if it was not written by "
        + "`archiver recover`, remove it")
  }

  /// Nil when the marker may be named.
  private func objection(
    to marker: MarkerCheck.Superseded, of batch: BatchFiles, isSigned: Bool, _ later: LaterBatches
  ) async throws(OperationError) -> String? {
    let (sound, findings) = try await ManifestCheck(store: store).read(
      batch.key(.manifest), batch: batch.batchID, table: table.name)
    if let finding = findings.first { return "expected \(finding.expected), found \(finding.found)" }
    guard let sound, sound.sha256.hex == marker.manifestSHA256 else {
      return "its manifest is another one than it names"
    }
    if isSigned { return nil }
    do throws(OperationError) {
      let archived = ArchivedBatch(manifest: sound.manifest, key: sound.key, sha256: sound.sha256)
      let rows = try await RowDigests(of: sound.manifest, from: store)
      let nowhere = try await release(archived, rows, from: nil, later).missingCount
      return nowhere == 0
        ? nil
        : nowhere.of("row of the batch is", "rows of the batch are") + " neither in the table nor in newer batches"
    } catch {
      guard error.category == .data else { throw error }
      return error.description
    }
  }
}
