import ArchiveModel
import Hashing
import ObjectStore

/// Reads the markers that lie beside batches as something that anyone may have written.
///
/// A marker explains why a batch is left out, so that an empty file of its name must not do.
struct MarkerCheck: Sendable {
  let store: any ObjectStore
  private let signatures: SignatureCheck

  /// Without `signatures` none are looked at.
  init(store: any ObjectStore, signatures: SignatureCheck? = nil) {
    self.store = store
    self.signatures = signatures ?? SignatureCheck(store: store, trustedKeys: [])
  }

  /// A superseded marker that belongs where it lies.
  struct Superseded: Sendable {
    /// Of the manifest that it has readers ignore, hexadecimal.
    var manifestSHA256: String
    /// Of its own bytes.
    var sha256: SHA256Digest
  }

  /// What the superseded marker of the batch says; nil and a finding when it is not to be believed.
  ///
  /// Throws when the storage as a whole cannot be read.
  func superseded(
    _ batch: UUIDv7, in folder: String, _ table: TableName
  ) async throws(OperationError) -> (marker: Superseded?, finding: VerifyFinding?) {
    let (marker, finding) = try await read(
      SupersededMarker.self, .superseded, format: SupersededMarker.format, batch, folder, table, id: \.batchID)
    return (marker.map { Superseded(manifestSHA256: $0.content.manifestSHA256, sha256: $0.sha256) }, finding)
  }

  /// What the aborted marker of the batch says; nil and a finding when it is not to be believed.
  func aborted(
    _ batch: UUIDv7, in folder: String, _ table: TableName
  ) async throws(OperationError) -> (marker: AbortedMarker?, finding: VerifyFinding?) {
    let (marker, finding) = try await read(
      AbortedMarker.self, .aborted, format: AbortedMarker.format, batch, folder, table, id: \.batchID)
    return (marker?.content, finding)
  }

  /// The marker must name the batch itself, since neither its sum nor its signature says anything of the place it lies in.
  private func read<Marker: Decodable>(
    _ type: Marker.Type, _ document: ArchiveLayout.Document, format: String, _ batch: UUIDv7, _ folder: String,
    _ table: TableName, id: (Marker) -> UUIDv7
  ) async throws(OperationError) -> (marker: (content: Marker, sha256: SHA256Digest)?, finding: VerifyFinding?) {
    let key = ArchiveLayout.document(document, in: folder, batch: batch)
    func finding(_ code: FindingCode, _ expected: String, _ found: String) -> VerifyFinding {
      VerifyFinding(code, table: table, key: key, batchID: batch, expected: expected, found: found)
    }
    let bytes: [UInt8]
    do {
      bytes = try await store.get(key, maximumByteCount: ArchiveReader.maximumDocumentByteCount)
    } catch {
      guard error.concernsOneObject else { throw .wrapping(error, "cannot read the marker", at: key) }
      return (nil, finding(.manifest, "a readable marker", error.message))
    }
    if let finding = try await signatures.finding(key, bytes, table: table, batchID: batch) { return (nil, finding) }
    do {
      let marker = try ArchiveDocument.decode(type, from: bytes, formats: [format])
      guard id(marker) == batch else {
        return (nil, finding(.manifest, "the marker of batch \(batch)", "that of batch \(id(marker))"))
      }
      return ((marker, SHA256.hash(bytes.span)), nil)
    } catch {
      switch error {
      case .unreadable, .outOfBounds, .otherKind: return (nil, finding(.manifest, "a readable marker", error.cause))
      case .unsupportedFormat(let found, let expected): return (nil, finding(.format, expected, found))
      }
    }
  }
}
