import Testing

@testable import Hashing

/// RFC 4231, section 4; the truncated case 5 is left out, as nothing here truncates.
struct PublishedCode: Sendable, CustomTestStringConvertible {
  let name: String
  let key: [UInt8]
  let message: [UInt8]
  let hex: String
  var testDescription: String { name }

  static let all: [PublishedCode] = [
    PublishedCode(
      name: "case 1", key: [UInt8](repeating: 0x0b, count: 20), message: Array("Hi There".utf8),
      hex: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    PublishedCode(
      name: "case 2: short key", key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8),
      hex: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    PublishedCode(
      name: "case 3: longer than a block", key: [UInt8](repeating: 0xaa, count: 20),
      message: [UInt8](repeating: 0xdd, count: 50),
      hex: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    PublishedCode(
      name: "case 4", key: Array(0x01...0x19), message: [UInt8](repeating: 0xcd, count: 50),
      hex: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    PublishedCode(
      name: "case 6: key longer than a block", key: [UInt8](repeating: 0xaa, count: 131),
      message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      hex: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    PublishedCode(
      name: "case 7: key and message longer than a block", key: [UInt8](repeating: 0xaa, count: 131),
      message: Array(
        ("This is a test using a larger than block-size key and a larger than block-size data. "
          + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
      hex: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
  ]
}

@Suite("HMAC-SHA-256")
struct HMACTests {
  @Test("gives the published codes", arguments: PublishedCode.all)
  func publishedCodes(_ example: PublishedCode) {
    #expect(hmacSHA256(key: example.key.span, message: example.message.span).hex == example.hex)
  }

  @Test("takes an empty key and an empty message")
  func empty() {
    let none: [UInt8] = []
    #expect(
      hmacSHA256(key: none.span, message: none.span).hex
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }
}
