import ArchiveModel
import Hashing
import ObjectStore

/// Checks documents against the keys that are trusted; without any, every document passes.
struct SignatureCheck: Sendable {
  let store: any ObjectStore
  let trustedKeys: [TrustedKey]

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

  /// Whether a marker beside a batch may be believed, and what is wrong with it otherwise.
  ///
  /// The marker must name the batch itself, since a signature says nothing of the place that a document lies in.
  func finding(marker key: String, of batch: UUIDv7, _ table: TableName) async throws(OperationError) -> VerifyFinding?
  {
    guard isNeeded else { return nil }
    do {
      let bytes = try await store.get(key, maximumByteCount: ArchiveReader.maximumDocumentByteCount)
      if let finding = try await finding(key, bytes, table: table, batchID: batch) { return finding }
      let marker = try ArchiveDocument.decode(
        Marker.self, from: bytes, formats: ["archiver-superseded/1", "archiver-aborted/1"])
      guard marker.batchID != batch else { return nil }
      return VerifyFinding(
        .signature, table: table, key: key, batchID: batch, expected: "the signed marker of batch \(batch)",
        found: "that of another batch")
    } catch let error as ObjectStoreError where !error.concernsOneObject {
      throw .wrapping(error, "cannot read the marker", at: key)
    } catch let error as OperationError {
      throw error
    } catch {
      return VerifyFinding(
        .signature, table: table, key: key, batchID: batch, expected: "a signed marker", found: "an unreadable one")
    }
  }

  private struct Marker: Decodable {
    var batchID: UUIDv7

    enum CodingKeys: String, CodingKey {
      case batchID = "batch_id"
    }
  }
}
