import Foundation
import Hashing
import Operations

/// Reads and writes the PEM files of keys.
enum KeyFiles {
  /// More than any PEM file of one key.
  private static let maximumByteCount = 65_536

  /// The private key in a file. Throws a configuration error that says nothing of what the file holds.
  static func signingKey(_ path: String) throws(OperationError) -> SigningKey {
    if let key = SigningKey(pem: try text(path, what: "cannot read the signing key")) { return key }
    throw OperationError(
      .configuration, "cannot read the signing key", at: path, cause: "it is no Ed25519 private key in PEM form",
      hint: "make one with `archiver config keygen PATH`")
  }

  /// The public key in a file.
  static func trustedKey(_ path: String) throws(OperationError) -> TrustedKey {
    if let key = TrustedKey(pem: try text(path, what: "cannot read the trusted key")) { return key }
    throw OperationError(
      .configuration, "cannot read the trusted key", at: path, cause: "it is no Ed25519 public key in PEM form",
      hint: "`archiver config keygen PATH` writes it to PATH.pub")
  }

  private static func text(_ path: String, what: String) throws(OperationError) -> String {
    do {
      let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      return String(decoding: try file.read(upToCount: maximumByteCount) ?? Data(), as: UTF8.self)
    } catch {
      throw OperationError(.configuration, what, at: path, cause: (error as NSError).localizedDescription)
    }
  }

  /// Writes a file that was not there, with exactly these rights. Throws a configuration error when it was.
  static func write(_ text: String, to path: String, mode: mode_t) throws(OperationError) {
    let number = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard number >= 0 else { throw failure(path, errno) }
    let file = FileHandle(fileDescriptor: number, closeOnDealloc: true)
    guard fchmod(number, mode) == 0 else { throw failure(path, errno) }
    do {
      try file.write(contentsOf: Data(text.utf8))
      try file.synchronize()
    } catch {
      throw OperationError(
        .failed, "cannot write the key", at: path, cause: (error as NSError).localizedDescription)
    }
  }

  private static func failure(_ path: String, _ number: Int32) -> OperationError {
    OperationError(
      .configuration, "cannot write the key", at: path, cause: unsafe String(cString: strerror(number)),
      hint: number == EEXIST ? "a key is never overwritten: what it signed could not be told from a forgery" : nil)
  }
}
