import ArchiveModel
import ObjectStore

/// Compares the keys of batches that share hashes of them.
extension TableAudit {
  /// Memory: 16 bytes for each row of two batches, and of one list of restored keys.
  mutating func checkDuplicates() async throws(OperationError) {
    let reader = ArchiveReader(store: store)
    for (older, newer) in try duplicates.suspects() {
      let (first, second) = (try await reader.batch(at: older.key), try await reader.batch(at: newer.key))
      var keys = try await digests(of: first.manifest)
      guard older.id != newer.id else {
        report(older, newer, keys.repeated.count)
        continue
      }
      keys = keys.shared(with: try await digests(of: second.manifest))
      keys = try await history.unexplained(keys, of: older.id, totals.name, before: second.manifest.archivedAt)
      report(older, newer, keys.count)
    }
  }

  /// Those of the batch's keys that can be read, sorted; what is damaged has its own findings.
  private func digests(of manifest: Manifest) async throws(OperationError) -> [KeyDigest] {
    var digests: [KeyDigest] = []
    for object in manifest.objects {
      do {
        let rows = RowAudit(manifest, expecting: object.rows, into: .init(keepsDigests: true))
        var sink = try await store.read(object.key, into: ObjectAudit(object, rows: rows))
        digests +=
          sink.finish(at: ObjectPlace(table: totals.name, key: object.key, batchID: manifest.batchID))
          .keyDigests
      } catch let error as ObjectStoreError where error.concernsOneObject {
        continue
      } catch {
        throw .wrapping(error, "cannot read the object", at: object.key)
      }
    }
    digests.sort()
    return digests
  }

  private mutating func report(_ older: DuplicateKeys.Batch, _ newer: DuplicateKeys.Batch, _ count: Int) {
    guard count > 0 else { return }
    findings.append(
      VerifyFinding(
        .duplicateKey, table: totals.name, key: newer.key, batchID: newer.id, expected: "every key once",
        found: older.id == newer.id
          ? "\(count.of("key")) more than once" : "\(count.of("key")) that batch \(older.id) has, too"))
  }
}
