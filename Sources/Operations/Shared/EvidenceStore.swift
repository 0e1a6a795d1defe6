import ArchiveModel
package import Hashing
package import ObjectStore

/// A store that marks, on their way into another one, the objects and documents that must be kept, and signs the documents.
///
/// A signature is written before its document, so that no document is ever seen without one.
package struct EvidenceStore: ObjectStore {
  private let base: any ObjectStore
  private let key: SigningKey?

  package init(_ base: any ObjectStore, signingWith key: SigningKey?) {
    (self.base, self.key) = (base, key)
  }

  package var location: String { base.location }

  package func put(
    _ key: String, _ body: [UInt8], _ options: PutOptions
  ) async throws(ObjectStoreError) -> PutResult {
    var options = options
    options.isKept = ArchiveLayout.isKept(key)
    if let signer = self.key, ArchiveLayout.isSigned(key) {
      _ = try await base.put(ArchiveLayout.signature(of: key), signer.sign(body.span), PutOptions(isKept: true))
    }
    return try await base.put(key, body, options)
  }

  package func get(_ key: String, maximumByteCount: Int) async throws(ObjectStoreError) -> [UInt8] {
    try await base.get(key, maximumByteCount: maximumByteCount)
  }

  package func read<Sink: ByteSink & ~Copyable>(
    _ key: String, into sink: consuming sending Sink
  ) async throws(ObjectStoreError) -> sending Sink {
    try await base.read(key, into: sink)
  }

  package func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo {
    try await base.head(key)
  }

  package func list(
    prefix: String, after continuation: ListContinuation?
  ) async throws(ObjectStoreError) -> ListPage {
    try await base.list(prefix: prefix, after: continuation)
  }

  package func delete(_ key: String) async throws(ObjectStoreError) {
    try await base.delete(key)
  }

  package func checkLock() async throws(ObjectStoreError) {
    try await base.checkLock()
  }
}
