import Foundation
import Gzip
import ObjectStore

/// The keys that one restore put back, read from its list as something that anyone may have written.
///
/// Memory: 16 bytes for each of `heldCount` keys at most. Lists of more go to a temporary file, in sorted runs.
final class RestoredKeys {
  private let heldCount: Int
  /// Not sorted until `finish`.
  private var held: [KeyDigest] = []
  private var file: TemporaryFile?
  /// Digests of each run in `file`, in their order.
  private var runs: [Int] = []

  /// Of lists that are worth a file.
  static let heldCount = 1 << 18
  /// Digests read from the file at once.
  private static let pieceCount = 1 << 16

  init(heldCount: Int = RestoredKeys.heldCount) {
    self.heldCount = heldCount
  }

  func add(_ digest: KeyDigest) throws(OperationError) {
    held.append(digest)
    if held.count >= heldCount { try spill() }
  }

  private func spill() throws(OperationError) {
    held.sort()
    if file == nil { file = try TemporaryFile.make() }
    try file?.append(held)
    runs.append(held.count)
    held.removeAll(keepingCapacity: true)
  }

  /// Nothing is added from now on.
  func finish() throws(OperationError) {
    if runs.isEmpty { held.sort() } else if !held.isEmpty { try spill() }
    if !runs.isEmpty { held = [] }
  }

  /// Those of `digests`, which must be sorted, that are none of these keys.
  func unknown(of digests: [KeyDigest]) throws(OperationError) -> [KeyDigest] {
    var rest = digests.without(held)
    var start = 0
    for count in runs {
      let end = start + count
      while start < end, !rest.isEmpty {
        let pieceCount = min(Self.pieceCount, end - start)
        var piece: [KeyDigest] = []
        try file?.read(pieceCount, from: start, appendingTo: &piece)
        rest = rest.without(piece)
        start += pieceCount
      }
      start = end
    }
    return rest
  }
}

/// Reads a restore's list of keys as its bytes arrive: gzip, a JSON array of texts a line.
struct RestoredKeysSink: ~Copyable, ByteSink {
  private let lines: Lines
  private let gzip: GzipReader
  private var isDamaged = false

  /// More than restores of a hundred million keys need.
  private static let maximumKeyCount = 100_000_000

  /// Throws `outOfMemory`.
  init() throws(GzipError) {
    lines = Lines()
    gzip = try GzipReader()
  }

  mutating func write(_ bytes: Span<UInt8>) {
    guard !isDamaged else { return }
    do throws(GzipError) {
      var sink = lines
      try gzip.feed(bytes, into: &sink)
    } catch {
      isDamaged = true
    }
  }

  /// Nil for a list that is damaged; called once. Throws when there is no room for the keys.
  consuming func finish() throws(OperationError) -> RestoredKeys? {
    if !isDamaged {
      do throws(GzipError) { try gzip.finish() } catch { isDamaged = true }
    }
    if let failure = lines.failure { throw failure }
    guard !isDamaged, lines.isWhole else { return nil }
    try lines.keys.finish()
    return lines.keys
  }

  /// Takes the lines apart.
  private final class Lines: GzipSink {
    let keys = RestoredKeys()
    /// Why there is no room.
    private(set) var failure: OperationError?
    private let decoder = JSONDecoder()
    private var count = 0
    /// The beginning of a line whose end has not come yet.
    private var partial: [UInt8] = []

    /// As long as any row's line that is looked into.
    private static let maximumLineByteCount = 1 << 25

    private struct Damage: Error {}

    /// The last line has its newline.
    var isWhole: Bool { partial.isEmpty }

    func receive(_ content: Span<UInt8>) throws {
      var start = 0
      while let end = content.newline(from: start) {
        try keep(content.extracting(start..<end))
        try endLine()
        start = end + 1
      }
      try keep(content.extracting(start..<content.count))
    }

    private func keep(_ bytes: Span<UInt8>) throws {
      guard partial.count + bytes.count <= Self.maximumLineByteCount else { throw Damage() }
      unsafe bytes.withUnsafeBufferPointer { bytes in unsafe partial.append(contentsOf: bytes) }
    }

    private func endLine() throws {
      count += 1
      guard count <= RestoredKeysSink.maximumKeyCount else { throw Damage() }
      let key = try decoder.decode([String].self, from: Data(partial))
      partial.removeAll(keepingCapacity: true)
      do throws(OperationError) {
        try keys.add(KeyDigest(key))
      } catch {
        failure = error
        throw error
      }
    }
  }
}
