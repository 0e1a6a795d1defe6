import Hashing
import RowCodec

/// Sixteen bytes that stand for a primary key: half of the SHA-256 of its parts' text forms.
///
/// Unlike the hashes by which suspects are found, nobody can make two keys of one digest, so that it says for sure whether
/// keys are equal, in a tenth of the memory that texts take.
struct KeyDigest: Hashable, Comparable, BitwiseCopyable, Sendable {
  private let high: UInt64
  private let low: UInt64

  private init(_ sum: SHA256Digest) {
    func word(_ start: Int) -> UInt64 {
      sum.bytes[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    (high, low) = (word(0), word(8))
  }

  /// Of a key in PostgreSQL's text form.
  init(_ key: [String]) {
    var text: [UInt8] = []
    for part in key {
      text += Array(part.utf8)
      text.append(Self.end)
    }
    self.init(SHA256.hash(text.span))
  }

  /// Of the key of the line read last; nil when a part of it is NULL.
  init?(_ columns: [Int], of reader: RowReader) {
    var text: [UInt8] = []
    for column in columns {
      let isPresent: Void? = reader.withText(column) { part in
        for index in part.indices { text.append(part[index]) }
      }
      guard isPresent != nil else { return nil }
      text.append(Self.end)
    }
    self.init(SHA256.hash(text.span))
  }

  /// No text form holds this byte, so that parts cannot run into one another.
  private static let end: UInt8 = 0xFF

  static func < (one: KeyDigest, other: KeyDigest) -> Bool {
    (one.high, one.low) < (other.high, other.low)
  }
}

extension [KeyDigest] {
  /// The elements that occur more than once, each once; the digests must be sorted.
  var repeated: [KeyDigest] {
    var found: [KeyDigest] = []
    for (one, other) in zip(self, dropFirst()) where one == other && found.last != one { found.append(one) }
    return found
  }

  /// The elements that `other` does not have; both must be sorted.
  func without(_ other: [KeyDigest]) -> [KeyDigest] {
    guard !other.isEmpty else { return self }
    var place = 0
    return filter { digest in
      while place < other.count, other[place] < digest { place += 1 }
      return place == other.count || other[place] != digest
    }
  }

  /// The elements that `other` has, too, each once; both must be sorted.
  func shared(with other: [KeyDigest]) -> [KeyDigest] {
    var found: [KeyDigest] = []
    var place = 0
    for digest in self where found.last != digest {
      while place < other.count, other[place] < digest { place += 1 }
      guard place < other.count else { break }
      if other[place] == digest { found.append(digest) }
    }
    return found
  }
}
