import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ObjectStore

/// A store that the conformance suite runs on.
enum StoreKind: String, Sendable, CaseIterable, CustomTestStringConvertible {
  case s3
  case directory

  var testDescription: String { rawValue }
}

/// Runs `body` with an empty store of that kind and removes what it left. A page of a listing has `pageSize` objects.
nonisolated(nonsending) func withStore<Result>(
  _ kind: StoreKind, pageSize: Int = 1000, _ body: (any ObjectStore) async throws -> Result
) async throws -> Result {
  switch kind {
  case .directory:
    return try await withTemporaryDirectory { directory in
      try await body(DirectoryStore(root: directory.path + "/store", pageSize: pageSize))
    }
  case .s3:
    var configuration = try realServerConfiguration()
    configuration.prefix = "conformance/\(UUID().uuidString.lowercased())"
    configuration.listPageSize = pageSize
    let store = try S3Store(configuration: configuration)
    let outcome: Swift.Result<Result, any Error>
    do {
      outcome = .success(try await body(store))
    } catch {
      outcome = .failure(error)
    }
    for try await object in store.list(prefix: "") { try await store.delete(object.key) }
    return try outcome.get()
  }
}

/// The real server, with the right credentials, at the bucket's root.
func realServerConfiguration() throws -> S3Configuration {
  let server = try TestEnvironment.s3()
  return S3Configuration(
    bucket: server.bucket, region: server.region, endpoint: server.endpoint,
    credentials: StaticCredentialProvider(
      Credentials(accessKeyID: server.accessKeyID, secretAccessKey: server.secretAccessKey)))
}

/// A configuration for a scripted server: bucket `b`, prefix `p`.
func scriptedConfiguration(_ endpoint: String) -> S3Configuration {
  S3Configuration(
    bucket: "b", prefix: "p", region: "us-east-1", endpoint: endpoint,
    credentials: StaticCredentialProvider(Credentials(accessKeyID: "AKID", secretAccessKey: "verysecretvalue")))
}

/// A store that talks to a scripted server and does not really wait.
func scriptedStore(
  _ server: ScriptedServer, _ recorder: SleepRecorder = SleepRecorder(),
  _ change: (inout S3Configuration) -> Void = { _ in }
) throws -> S3Store {
  var configuration = scriptedConfiguration(server.endpoint)
  change(&configuration)
  return try S3Store(configuration: configuration, surroundings: recorder.surroundings)
}

/// Notes the waits a store asks for, and does not wait.
final class SleepRecorder: Sendable {
  private let durations = Mutex<[Duration]>([])

  var recorded: [Duration] { durations.withLock { $0 } }

  /// Jitter is always the middle of its interval.
  var surroundings: S3Surroundings {
    S3Surroundings(
      sleep: { [self] duration in durations.withLock { $0.append(duration) } }, jitter: { 0.5 })
  }
}

/// Keeps what it is given, and counts the calls.
struct CollectingSink: ByteSink, ~Copyable {
  var bytes: [UInt8] = []
  var writeCount = 0
  var largestWrite = 0

  mutating func write(_ span: Span<UInt8>) {
    span.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    writeCount += 1
    largestWrite = max(largestWrite, span.count)
  }
}

/// Fails once it has been given more than `limit` bytes.
struct FailingSink: ByteSink {
  struct Full: Error {}

  var limit: Int
  var byteCount = 0

  mutating func write(_ span: Span<UInt8>) throws {
    byteCount += span.count
    if byteCount > limit { throw Full() }
  }
}

extension ScriptedServer.Reply {
  /// S3's answer to a put.
  static let stored = answer("200 OK", headers: ["ETag: \"e1\"", "x-amz-version-id: v1"])
  static let slowDown = failure("503 Slow Down", "SlowDown")
}

/// The error `body` throws, nil when it throws none.
nonisolated(nonsending) func storeError(
  _ body: () async throws(ObjectStoreError) -> Void
) async -> ObjectStoreError? {
  do throws(ObjectStoreError) {
    try await body()
    return nil
  } catch {
    return error
  }
}
