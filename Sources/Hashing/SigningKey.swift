internal import COpenSSL

/// A private key that signs messages with Ed25519 (RFC 8032), by OpenSSL.
///
/// OpenSSL's calls fail only when memory runs out or libcrypto is broken; the process then stops, as a wrong signature must
/// never pass for a right one.
package struct SigningKey: Sendable {
  /// 32 random bytes: the private key of RFC 8032, section 5.1.5.
  private let seed: [UInt8]

  /// A new key. Throws `noRandomness` when the system gives none.
  package init() throws(SigningKeyError) {
    var isRandom: Int32 = 0
    let seed = unsafe [UInt8](unsafeUninitializedCapacity: KeyFile.byteCount) { buffer, count in
      isRandom = unsafe RAND_priv_bytes(buffer.baseAddress, Int32(buffer.count))
      count = KeyFile.byteCount
    }
    guard isRandom == 1 else { throw .noRandomness }
    self.seed = seed
  }

  /// Reads a private key's PEM text; nil for anything else, such as an encrypted key or one of another kind.
  package init?(pem: String) {
    guard let seed = KeyFile.privateKey.bytes(of: pem) else { return nil }
    self.seed = seed
  }

  /// The key as a PEM file (PKCS #8, RFC 8410), as `openssl genpkey -algorithm ed25519` writes it.
  package var pem: String { KeyFile.privateKey.pem(seed) }

  /// What others check its signatures with.
  package var trustedKey: TrustedKey {
    let bytes = seed
    let key = unsafe KeyHandle(
      EVP_PKEY_new_raw_private_key(NID_ED25519, nil, bytes, bytes.count), "OpenSSL has no Ed25519")
    return TrustedKey(bytes: key.bytes)
  }

  /// The signature of `message`, 64 bytes; the same key and message always give the same one.
  package func sign(_ message: Span<UInt8>) -> [UInt8] {
    let bytes = seed
    let key = unsafe KeyHandle(
      EVP_PKEY_new_raw_private_key(NID_ED25519, nil, bytes, bytes.count), "OpenSSL has no Ed25519")
    return key.signature(of: message)
  }
}

/// Why there is no new key.
package enum SigningKeyError: Error, Sendable {
  case noRandomness
}

/// A public key whose signatures are believed (Ed25519).
package struct TrustedKey: Sendable, Hashable {
  /// 32 bytes.
  package let bytes: [UInt8]

  /// The size of every signature.
  package static let signatureByteCount = 64

  fileprivate init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads a public key's PEM text; nil for anything else.
  package init?(pem: String) {
    guard let bytes = KeyFile.publicKey.bytes(of: pem) else { return nil }
    self.bytes = bytes
  }

  /// The key as a PEM file (SubjectKeyHandleInfo, RFC 8410), as OpenSSL takes it.
  package var pem: String { KeyFile.publicKey.pem(bytes) }

  /// Whether `signature` is this key's of exactly `message`.
  package func isValid(_ signature: [UInt8], of message: Span<UInt8>) -> Bool {
    guard signature.count == Self.signatureByteCount,
      let key = unsafe EVP_PKEY_new_raw_public_key(NID_ED25519, nil, bytes, bytes.count)
    else { return false }
    return unsafe KeyHandle(key, "").isValid(signature, of: message)
  }
}

/// Owner of one OpenSSL key, private or public.
@safe private struct KeyHandle: ~Copyable {
  private let key: OpaquePointer

  /// Takes over `key`, which nothing else refers to.
  init(_ key: OpaquePointer?, _ failure: String) {
    guard let key = unsafe key else { preconditionFailure(failure) }
    unsafe self.key = key
  }

  deinit {
    unsafe EVP_PKEY_free(key)
  }

  /// The public half.
  var bytes: [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: KeyFile.byteCount) { buffer, count in
      count = buffer.count
      let isDone = unsafe EVP_PKEY_get_raw_public_key(key, buffer.baseAddress, &count)
      precondition(isDone == 1 && count == KeyFile.byteCount, "OpenSSL could not derive a public key")
    }
  }

  func signature(of message: Span<UInt8>) -> [UInt8] {
    guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("OpenSSL is out of memory") }
    defer { unsafe EVP_MD_CTX_free(context) }
    let isStarted = unsafe EVP_DigestSignInit(context, nil, nil, nil, key)
    precondition(isStarted == 1, "OpenSSL could not start a signature")
    return unsafe [UInt8](unsafeUninitializedCapacity: TrustedKey.signatureByteCount) { buffer, count in
      count = buffer.count
      let isDone = unsafe message.withUnsafeBufferPointer { message in
        unsafe EVP_DigestSign(context, buffer.baseAddress, &count, message.baseAddress, message.count)
      }
      precondition(isDone == 1 && count == TrustedKey.signatureByteCount, "OpenSSL could not sign")
    }
  }

  func isValid(_ signature: [UInt8], of message: Span<UInt8>) -> Bool {
    guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("OpenSSL is out of memory") }
    defer { unsafe EVP_MD_CTX_free(context) }
    let isStarted = unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key)
    precondition(isStarted == 1, "OpenSSL could not start to check a signature")
    return unsafe message.withUnsafeBufferPointer { message in
      unsafe EVP_DigestVerify(context, signature, signature.count, message.baseAddress, message.count) == 1
    }
  }
}
