import ArchiveModel
import Synchronization

/// Finds primary keys that occur more than once in a table's committed batches.
///
/// Memory: 16 bytes for each of `heldCount` rows, twice while they are sorted out; the others' hashes go to a temporary file,
/// 16 bytes a row. Batches that share a hash are read again and compared, so that two keys of one hash are no finding.
final class DuplicateKeys: Sendable {
  /// A batch and its manifest's key.
  struct Batch: Sendable {
    var id: UUIDv7
    var key: String
  }

  /// A key's hash, and the place in `batches` of the batch that has it.
  private struct Entry: BitwiseCopyable {
    var hash: UInt64
    var batch: Int
  }

  /// Entries by the first byte of their hash: those of one are from one start to the next.
  private struct Parts {
    static let count = 256
    var starts: [Int]

    static func part(of entry: Entry) -> Int { Int(truncatingIfNeeded: entry.hash >> 56) }

    subscript(part: Int) -> Range<Int> { starts[part]..<starts[part + 1] }
  }

  private struct State: ~Copyable {
    var batches: [Batch] = []
    var held: [Entry] = []
    var file: TemporaryFile?
    /// What `file` holds: entries in parts, each lot behind the one before.
    var lots: [Parts] = []
    /// Why there is no room for more.
    var failure: OperationError?
  }

  private let heldCount: Int
  private let state = Mutex(State())

  init(heldCount: Int) {
    self.heldCount = heldCount
  }

  /// Where the hashes of one batch go, as they come: a batch has too many to be held.
  struct Collector: Sendable {
    fileprivate let keys: DuplicateKeys
    fileprivate let batch: Int

    /// That there is no room is told by `checkRoom` and `suspects`.
    func add(_ hashes: some Collection<UInt64>) { keys.add(hashes, of: batch) }
  }

  /// Begins a batch whose manifest has that key.
  func begin(_ batch: UUIDv7, key: String) -> Collector {
    let place = state.withLock { state in
      state.batches.append(Batch(id: batch, key: key))
      return state.batches.count - 1
    }
    return Collector(keys: self, batch: place)
  }

  /// Throws when the temporary file could not be written.
  func checkRoom() throws(OperationError) {
    try state.withLock { (state) throws(OperationError) in
      if let failure = state.failure { throw failure }
    }
  }

  private func add(_ hashes: some Collection<UInt64>, of batch: Int) {
    state.withLock { state in
      guard state.failure == nil else { return }
      for hash in hashes {
        state.held.append(Entry(hash: hash, batch: batch))
        guard state.held.count >= heldCount else { continue }
        do throws(OperationError) {
          try Self.spill(&state)
        } catch {
          state.failure = error
          return
        }
      }
    }
  }

  private static func spill(_ state: inout State) throws(OperationError) {
    let (entries, parts) = grouped(state.held)
    state.held.removeAll(keepingCapacity: true)
    if state.file == nil { state.file = try TemporaryFile.make() }
    try state.file?.append(entries)
    state.lots.append(parts)
  }

  private static func grouped(_ entries: [Entry]) -> (entries: [Entry], parts: Parts) {
    var starts = [Int](repeating: 0, count: Parts.count + 1)
    for entry in entries { starts[Parts.part(of: entry) + 1] += 1 }
    for part in 1...Parts.count { starts[part] += starts[part - 1] }
    var next = starts
    var grouped = [Entry](repeating: Entry(hash: 0, batch: 0), count: entries.count)
    for entry in entries {
      let part = Parts.part(of: entry)
      grouped[next[part]] = entry
      next[part] += 1
    }
    return (grouped, Parts(starts: starts))
  }

  /// Batches that share hashes, in pairs, the older one first; a batch that repeats one is paired with itself.
  ///
  /// Called once. Throws when the temporary file could not be written or cannot be read.
  func suspects() throws(OperationError) -> [(older: Batch, newer: Batch)] {
    try state.withLock { (state) throws(OperationError) in try Self.suspects(&state) }
      .sorted { ($0.older.id, $0.newer.id) < ($1.older.id, $1.newer.id) }
  }

  private static func suspects(_ state: inout State) throws(OperationError) -> [(older: Batch, newer: Batch)] {
    if let failure = state.failure { throw failure }
    var found: Set<Pair> = []
    let batches = state.batches
    let (rest, parts) = grouped(state.held)
    state.held = []
    for part in 0..<Parts.count {
      var entries = Array(rest[parts[part]])
      var offset = 0
      for lot in state.lots {
        let range = lot[part]
        try state.file?.read(range.count, from: offset + range.lowerBound, appendingTo: &entries)
        offset += lot.starts[Parts.count]
      }
      // Oldest batch first, whatever order they were read in: neighbours are compared, and a restore explains a newer one.
      entries.sort { one, other in
        one.hash == other.hash ? batches[one.batch].id < batches[other.batch].id : one.hash < other.hash
      }
      for (one, other) in zip(entries, entries.dropFirst()) where one.hash == other.hash {
        found.insert(Pair(one: one.batch, other: other.batch))
      }
    }
    return found.map { pair in
      let (one, other) = (batches[pair.one], batches[pair.other])
      return one.id <= other.id ? (one, other) : (other, one)
    }
  }

  private struct Pair: Hashable {
    var one: Int
    var other: Int
  }
}
