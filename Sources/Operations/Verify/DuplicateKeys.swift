import ArchiveModel

/// Finds primary keys that occur more than once in a table's committed batches.
///
/// Memory: 8 bytes a row of the table, for a hash of its key; a sixteenth more while looking. What shares a hash is read
/// again and compared, so that two keys of one hash are no finding.
struct DuplicateKeys {
  private var batches: [(batch: Batch, hashes: [UInt64])] = []

  /// A batch and its manifest's key.
  struct Batch: Sendable {
    var id: UUIDv7
    var key: String
  }

  /// The keys are sought one part of the hashes at a time.
  private static let partBits = 4

  mutating func add(_ batch: UUIDv7, key: String, hashes: [UInt64]) {
    guard !hashes.isEmpty else { return }
    batches.append((Batch(id: batch, key: key), hashes))
  }

  /// Batches that share hashes, in pairs, the older one first; a batch that repeats one is paired with itself.
  func suspects() -> [(older: Batch, newer: Batch, hashes: Set<UInt64>)] {
    var found: [Pair: Set<UInt64>] = [:]
    for part in 0..<UInt64(1 << Self.partBits) {
      var hashes: [(hash: UInt64, batch: Int)] = []
      for (index, batch) in batches.enumerated() {
        for hash in batch.hashes where hash >> UInt64(64 - Self.partBits) == part { hashes.append((hash, index)) }
      }
      hashes.sort { ($0.hash, $0.batch) < ($1.hash, $1.batch) }
      for (one, other) in zip(hashes, hashes.dropFirst()) where one.hash == other.hash {
        found[Pair(one: one.batch, other: other.batch), default: []].insert(one.hash)
      }
    }
    return found.map { pair, hashes in
      let (one, other) = (batches[pair.one].batch, batches[pair.other].batch)
      return one.id <= other.id ? (one, other, hashes) : (other, one, hashes)
    }.sorted { ($0.older.id, $0.newer.id) < ($1.older.id, $1.newer.id) }
  }

  private struct Pair: Hashable {
    var one: Int
    var other: Int
  }

  /// The hash that `RowAudit` gives to a key.
  static func hash(_ key: [String]) -> UInt64 {
    var hash = FNV1a()
    for part in key {
      for byte in part.utf8 { hash.add(byte) }
      hash.add(0xFF)
    }
    return hash.value
  }
}
