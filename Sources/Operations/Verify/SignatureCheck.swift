import ArchiveModel
import Hashing
import ObjectStore

/// Checks documents against the keys that are trusted; without any, every document passes.
struct SignatureCheck: Sendable {
  let store: any ObjectStore
  let trustedKeys: [TrustedKey]

  /// A finding for a document that is gone while its signature is there, whoever signed it; nil when the document has come.
  ///
  /// A signature is written before its document, so that a run may be at work. Throws when the storage as a whole cannot be
  /// read.
  func missing(
    _ key: String, table: TableName? = nil, batchID: UUIDv7? = nil
  ) async throws(OperationError) -> VerifyFinding? {
    do {
      _ = try await store.head(key)
      return nil
    } catch {
      guard error.concernsOneObject else { throw .wrapping(error, "cannot look the document up", at: key) }
      return VerifyFinding(
        .orphanObject, table: table, key: ArchiveLayout.signature(of: key), batchID: batchID,
        expected: "the document that it signs",
        found: error.code == .notFound ? "the signature alone" : error.message)
    }
  }

  var isNeeded: Bool { !trustedKeys.isEmpty }

  /// Nil when one of the keys signed exactly `bytes` as the document of that key, and when no key is trusted.
  ///
  /// Throws when the storage as a whole cannot be read.
  func finding(
    _ key: String, _ bytes: [UInt8], table: TableName? = nil, batchID: UUIDv7? = nil
  ) async throws(OperationError) -> VerifyFinding? {
    guard isNeeded else { return nil }
    func finding(_ found: String) -> VerifyFinding {
      VerifyFinding(
        .signature, table: table, key: key, batchID: batchID,
        expected: trustedKeys.count == 1 ? "a signature by the trusted key" : "a signature by a trusted key",
        found: found)
    }
    let signature: [UInt8]
    do {
      signature = try await store.get(
        ArchiveLayout.signature(of: key), maximumByteCount: TrustedKey.signatureByteCount)
    } catch {
      guard error.concernsOneObject else { throw .wrapping(error, "cannot read the signature", at: key) }
      return finding(error.code == .notFound ? "none" : error.message)
    }
    return trustedKeys.contains { $0.isValid(signature, of: bytes.span) } ? nil : finding("one that does not fit")
  }
}
