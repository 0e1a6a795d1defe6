import Foundation

/// A SHA-256 sum: 32 bytes.
package struct SHA256Digest: Sendable, Hashable {
  /// The size of every digest.
  package static let byteCount = 32

  /// The sum itself, 32 bytes.
  package let bytes: [UInt8]

  /// Takes 32 bytes that `fill` writes to the buffer it is given.
  init(_ fill: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
    unsafe bytes = [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      unsafe fill(buffer)
      count = Self.byteCount
    }
  }

  /// Takes a sum kept elsewhere; nil unless `bytes` are 32.
  package init?(bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  /// Reads 64 hexadecimal digits of either case; nil for anything else.
  package init?(hex: String) {
    let digits = Array(hex.utf8)
    guard digits.count == Self.byteCount * 2 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = Self.value(ofDigit: digits[index]), let low = Self.value(ofDigit: digits[index + 1]) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  /// 64 lower-case hexadecimal digits, as `sha256sum` prints them.
  package var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// 44 characters of padded base64, as `x-amz-checksum-sha256` takes it.
  package var base64: String {
    Data(bytes).base64EncodedString()
  }

  private static func value(ofDigit digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension SHA256Digest: CustomStringConvertible {
  package var description: String { hex }
}
