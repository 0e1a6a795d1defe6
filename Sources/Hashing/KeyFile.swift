import Foundation

/// The PEM files of Ed25519 keys. Their DER is a fixed prefix and the key's 32 bytes (RFC 8410, sections 4 and 7).
enum KeyFile {
  case privateKey, publicKey

  /// Of a key, of either kind.
  static let byteCount = 32

  private var label: String {
    switch self {
    case .privateKey: "PRIVATE KEY"
    case .publicKey: "PUBLIC KEY"
    }
  }

  private var prefix: [UInt8] {
    switch self {
    case .privateKey: [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20]
    case .publicKey: [0x30, 0x2A, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 0x21, 0]
    }
  }

  func pem(_ key: [UInt8]) -> String {
    "-----BEGIN \(label)-----\n\(Data(prefix + key).base64EncodedString())\n-----END \(label)-----\n"
  }

  /// The key's bytes; nil unless `pem` holds one key of this kind and nothing else but white space.
  func bytes(of pem: String) -> [UInt8]? {
    var lines = pem.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    guard lines.count >= 3, lines.removeFirst() == "-----BEGIN \(label)-----",
      lines.removeLast() == "-----END \(label)-----", let der = Data(base64Encoded: lines.joined()),
      der.count == prefix.count + Self.byteCount, der.starts(with: prefix)
    else { return nil }
    return Array(der.dropFirst(prefix.count))
  }
}
