import Hashing

/// An object store in a directory: every object is a file at its key's path.
///
/// A missing root is made by the first `put`. Files and directories are made for their owner alone.
package final class DirectoryStore: ObjectStore {
  private let root: String
  private let pageSize: Int
  private let workers: WorkerPool<DirectoryWorker>

  /// `root` is an absolute path; `pageSize` counts the objects a page of a listing.
  package init(root: String, pageSize: Int = 1000) {
    self.root = root
    self.pageSize = max(1, pageSize)
    // Enough to keep a disk busy while others wait for it to synchronise.
    workers = WorkerPool(maximumCount: 8) { DirectoryWorker(root: root) }
  }

  package var location: String { StorageLocation.directory(path: root).description }

  package func put(
    _ key: String, _ body: [UInt8], _ options: PutOptions
  ) async throws(ObjectStoreError) -> PutResult {
    try StorageKey.validate(key)
    if let sum = options.sha256, sum != SHA256.hash(body.span) {
      throw ObjectStoreError(.checksumMismatch, "the body does not have the sum it should have", key: key)
    }
    try await withWorker { (worker) async throws(ObjectStoreError) in
      try await worker.put(key, body, replaces: !options.ifNoneMatch)
    }
    return PutResult(etag: nil, versionID: nil)
  }

  package func get(_ key: String, maximumByteCount: Int) async throws(ObjectStoreError) -> [UInt8] {
    let receiver = BufferReceiver(maximumByteCount: maximumByteCount)
    try await read(key, receiver)
    return receiver.bytes
  }

  package func read<Sink: ByteSink & ~Copyable>(
    _ key: String, into sink: consuming sending Sink
  ) async throws(ObjectStoreError) -> sending Sink {
    let receiver = SinkReceiver(sink)
    try await read(key, receiver)
    guard let sink = receiver.take() else { throw ObjectStoreError(.other, "the sink was taken twice", key: key) }
    return sink
  }

  private func read(_ key: String, _ receiver: BodyReceiver) async throws(ObjectStoreError) {
    try StorageKey.validate(key)
    let cancellation = CancellationFlag()
    try await withWorker { (worker) async throws(ObjectStoreError) in
      let result = await withTaskCancellationHandler {
        await worker.read(key, into: receiver, cancellation: cancellation)
      } onCancel: {
        cancellation.set()
      }
      try result.get()
    }
  }

  package func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo {
    try StorageKey.validate(key)
    return try await withWorker { (worker) async throws(ObjectStoreError) in try await worker.head(key) }
  }

  package func list(
    prefix: String, after continuation: ListContinuation?
  ) async throws(ObjectStoreError) -> ListPage {
    try await withWorker { (worker) async throws(ObjectStoreError) in
      try await worker.list(prefix: prefix, after: continuation?.token, maximumCount: pageSize)
    }
  }

  package func delete(_ key: String) async throws(ObjectStoreError) {
    try StorageKey.validate(key)
    try await withWorker { (worker) async throws(ObjectStoreError) in try await worker.delete(key) }
  }

  private func withWorker<Value: Sendable>(
    _ body: (DirectoryWorker) async throws(ObjectStoreError) -> Value
  ) async throws(ObjectStoreError) -> Value {
    guard !Task.isCancelled else { throw ObjectStoreError(.cancelled, "the request was cancelled", attempts: 0) }
    let worker = await workers.take()
    defer { workers.giveBack(worker) }
    return try await body(worker)
  }
}
