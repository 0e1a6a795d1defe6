import ArchiveModel
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

  /// The SHA-256 of the manifest that the marker has readers ignore, hexadecimal; nil and a finding when the marker is not
  /// to be believed.
  ///
  /// Throws when the storage as a whole cannot be read.
  func superseded(
    _ batch: UUIDv7, in folder: String, _ table: TableName
  ) async throws(OperationError) -> (manifestSHA256: String?, finding: VerifyFinding?) {
    let (marker, finding) = try await read(
      SupersededMarker.self, .superseded, format: SupersededMarker.format, batch, folder, table, id: \.batchID)
    return (marker?.manifestSHA256, finding)
  }

  /// What keeps the aborted marker of the batch from being believed; nil when it is sound.
  func aborted(_ batch: UUIDv7, in folder: String, _ table: TableName) async throws(OperationError) -> VerifyFinding? {
    try await read(AbortedMarker.self, .aborted, format: AbortedMarker.format, batch, folder, table, id: \.batchID)
      .finding
  }

  /// The marker must name the batch itself, since neither its sum nor its signature says anything of the place it lies in.
  private func read<Marker: Decodable>(
    _ type: Marker.Type, _ document: ArchiveLayout.Document, format: String, _ batch: UUIDv7, _ folder: String,
    _ table: TableName, id: (Marker) -> UUIDv7
  ) async throws(OperationError) -> (marker: Marker?, finding: VerifyFinding?) {
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
      return (marker, nil)
    } catch {
      switch error {
      case .unreadable, .outOfBounds: return (nil, finding(.manifest, "a readable marker", error.cause))
      case .unsupportedFormat(let found, let expected): return (nil, finding(.format, expected, found))
      }
    }
  }
}
