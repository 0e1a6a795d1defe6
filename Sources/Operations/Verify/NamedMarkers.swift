import ArchiveModel

/// The superseded markers that run records name: a marker hides a batch, and anyone who may write can put one.
struct NamedMarkers {
  /// SHA-256 sums by key: a batch may be marked again after its marker was removed.
  private var sums: [String: Set<String>] = [:]
  private var records: [String: String] = [:]

  /// False when it cannot be the key of such a marker.
  mutating func add(_ reference: RunRecord.DocumentReference, namedBy record: String) -> Bool {
    guard case .document(.superseded, _, _) = ArchiveLayout.entry(reference.key) else { return false }
    sums[reference.key, default: []].insert(reference.sha256)
    records[reference.key] = record
    return true
  }

  /// Markers that no record names, or that are not what a record names.
  func findings(_ seen: SeenBatches) -> [VerifyFinding] {
    seen.superseded.sorted { $0.key < $1.key }.compactMap { batch, marker in
      guard case .document(_, let folder, _) = ArchiveLayout.entry(marker.key) else { return nil }
      let table = ArchiveLayout.tableName(inFolder: folder)
      guard let named = sums[marker.key] else {
        return VerifyFinding(
          .manifest, table: table, key: marker.key, batchID: batch, expected: "a run record that names this marker",
          found: "none",
          detail:
            "the batch is hidden from readers; `archiver recover` names the marker where its signature, or the rows, "
            + "vouch for it")
      }
      if named.contains(marker.sha256) { return nil }
      return VerifyFinding(
        .manifest, table: table, key: marker.key, batchID: batch, expected: named.sorted().joined(separator: " or "),
        found: marker.sha256, detail: "\(records[marker.key] ?? "") names another SHA-256")
    }
  }

  /// Batches whose markers are gone count again, which hides nothing.
  func notes(_ seen: SeenBatches) -> [String] {
    let gone = sums.keys.filter { key in
      guard case .document(_, _, let batch) = ArchiveLayout.entry(key), case .read? = seen[batch] else { return false }
      return seen.superseded[batch]?.key != key
    }
    return gone.sorted().map { key in
      "\(records[key] ?? "") names the superseded marker \(key), which is gone: its batch counts again"
    }
  }
}
