import Testing

@testable import Hashing

/// FIPS 180-4, appendix examples and the byte-oriented short messages published with it.
struct PublishedSum: Sendable, CustomTestStringConvertible {
  let name: String
  let message: [UInt8]
  let hex: String
  var testDescription: String { name }

  static let all: [PublishedSum] = [
    PublishedSum(
      name: "no bytes", message: [],
      hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    PublishedSum(
      name: "one block", message: Array("abc".utf8),
      hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    PublishedSum(
      name: "two blocks", message: Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
      hex: "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    PublishedSum(
      name: "a million bytes", message: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000),
      hex: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ]
}

@Suite("SHA-256")
struct SHA256Tests {
  @Test("sums the published messages", arguments: PublishedSum.all)
  func publishedSums(_ example: PublishedSum) {
    #expect(SHA256.hash(example.message.span).hex == example.hex)
  }

  @Test("gives the same sum however the bytes arrive", arguments: [1, 3, 63, 64, 65, 999_999])
  func pieces(pieceSize: Int) {
    let message = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var sum = SHA256()
    for start in stride(from: 0, to: message.count, by: pieceSize) {
      sum.update(message.span.extracting(start..<min(start + pieceSize, message.count)))
    }
    #expect(sum.finalize() == SHA256.hash(message.span))
  }

  @Test("an abandoned sum is released and disturbs nothing")
  func abandoned() {
    do {
      var sum = SHA256()
      sum.update([1, 2, 3].span)
    }
    #expect(SHA256().finalize().hex == PublishedSum.all[0].hex)
  }
}

@Suite("SHA-256 digests as text")
struct SHA256DigestTests {
  let digest = SHA256.hash(Array("abc".utf8).span)

  @Test("hexadecimal reads back, in either case")
  func hexRoundTrip() {
    #expect(SHA256Digest(hex: digest.hex) == digest)
    #expect(SHA256Digest(hex: digest.hex.uppercased()) == digest)
    #expect("\(digest)" == digest.hex)
  }

  @Test(
    "anything but 64 hexadecimal digits is refused",
    arguments: [
      "", "ab", String(repeating: "g", count: 64), String(repeating: "a", count: 65),
      "0x" + String(repeating: "a", count: 62),
    ])
  func badHex(text: String) {
    #expect(SHA256Digest(hex: text) == nil)
  }

  @Test("base64 is what openssl prints")
  func base64() {
    #expect(digest.base64 == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
  }

  @Test("only 32 bytes make a digest")
  func bytes() {
    #expect(SHA256Digest(bytes: digest.bytes) == digest)
    #expect(SHA256Digest(bytes: Array(digest.bytes.dropLast())) == nil)
  }
}
