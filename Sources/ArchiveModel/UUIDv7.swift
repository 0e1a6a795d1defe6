/// A time-ordered identifier (RFC 9562, version 7): names a run, a batch or a restore.
///
/// Its text form is 36 lower-case characters; text forms sort by creation time to the millisecond.
package struct UUIDv7: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The 128 bits, most significant half first.
  package let high: UInt64
  package let low: UInt64

  /// A new identifier for `unixMilliseconds` (48 bits are kept), random in its 74 free bits.
  package init(unixMilliseconds: UInt64) {
    var generator = SystemRandomNumberGenerator()
    let random = UInt64.random(in: 0...UInt64.max, using: &generator)
    high = (unixMilliseconds & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | (random & 0x0FFF)
    low = 0x8000_0000_0000_0000 | (UInt64.random(in: 0...UInt64.max, using: &generator) >> 2)
  }

  /// Reads the text form; nil unless it is a UUID of 8-4-4-4-12 hexadecimal digits.
  package init?(_ text: String) {
    var digits: [UInt64] = []
    digits.reserveCapacity(32)
    for (offset, byte) in text.utf8.enumerated() {
      if [8, 13, 18, 23].contains(offset) {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      digits.append(UInt64(digit))
    }
    guard digits.count == 32, text.utf8.count == 36 else { return nil }
    high = digits[..<16].reduce(0) { $0 << 4 | $1 }
    low = digits[16...].reduce(0) { $0 << 4 | $1 }
  }

  package var description: String {
    func hex(_ value: UInt64, digits: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: digits - text.count) + text
    }
    return [
      hex(high >> 32, digits: 8), hex(high >> 16 & 0xFFFF, digits: 4), hex(high & 0xFFFF, digits: 4),
      hex(low >> 48, digits: 4), hex(low & 0xFFFF_FFFF_FFFF, digits: 12),
    ].joined(separator: "-")
  }

  /// When it was made, to the millisecond.
  package var time: Timestamp { Timestamp(unixMicroseconds: Int64(high >> 16) * 1000) }

  /// The key of the advisory lock that a batch of this name holds until its transaction ends.
  ///
  /// The low half: 62 of its 64 bits are random.
  package var advisoryLockKey: Int64 { Int64(bitPattern: low) }

  package static func < (left: UUIDv7, right: UUIDv7) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

extension UUIDv7: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = UUIDv7(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a UUID")
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
