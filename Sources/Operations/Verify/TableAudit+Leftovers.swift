import ArchiveModel
import ObjectStore

extension TableAudit {
  /// What the manifests and markers of some folders say of the files beside them.
  struct Explained {
    /// Keys of the objects that sound manifests name.
    private(set) var objects: Set<String> = []
    /// Batches whose documents cannot be used, or are missed: there are findings for them already.
    private(set) var troubled: Set<UUIDv7> = []
    /// Batches whose superseded marker is to be believed.
    private(set) var superseded: Set<UUIDv7> = []

    mutating func add(_ result: BatchResult) {
      if result.isSuperseded { superseded.insert(result.batchID) }
      if let manifest = result.manifest {
        objects.formUnion(manifest.objects.map(\.key))
      } else if !result.isAbsent {
        troubled.insert(result.batchID)
      }
    }
  }

  /// Finds prepared documents and objects that no manifest explains, and signatures of documents that are gone.
  mutating func checkLeftovers(of folder: ArchiveFolder, _ explained: Explained) async throws(OperationError) {
    let committed = folder.batches(.manifest)
    let settled = committed.union(explained.superseded).union(try await aborted(in: folder))
    let prepared = folder.batches(.prepared).subtracting(settled)
    for batch in prepared.sorted() where isWanted(batch) {
      guard try await isStillOpen(batch, folder) else { continue }
      findings.append(
        VerifyFinding(
          .inDoubt, table: totals.name, key: ArchiveLayout.document(.prepared, in: folder.path, batch: batch),
          batchID: batch, expected: "a manifest", found: "a prepared document alone"))
    }
    for (key, (document, id)) in folder.missingDocuments.sorted(by: { $0.key < $1.key }) where isWanted(id) {
      // A manifest that was about to be written is in doubt, which is told.
      if document == .manifest, prepared.contains(id) { continue }
      if let finding = try await batch.signatures.missing(key, table: totals.name, batchID: id) {
        findings.append(finding)
      }
    }
    for (key, batch) in folder.batchOfObject.sorted(by: { $0.key < $1.key })
    where isWanted(batch) && !explained.objects.contains(key) && !explained.troubled.contains(batch) {
      let size = "\(folder.objects[key] ?? 0) bytes"
      if committed.contains(batch) {
        findings.append(
          VerifyFinding(
            .orphanObject, table: totals.name, key: key, batchID: batch, expected: "its name in its batch's manifest",
            found: "\(size) that are not named there"))
      } else if !settled.contains(batch), !prepared.contains(batch), try await isStillOpen(batch, folder) {
        findings.append(
          VerifyFinding(
            .orphanObject, table: totals.name, key: key, batchID: batch, expected: "a manifest that names it",
            found: "\(size) without one"))
      }
    }
  }

  /// The batches whose aborted marker is to be believed.
  ///
  /// A manifest beside it wins. Who presumed that a batch was rolled back may have been told otherwise since, and the marker
  /// may be locked; but where the server that ran it said so, one of the two is forged.
  private mutating func aborted(in folder: ArchiveFolder) async throws(OperationError) -> Set<UUIDv7> {
    var batches = folder.batches(.aborted)
    let markers = MarkerCheck(store: store, signatures: batch.signatures)
    for id in batches.sorted() where isWanted(id) {
      let (marker, finding) = try await markers.aborted(id, in: folder.path, totals.name)
      if let finding {
        findings.append(finding)
        batches.remove(id)
      } else if let marker, folder.batches(.manifest).contains(id) {
        let key = ArchiveLayout.document(.aborted, in: folder.path, batch: id)
        if marker.evidence == .transactionStatus {
          findings.append(
            VerifyFinding(
              .manifest, table: totals.name, key: key, batchID: id,
              expected: "either a manifest or a marker that the batch was rolled back, by the word of its server",
              found: "both"))
        } else {
          notes.insert(
            "\(key) calls a batch rolled back that has a manifest: the manifest counts; `archiver recover` removes it")
        }
      }
    }
    return batches
  }

  /// Whether the batch's manifest is not there even now: a run may be at work.
  private func isStillOpen(_ batch: UUIDv7, _ folder: ArchiveFolder) async throws(OperationError) -> Bool {
    let key = ArchiveLayout.document(.manifest, in: folder.path, batch: batch)
    do {
      _ = try await store.head(key)
      return false
    } catch {
      guard error.concernsOneObject else { throw .wrapping(error, "cannot look the manifest up", at: key) }
      return true
    }
  }
}
