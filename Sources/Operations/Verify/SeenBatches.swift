import ArchiveModel
import Hashing

/// The batches that the walk through the storage has come across: some 60 bytes each.
struct SeenBatches: Sendable {
  enum State: Sendable {
    /// Its manifest was read; the four words are the manifest's SHA-256, so that each costs no allocation.
    case read(UInt64, UInt64, UInt64, UInt64)
    /// Its manifest was not or could not be read, or is missed already.
    case unread
  }

  private(set) var states: [UUIDv7: State] = [:]
  /// Those of them whose rows came back and were archived anew, with the marker that says so.
  private(set) var superseded: [UUIDv7: RunRecord.DocumentReference] = [:]
  private var rowsByPart: [Part: Int] = [:]

  /// A run's part in one table.
  private struct Part: Hashable {
    var run: UUIDv7
    var table: TableName
  }

  /// Takes a sound manifest's rows into its run's account; `ManifestCheck` bounds them.
  mutating func count(_ manifest: Manifest) {
    rowsByPart[Part(run: manifest.runID, table: manifest.source.name), default: 0] += manifest.rowCount
  }

  /// Rows of all sound manifests of the table that name the run.
  func rows(of run: UUIDv7, in table: TableName) -> Int { rowsByPart[Part(run: run, table: table)] ?? 0 }

  /// Whether the document of that key is a manifest that was read.
  func hasRead(manifest key: String) -> Bool {
    guard case .document(.manifest, _, let batch) = ArchiveLayout.entry(key), case .read? = states[batch] else {
      return false
    }
    return true
  }

  mutating func add(_ batch: UUIDv7, _ sha256: SHA256Digest?) {
    guard let sha256 else {
      states[batch] = .unread
      return
    }
    let words = stride(from: 0, to: SHA256Digest.byteCount, by: 8).map { start in
      sha256.bytes[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    states[batch] = .read(words[0], words[1], words[2], words[3])
  }

  mutating func addSuperseded(_ batch: UUIDv7, _ sha256: SHA256Digest?, by marker: RunRecord.DocumentReference) {
    add(batch, sha256)
    superseded[batch] = marker
  }

  subscript(batch: UUIDv7) -> State? { states[batch] }
}

extension SeenBatches.State {
  /// Hexadecimal SHA-256 of the manifest; nil when it was not read.
  var sha256: String? {
    guard case .read(let a, let b, let c, let d) = self else { return nil }
    return [a, b, c, d].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
