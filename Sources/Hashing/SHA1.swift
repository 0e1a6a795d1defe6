internal import COpenSSL

/// The SHA-1 of `bytes` in lower-case hexadecimal: for the names of files in the AWS tools' caches, and for nothing that
/// has to be safe.
package func sha1Hex(_ bytes: Span<UInt8>) -> String {
  var digest = [UInt8](repeating: 0, count: 20)
  let isDone = unsafe bytes.withUnsafeBytes { input in
    unsafe digest.withUnsafeMutableBufferPointer { output in
      unsafe EVP_Digest(input.baseAddress, input.count, output.baseAddress, nil, EVP_sha1(), nil)
    }
  }
  precondition(isDone == 1, "OpenSSL has no SHA-1")
  return digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}
