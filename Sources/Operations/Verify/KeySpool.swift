import Synchronization

/// The primary keys of one batch, in lots of which each can be looked up by one statement.
///
/// Memory: one lot, of `KeyLookup.chunkSize` keys or a MiB of text at most, and a key more. The lots before it go to a
/// temporary file, so that the batch may have any number of rows.
final class KeySpool: Sendable {
  private struct State: ~Copyable {
    /// The last lot: each part of a key, and behind it a byte that no text form holds.
    var held: [UInt8] = []
    var heldCount = 0
    var file: TemporaryFile?
    /// Bytes of each lot in `file`, in their order.
    var lots: [Int] = []
    /// Why keys are missing.
    var failure: OperationError?
  }

  private let partCount: Int
  private let state = Mutex(State())

  private static let lotByteCount = 1 << 20
  private static let end: UInt8 = 0xFF

  /// `partCount` is the number of a key's parts.
  init(partCount: Int) {
    self.partCount = partCount
  }

  /// Takes a key in text form. That there is no room for it is told by whoever reads the lots.
  func add(_ key: [String]) {
    state.withLock { state in
      guard state.failure == nil else { return }
      if state.heldCount == KeyLookup.chunkSize || state.held.count >= Self.lotByteCount {
        do throws(OperationError) {
          if state.file == nil { state.file = try TemporaryFile.make() }
          try state.file?.append(state.held)
        } catch {
          state.failure = error
          return
        }
        state.lots.append(state.held.count)
        state.held.removeAll(keepingCapacity: true)
        state.heldCount = 0
      }
      for part in key {
        state.held += part.utf8
        state.held.append(Self.end)
      }
      state.heldCount += 1
    }
  }

  var lotCount: Int { state.withLock { $0.lots.count + ($0.heldCount > 0 ? 1 : 0) } }

  /// The keys of the lot, counted from 0, in the order in which they were added.
  ///
  /// Throws when the temporary file could not be written or cannot be read.
  func lot(_ index: Int) throws(OperationError) -> [[String]] {
    let bytes = try state.withLock { (state) throws(OperationError) -> [UInt8] in
      if let failure = state.failure { throw failure }
      guard index < state.lots.count else { return state.held }
      var bytes: [UInt8] = []
      try state.file?.read(state.lots[index], from: state.lots[..<index].reduce(0, +), appendingTo: &bytes)
      return bytes
    }
    var keys: [[String]] = []
    var key: [String] = []
    var start = 0
    while let end = bytes[start...].firstIndex(of: Self.end) {
      key.append(String(decoding: bytes[start..<end], as: UTF8.self))
      start = end + 1
      guard key.count == partCount else { continue }
      keys.append(key)
      key = []
    }
    return keys
  }
}
