package import ArchiveModel
package import Hashing
package import ObjectStore

/// A committed batch as found in storage.
package struct ArchivedBatch: Sendable {
  package var manifest: Manifest
  /// The manifest's key.
  package var key: String
  /// Of the manifest's bytes as stored.
  package var sha256: SHA256Digest
}

/// Reads an archive by its layout and documents; never writes.
package struct ArchiveReader: Sendable {
  package let store: any ObjectStore

  /// Manifests longer than this are refused: 16 MiB, far above what 1,600 columns and a thousand objects need.
  package static let maximumDocumentByteCount = 16 * 1024 * 1024

  /// Likewise for records of runs and restores: 64 MiB, a run of a quarter of a million batches.
  package static let maximumRecordByteCount = 64 * 1024 * 1024

  package init(store: any ObjectStore) {
    self.store = store
  }

  /// Every key below the tables that the selection's names let through, in byte order.
  package func entries(_ selection: Selection) async throws(OperationError) -> [(
    info: ObjectInfo, entry: ArchiveLayout.Entry
  )] {
    var found: [(ObjectInfo, ArchiveLayout.Entry)] = []
    do {
      for prefix in selection.prefixes {
        for try await info in store.list(prefix: prefix) {
          let entry = ArchiveLayout.entry(info.key)
          let folder: String? =
            switch entry {
            case .object(let folder, _, _), .document(_, let folder, _): folder
            case .other: nil
            }
          guard let folder, let name = ArchiveLayout.tableName(inFolder: folder), selection.includes(name) else {
            continue
          }
          found.append((info, entry))
        }
      }
    } catch {
      throw .wrapping(error, "cannot list the archive", at: store.location)
    }
    return found
  }

  /// What of an archive a selection lets through.
  package struct Committed: Sendable {
    /// Oldest first.
    package var batches: [ArchivedBatch] = []
    /// Batches that are left out, as their rows came back with a database of an earlier time; oldest first.
    package var superseded: [UUIDv7] = []
  }

  /// The committed batches of the selection.
  ///
  /// Throws a data error for a marker that would leave a batch out and is not to be believed.
  package func committed(_ selection: Selection) async throws(OperationError) -> Committed {
    let entries = try await entries(selection)
    var marked: Set<UUIDv7> = []
    for case (_, .document(.superseded, _, let batch)) in entries { marked.insert(batch) }
    var found = Committed()
    for case (let info, .document(.manifest, let folder, let batch)) in entries
    where selection.batches.isEmpty || selection.batches.contains(batch) {
      guard marked.contains(batch), let table = ArchiveLayout.tableName(inFolder: folder) else {
        let archived = try await self.batch(at: info.key)
        if selection.includes(archived.manifest) { found.batches.append(archived) }
        continue
      }
      let (marker, finding) = try await MarkerCheck(store: store).superseded(batch, in: folder, table)
      if let finding { throw .unsound(finding) }
      let (sound, _) = try await ManifestCheck(store: store).read(info.key, batch: batch, table: table)
      guard let sound else { continue }
      if sound.sha256.hex != marker?.manifestSHA256 {
        throw .unsound(Self.unfitting(info.key, sound, marker?.manifestSHA256))
      }
      if selection.includes(sound.manifest) { found.superseded.append(batch) }
    }
    found.batches.sort { $0.manifest.batchID < $1.manifest.batchID }
    found.superseded.sort()
    return found
  }

  static func unfitting(_ key: String, _ sound: ManifestCheck.Sound, _ expected: String?) -> VerifyFinding {
    VerifyFinding(
      .manifest, table: sound.manifest.source.name, key: key, batchID: sound.manifest.batchID,
      expected: "the SHA-256 that its superseded marker names, \(expected ?? "none")", found: sound.sha256.hex)
  }

  /// The committed batches of the selection, superseded ones left out, oldest batch first; throws as `committed` does.
  package func batches(_ selection: Selection) async throws(OperationError) -> [ArchivedBatch] {
    try await committed(selection).batches
  }

  /// The committed batch whose manifest has that key.
  ///
  /// Throws a data error when the manifest contradicts itself or its place in a way that makes it unusable.
  package func batch(at key: String) async throws(OperationError) -> ArchivedBatch {
    do {
      let bytes = try await store.get(key, maximumByteCount: Self.maximumDocumentByteCount)
      let manifest = try ArchiveDocument.decode(Manifest.self, from: bytes, formats: [Manifest.format])
      guard case .document(.manifest, let folder, let batch) = ArchiveLayout.entry(key),
        let table = ArchiveLayout.tableName(inFolder: folder)
      else {
        throw OperationError(.data, "cannot read the manifest", at: key, cause: "this is not the key of a manifest")
      }
      let faults = ManifestCheck.faults(of: manifest, at: key, batch: batch, table: table)
      if let fault = faults.first(where: \.isFatal) {
        throw OperationError(
          .data, "the manifest is not sound", at: key, cause: "expected \(fault.expected), found \(fault.found)",
          hint: "run `archiver verify` for the whole picture")
      }
      return ArchivedBatch(manifest: manifest, key: key, sha256: SHA256.hash(bytes.span))
    } catch {
      var wrapped = OperationError.wrapping(error, "cannot read the manifest", at: key)
      if case .unsupportedFormat? = error as? ArchiveDocumentError {
        wrapped.hint = "a newer archiver wrote it: use that version or a later one"
      } else if wrapped.category == .data {
        wrapped.hint = "put it back from a copy or an earlier version; `archiver verify` tells what else is damaged"
      }
      throw wrapped
    }
  }
}

extension OperationError {
  /// For a document that cannot be relied on.
  static func unsound(_ finding: VerifyFinding) -> OperationError {
    OperationError(
      .data, "the \(finding.key.hasSuffix(".manifest.json") ? "manifest" : "marker") is not sound", at: finding.key,
      cause: "expected \(finding.expected), found \(finding.found)", hint: "run `archiver verify` for the whole picture"
    )
  }
}
