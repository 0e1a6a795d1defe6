import ArchiveModel
import ObjectStore
import Operations
import Synchronization
import TestSupport
import Testing

/// A directory in which only so many files may be removed.
private final class ReluctantStore: ObjectStore {
  private let base: DirectoryStore
  private let allowed: Mutex<Int>

  init(_ base: DirectoryStore, deletes: Int) {
    self.base = base
    allowed = Mutex(deletes)
  }

  var location: String { base.location }

  func put(_ key: String, _ body: [UInt8], _ options: PutOptions) async throws(ObjectStoreError) -> PutResult {
    try await base.put(key, body, options)
  }

  func get(_ key: String, maximumByteCount: Int) async throws(ObjectStoreError) -> [UInt8] {
    try await base.get(key, maximumByteCount: maximumByteCount)
  }

  func read<Sink: ByteSink & ~Copyable>(
    _ key: String, into sink: consuming sending Sink
  ) async throws(ObjectStoreError) -> sending Sink {
    try await base.read(key, into: sink)
  }

  func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo { try await base.head(key) }

  func list(prefix: String, after continuation: ListContinuation?) async throws(ObjectStoreError) -> ListPage {
    try await base.list(prefix: prefix, after: continuation)
  }

  func delete(_ key: String) async throws(ObjectStoreError) {
    let isAllowed = allowed.withLock { allowed in
      allowed -= 1
      return allowed >= 0
    }
    guard isAllowed else { throw ObjectStoreError(.accessDenied, "deleting is not allowed", key: key) }
    try await base.delete(key)
  }
}

/// Removing what a rolled-back batch left is not required, and may end at any file.
@Suite struct InterruptedRemovalTests {
  @Test(arguments: 0...3)
  func `what may not be removed stays explained, and is removed once it may`(deletes: Int) async throws {
    try await SettlingTests.withKilledRun { scenario in
      let directory = DirectoryStore(root: scenario.directory.path + "/storage")
      let store = ReluctantStore(directory, deletes: deletes)
      var request = RecoverRequest(databases: [ArchiveJobTests.source(scenario.database)])
      request.grace = .zero
      for isFirst in [true, false] {
        let report = await RecoverJob(request: request, store: store, context: ArchiveJobTests.context()).run()
        #expect(report.errors.isEmpty, "\(report.errors)")
        #expect(report.findings.map(\.outcome) == (isFirst ? [.rolledBack] : []), "\(report.findings)")
        #expect(scenario.files.contains { $0.hasSuffix(".aborted.json") })
        try await scenario.archiver("verify")
      }
      let report = await RecoverJob(request: request, store: directory, context: ArchiveJobTests.context()).run()
      #expect(report.errors.isEmpty && !scenario.files.contains { $0.hasPrefix("db=") }, "\(scenario.files)")
    }
  }
}
