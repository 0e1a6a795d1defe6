import ArchiveModel
import Hashing
import ObjectStore

/// How run records follow one another: each names, with its SHA-256, every record that none named before it.
///
/// One writer makes a chain. Two at once both follow the same record, and whoever comes next follows them both.
struct RunRecordChain: Sendable {
  let store: any ObjectStore

  /// Records that are looked at, the newest first: more than can be written at once by one configuration's runs.
  private static let windowCount = 32

  /// The newest records that none of them names, oldest first; none in a new archive.
  func heads() async throws(OperationError) -> [RunRecord.DocumentReference] {
    var keys: [String] = []
    do {
      for try await info in store.list(prefix: ArchiveLayout.runsPrefix) where info.key.hasSuffix(".json") {
        // In byte order the month comes first and then the run's id, which begins with its time.
        keys.append(info.key)
        if keys.count > Self.windowCount { keys.removeFirst() }
      }
      var records: [RunRecord.DocumentReference] = []
      var named: Set<RunRecord.DocumentReference> = []
      for key in keys {
        let bytes = try await store.get(key, maximumByteCount: ArchiveReader.maximumRecordByteCount)
        records.append(.init(key: key, sha256: SHA256.hash(bytes.span).hex))
        // What cannot be read is followed all the same, so that it cannot be removed unseen.
        let record = try? ArchiveDocument.decode(RunRecord.self, from: bytes, formats: [RunRecord.format])
        named.formUnion(record?.previous ?? [])
      }
      return records.filter { !named.contains($0) }
    } catch {
      throw .wrapping(error, "cannot read the earlier run records", at: store.location)
    }
  }
}
