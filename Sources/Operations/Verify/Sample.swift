package import ArchiveModel

/// One of N stable parts of an archive: a batch stays in its part however the archive grows.
package struct Sample: Sendable, Equatable {
  /// 1 to `count`.
  package let part: Int
  package let count: Int

  /// Nil unless `part` is from 1 to `count`.
  package init?(part: Int, of count: Int) {
    guard count >= 1, (1...count).contains(part) else { return nil }
    (self.part, self.count) = (part, count)
  }

  /// Reads `K/N`.
  package init?(_ text: String) {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let part = numbers[0], let count = numbers[1] else { return nil }
    self.init(part: part, of: count)
  }

  /// Whether the batch is in this part: by FNV-1a of its id's text, modulo N.
  package func includes(_ batch: UUIDv7) -> Bool {
    var hash = FNV1a()
    for byte in batch.description.utf8 { hash.add(byte) }
    return hash.value % UInt64(count) == UInt64(part - 1)
  }
}

/// The 64-bit FNV-1a hash (Fowler, Noll, Vo; offset basis and prime as they published them).
struct FNV1a {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
  }

  mutating func add(_ bytes: Span<UInt8>) {
    for index in bytes.indices { add(bytes[index]) }
  }
}
