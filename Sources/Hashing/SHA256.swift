internal import COpenSSL

/// A running SHA-256 (FIPS 180-4), by OpenSSL, which uses the processor's SHA instructions where there are any.
///
/// OpenSSL's calls fail only when memory runs out or libcrypto is broken; the process then stops, as a wrong sum must
/// never pass for a right one.
///
/// Invariant: `context` is a live, initialised digest context that nothing else refers to.
@safe package struct SHA256: ~Copyable {
  private let context: OpaquePointer

  /// Starts the sum of no bytes.
  package init() {
    guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("OpenSSL is out of memory") }
    let isStarted = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
    precondition(isStarted == 1, "OpenSSL has no SHA-256")
    unsafe self.context = context
  }

  deinit {
    unsafe EVP_MD_CTX_free(context)
  }

  /// Adds `bytes` to what is summed.
  package mutating func update(_ bytes: Span<UInt8>) {
    let isDone = unsafe bytes.withUnsafeBytes { buffer in
      unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
    }
    precondition(isDone == 1, "OpenSSL could not continue a SHA-256")
  }

  /// The sum of everything added.
  package consuming func finalize() -> SHA256Digest {
    unsafe SHA256Digest { buffer in
      let isDone = unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
      precondition(isDone == 1, "OpenSSL could not finish a SHA-256")
    }
  }

  /// The sum of `bytes`.
  package static func hash(_ bytes: Span<UInt8>) -> SHA256Digest {
    var sum = SHA256()
    sum.update(bytes)
    return sum.finalize()
  }
}

/// HMAC-SHA-256 (RFC 2104) of `message` under `key`, which may have any length.
package func hmacSHA256(key: Span<UInt8>, message: Span<UInt8>) -> SHA256Digest {
  // A null key asks OpenSSL to reuse an earlier one, so an empty key needs an address of its own.
  let emptyKey: [UInt8] = [0]
  return unsafe key.withUnsafeBytes { keyBuffer in
    unsafe emptyKey.withUnsafeBytes { emptyBuffer in
      unsafe message.withUnsafeBufferPointer { messageBuffer in
        unsafe SHA256Digest { digest in
          let keyAddress = unsafe keyBuffer.baseAddress ?? emptyBuffer.baseAddress
          let result = unsafe HMAC(
            EVP_sha256(), keyAddress, Int32(keyBuffer.count), messageBuffer.baseAddress, messageBuffer.count,
            digest.baseAddress, nil)
          precondition(unsafe result != nil, "OpenSSL could not compute an HMAC")
        }
      }
    }
  }
}
