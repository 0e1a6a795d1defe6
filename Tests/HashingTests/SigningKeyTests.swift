import Foundation
import Testing

@testable import Hashing

/// RFC 8032, section 7.1.
struct PublishedSignature: Sendable, CustomTestStringConvertible {
  let name: String
  let secret: String
  let publicKey: String
  let message: String
  let signature: String
  var testDescription: String { name }

  static let all: [PublishedSignature] = [
    PublishedSignature(
      name: "TEST 1", secret: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
      signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        + "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    PublishedSignature(
      name: "TEST 2", secret: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
      signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    PublishedSignature(
      name: "TEST 3", secret: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", message: "af82",
      signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
  ]
}

@Suite("Ed25519")
struct SigningKeyTests {
  private func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
  }

  private func isValid(_ signature: [UInt8], by key: TrustedKey, _ message: [UInt8]) -> Bool {
    key.isValid(signature, of: message.span)
  }

  private func sign(_ message: [UInt8], with key: SigningKey?) -> [UInt8]? { key?.sign(message.span) }

  @Test("signs the published messages", arguments: PublishedSignature.all)
  func published(vector: PublishedSignature) throws {
    let key = try #require(SigningKey(pem: KeyFile.privateKey.pem(bytes(vector.secret))))
    let message = bytes(vector.message)
    #expect(key.trustedKey.bytes == bytes(vector.publicKey))
    #expect(sign(message, with: key) == bytes(vector.signature))
    #expect(isValid(bytes(vector.signature), by: key.trustedKey, message))
  }

  @Test("believes neither another message, nor another key, nor another signature")
  func refusals() throws {
    let (key, other) = (try SigningKey(), try SigningKey())
    let message = Array("a manifest".utf8)
    let signature = key.sign(message.span)
    let altered = Array("a manifesT".utf8)
    #expect(isValid(signature, by: key.trustedKey, message))
    #expect(!isValid(signature, by: key.trustedKey, altered))
    #expect(!isValid(signature, by: other.trustedKey, message))
    for index in [0, 31, 32, 63] {
      var forged = signature
      forged[index] ^= 1
      #expect(!isValid(forged, by: key.trustedKey, message), "byte \(index)")
    }
    #expect(!isValid(Array(signature.dropLast()), by: key.trustedKey, message))
    #expect(!isValid([], by: key.trustedKey, message))
  }

  @Test("reads back the PEM files that it writes, each as its own kind only")
  func files() throws {
    let key = try SigningKey()
    let message = [UInt8]("x".utf8)
    #expect(sign(message, with: SigningKey(pem: key.pem)) == sign(message, with: key))
    #expect(TrustedKey(pem: key.trustedKey.pem) == key.trustedKey)
    #expect(SigningKey(pem: key.trustedKey.pem) == nil)
    #expect(TrustedKey(pem: key.pem) == nil)
    #expect(TrustedKey(pem: key.trustedKey.pem.replacing("\n", with: "\r\n")) == key.trustedKey)
  }

  @Test(
    "refuses what is no key",
    arguments: [
      "", "hello", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      // An X25519 key: the same length, another algorithm.
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----",
    ])
  func notAKey(text: String) {
    #expect(SigningKey(pem: text) == nil)
  }
}
