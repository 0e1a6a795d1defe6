import ArchiveModel
import ObjectStore

/// Reads the documents of a batch that is being settled.
struct BatchDocuments: Sendable {
  let files: BatchFiles
  let store: any ObjectStore

  /// What there was in place of a manifest.
  struct Prepared: Sendable {
    /// Nil when only objects are there.
    var manifest: Manifest?
  }

  /// Nil when somebody else has just settled the batch. Throws a data error when the document cannot be used.
  func prepared(of table: TableName) async throws(OperationError) -> Prepared? {
    guard files.documents.contains(.prepared) else { return Prepared(manifest: nil) }
    let key = files.key(.prepared)
    guard let bytes = try await bytes(key) else { return nil }
    let manifest: Manifest
    do {
      manifest = try ArchiveDocument.decode(Manifest.self, from: bytes, formats: [Manifest.preparedFormat])
    } catch {
      throw .wrapping(error, "cannot read the prepared document", at: key)
    }
    guard manifest.batchID == files.batchID, manifest.folder == files.folder, manifest.source.name == table else {
      throw OperationError(
        .data, "cannot use the prepared document", at: key,
        cause: "it is of batch \(manifest.batchID) of \(manifest.source.name)",
        hint: "move it back to where it belongs")
    }
    return Prepared(manifest: manifest)
  }

  /// Whether the manifest can be read and says what the prepared document promised. Where that one cannot be used, the
  /// manifest stands for itself.
  func hasSoundManifest(of table: TableName) async throws(OperationError) -> Bool {
    let manifest: Manifest
    do throws(OperationError) {
      manifest = try await ArchiveReader(store: store).batch(at: files.key(.manifest)).manifest
    } catch {
      guard error.category == .data else { throw error }
      return false
    }
    do throws(OperationError) {
      guard let prepared = try await prepared(of: table)?.manifest, let committedAt = manifest.committedAt else {
        return true
      }
      return prepared.committed(at: committedAt) == manifest
    } catch {
      guard error.category == .data else { throw error }
      return true
    }
  }

  /// Nil when there is none, or it is of another version: such a mark proves nothing.
  func marker() async throws(OperationError) -> AbortedMarker? {
    guard files.documents.contains(.aborted), let bytes = try await bytes(files.key(.aborted)) else { return nil }
    do {
      let marker = try ArchiveDocument.decode(AbortedMarker.self, from: bytes, formats: [AbortedMarker.format])
      return marker.batchID == files.batchID ? marker : nil
    } catch {
      return nil
    }
  }

  /// Nil when there is no such object.
  private func bytes(_ key: String) async throws(OperationError) -> [UInt8]? {
    do {
      return try await store.get(key, maximumByteCount: ArchiveReader.maximumDocumentByteCount)
    } catch {
      if error.code == .notFound { return nil }
      throw .wrapping(error, "cannot read the document", at: key)
    }
  }
}
