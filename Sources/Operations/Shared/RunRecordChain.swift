import ArchiveModel
import Hashing
import ObjectStore

/// How run records follow one another: each names, with its SHA-256, every record that none named before it.
///
/// One writer makes a chain. Two at once both follow the same record, and whoever comes next follows them both.
struct RunRecordChain: Sendable {
  let store: any ObjectStore

  /// The newest records, as far as they were looked at.
  struct End: Sendable {
    /// Those that none of them names, oldest first; none in a new archive.
    var heads: [RunRecord.DocumentReference] = []
    /// Batches whose manifests they name.
    var named: Set<UUIDv7> = []
    /// Batches whose superseded markers they name.
    var namedMarkers: Set<UUIDv7> = []
    /// When the oldest of them began; nil when none was left out.
    var since: Timestamp?
  }

  /// More than can be written at once by one configuration's runs.
  private static let windowCount = 32

  /// Looks at the newest records, or at all of them.
  func end(ofAll all: Bool = false) async throws(OperationError) -> End {
    var keys: [String] = []
    var end = End()
    do {
      var isCut = false
      for try await info in store.list(prefix: ArchiveLayout.runsPrefix) where info.key.hasSuffix(".json") {
        // In byte order the month comes first and then the run's id, which begins with its time.
        keys.append(info.key)
        if !all, keys.count > Self.windowCount {
          keys.removeFirst()
          isCut = true
        }
      }
      if isCut { end.since = keys.first.flatMap(Self.run)?.time }
      var records: [RunRecord.DocumentReference] = []
      var followed: Set<RunRecord.DocumentReference> = []
      for key in keys {
        let bytes = try await store.get(key, maximumByteCount: ArchiveReader.maximumRecordByteCount)
        records.append(.init(key: key, sha256: SHA256.hash(bytes.span).hex))
        // What cannot be read is followed all the same, so that it cannot be removed unseen.
        let record = try? ArchiveDocument.decode(RunRecord.self, from: bytes, formats: [RunRecord.format])
        followed.formUnion(record?.previous ?? [])
        for document in record?.tables.flatMap({ $0.manifests + ($0.superseded ?? []) }) ?? [] {
          switch ArchiveLayout.entry(document.key) {
          case .document(.manifest, _, let batch): end.named.insert(batch)
          case .document(.superseded, _, let batch): end.namedMarkers.insert(batch)
          default: continue
          }
        }
      }
      end.heads = records.filter { !followed.contains($0) }
      return end
    } catch {
      throw .wrapping(error, "cannot read the earlier run records", at: store.location)
    }
  }

  /// A table's manifests that no record names, though they are as new as those looked at: of runs that were cut short, or
  /// put there by someone else (`UnnamedManifests` tells).
  func unnamedManifests(_ files: TableFiles, at end: End) -> [(batchID: UUIDv7, key: String)] {
    let unnamed = files.committedBatches.filter { batch in
      !end.named.contains(batch) && (end.since.map { batch.time >= $0 } ?? true)
    }
    return files.manifests(of: Set(unnamed))
  }

  /// Writes a record; gives its key.
  func write(_ record: RunRecord) async throws(OperationError) -> String {
    let key = ArchiveLayout.runRecord(record.runID, startedAt: record.startedAt)
    do {
      try await StoredDocument.write(ArchiveDocument.encode(record), to: key, in: store)
      return key
    } catch {
      throw .wrapping(error, "cannot write the run record", at: key)
    }
  }

  private static func run(_ key: String) -> UUIDv7? {
    key.split(separator: "/").last.flatMap { UUIDv7(String($0.dropLast(".json".count))) }
  }
}
