package import ArchiveModel
import Hashing
package import ObjectStore

/// Tells what an archive holds; never writes.
package struct InspectJob: Sendable {
  let store: any ObjectStore
  let context: JobContext

  /// Manifests read at once: each is one small request.
  private static let parallelism = 32

  package init(store: any ObjectStore, context: JobContext) {
    (self.store, self.context) = (store, context)
  }

  /// The storage root's URL.
  package var location: String { store.location }

  /// The same as an `https:` or `http:` URL; nil for directories.
  package var webLocation: String? { (store as? S3Store)?.webLocation }

  /// The committed batches of a selection.
  package struct Batches: Sendable {
    /// By table, the oldest first.
    package var batches: [ArchivedBatch] = []
    /// Batches that are left out, as their rows came back and were archived anew; the oldest first.
    package var superseded: [TableName: [UUIDv7]] = [:]
    /// What is wrong with manifests; batches whose manifest cannot be used are left out.
    package var problems: [OperationError] = []
  }

  /// The committed batches of the selection; superseded ones are left out.
  ///
  /// Throws when the storage cannot be read, and as `FilterCheck` does for filters that name nothing, unless a manifest
  /// cannot be used. `knownTables` may be selected although nothing of them is archived yet.
  package func batches(
    _ selection: Selection, knownTables: [TableName] = []
  ) async throws(OperationError) -> Batches {
    var tables: Set<TableName> = []
    var seen: Set<UUIDv7> = []
    var wanted: [(key: String, batch: UUIDv7, table: TableName)] = []
    var problems: [OperationError] = []
    var superseded: [TableName: [UUIDv7]] = [:]
    let markers = MarkerCheck(store: store)
    var folders = ArchiveFolders(selection, of: store)
    while let folder = try await folders.next() {
      try context.checkStop()
      var batches = folder.batches(.manifest)
        .filter { selection.batches.isEmpty || selection.batches.contains($0) }
      tables.insert(folder.table)
      if !selection.batches.isEmpty { seen.formUnion(batches) }
      for batch in batches.intersection(folder.batches(.superseded)).sorted() {
        // A marker that is not to be believed hides no batch.
        let (marker, finding) = try await markers.superseded(batch, in: folder.path, folder.table)
        if let finding { problems.append(.unsound(finding)) }
        guard let ignored = marker?.manifestSHA256 else { continue }
        let key = ArchiveLayout.document(.manifest, in: folder.path, batch: batch)
        let (sound, _) = try await ManifestCheck(store: store).read(key, batch: batch, table: folder.table)
        if let sound, sound.sha256.hex != ignored {
          problems.append(.unsound(ArchiveReader.unfitting(key, sound, ignored)))
        } else {
          batches.remove(batch)
          if sound.map({ selection.includes($0.manifest) }) ?? true {
            superseded[folder.table, default: []].append(batch)
          }
        }
      }
      wanted += batches.sorted().map {
        (ArchiveLayout.document(.manifest, in: folder.path, batch: $0), $0, folder.table)
      }
    }
    var found = Batches(superseded: superseded.mapValues { $0.sorted() }, problems: problems)
    for (sound, findings) in try await manifests(wanted) {
      found.problems += findings.map(OperationError.unsound)
      guard let sound, selection.includes(sound.manifest) else { continue }
      found.batches.append(ArchivedBatch(manifest: sound.manifest, key: sound.key, sha256: sound.sha256))
    }
    if found.problems.isEmpty {
      try await FilterCheck(selection: selection, knownTables: knownTables, store: store).run(
        tables: Array(tables), batches: seen, tookNothing: found.batches.isEmpty)
    }
    found.batches.sort {
      ($0.manifest.source.name, $0.manifest.batchID) < ($1.manifest.source.name, $1.manifest.batchID)
    }
    return found
  }

  /// The results in the order of `wanted`: folders of one batch each are no reason to read one manifest after the other.
  private func manifests(
    _ wanted: [(key: String, batch: UUIDv7, table: TableName)]
  ) async throws(OperationError) -> [(ManifestCheck.Sound?, [VerifyFinding])] {
    let (check, context) = (ManifestCheck(store: store), context)
    do {
      return try await withThrowingTaskGroup(of: (Int, ManifestCheck.Sound?, [VerifyFinding]).self) { group in
        var results: [(ManifestCheck.Sound?, [VerifyFinding])] = wanted.map { _ in (nil, []) }
        for (index, (key, batch, table)) in wanted.enumerated() {
          if index >= Self.parallelism, let (done, sound, findings) = try await group.next() {
            results[done] = (sound, findings)
            try context.checkStop()
          }
          group.addTask {
            let (sound, findings) = try await check.read(key, batch: batch, table: table)
            return (index, sound, findings)
          }
        }
        for try await (done, sound, findings) in group { results[done] = (sound, findings) }
        return results
      }
    } catch {
      throw .wrapping(error, "cannot read the archive", at: store.location)
    }
  }

  /// A manifest as it is stored.
  package struct Document: Sendable {
    package var batch: ArchivedBatch
    package var bytes: [UInt8]
  }

  /// The manifest of one batch. Throws a data error when there is none, or when it cannot be used.
  package func manifest(_ batch: UUIDv7, _ selection: Selection) async throws(OperationError) -> Document {
    var folders = ArchiveFolders(selection, of: store)
    while let folder = try await folders.next() {
      guard folder.batches(.manifest).contains(batch) else { continue }
      let key = ArchiveLayout.document(.manifest, in: folder.path, batch: batch)
      let (sound, findings) = try await ManifestCheck(store: store).read(key, batch: batch, table: folder.table)
      guard let sound else {
        throw findings.first.map(OperationError.unsound)
          ?? OperationError(.data, "cannot read the manifest", at: key, cause: "it cannot be used")
      }
      do {
        let bytes = try await store.get(key, maximumByteCount: ArchiveReader.maximumDocumentByteCount)
        return Document(
          batch: ArchivedBatch(manifest: sound.manifest, key: key, sha256: sound.sha256), bytes: bytes)
      } catch {
        throw .wrapping(error, "cannot read the manifest", at: key)
      }
    }
    throw OperationError(
      .data, "cannot find the batch", at: store.location, cause: "no manifest names batch \(batch)",
      hint: "`archiver inspect list --batches` lists them")
  }
}

extension ArchivedBatch {
  /// The SHA-256 of the manifest's bytes as `sha256sum` prints it.
  package var sha256Text: String { sha256.hex }
}
