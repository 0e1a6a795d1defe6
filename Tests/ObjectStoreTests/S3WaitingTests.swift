import Foundation
import Testing

@testable import ObjectStore

/// Timeouts and cancellation, over real sockets.
@Suite("S3 waits")
struct S3WaitingTests {
  @Test("a silent store is given up after the stall timeout", .timeLimit(.minutes(1)))
  func stalled() async throws {
    try await withScriptedServer([.silence]) { server in
      let store = try scriptedStore(server) { configuration in
        configuration.stallTimeout = .seconds(1)
        configuration.maximumAttempts = 1
      }
      let error = await storeError { () async throws(ObjectStoreError) in _ = try await store.head("k") }
      #expect(error?.code == .timedOut)
    }
  }

  @Test("a request ends with its deadline, however slowly its bytes come", .timeLimit(.minutes(1)))
  func trickled() async throws {
    // Above the rate that counts as a stall.
    let answer =
      ScriptedServer.head("200 OK", headers: ["Content-Length: 60000"]) + [UInt8](repeating: 1, count: 60_000)
    try await withScriptedServer([.trickled(answer, bytesPerSecond: 4000)]) { server in
      let store = try scriptedStore(server)
      let start = ContinuousClock.now
      let error = await TransferDeadline.$current.withValue(start + .seconds(2)) {
        await storeError { () async throws(ObjectStoreError) in
          _ = try await store.get("k", maximumByteCount: 60_000)
        }
      }
      #expect(error?.code == .deadlinePassed)
      #expect(ContinuousClock.now - start < .seconds(4))
      #expect(error?.key == "k")
    }
  }

  @Test("no request is sent after the deadline")
  func late() async throws {
    try await withScriptedServer([.silence]) { server in
      let store = try scriptedStore(server)
      let error = await TransferDeadline.$current.withValue(.now - .seconds(1)) {
        await storeError { () async throws(ObjectStoreError) in _ = try await store.head("k") }
      }
      #expect(error?.code == .deadlinePassed)
      #expect(server.requests.isEmpty)
    }
  }

  @Test(
    "a transfer may take as long as its size asks for, up to a bound",
    arguments: [(0, 60), (32_768_000, 1060), (1 << 43, 7200), (nil as Int?, 7200)])
  func allowances(byteCount: Int?, seconds: Int) {
    #expect(TransferDeadline.allowance(forByteCount: byteCount) == .seconds(seconds))
  }

  @Test("a cancelled task's request ends at once", .timeLimit(.minutes(1)))
  func cancelled() async throws {
    try await withScriptedServer([.silence]) { server in
      let store = try scriptedStore(server)
      let task = Task { await storeError { () async throws(ObjectStoreError) in _ = try await store.head("k") } }
      while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
      let start = ContinuousClock.now
      task.cancel()
      #expect(await task.value?.code == .cancelled)
      #expect(ContinuousClock.now - start < .seconds(5))
    }
  }

  @Test("a task cancelled while it waits for its next attempt does not try again")
  func cancelledWhileWaiting() async throws {
    try await withScriptedServer([.slowDown]) { server in
      let store = try S3Store(
        configuration: scriptedConfiguration(server.endpoint),
        surroundings: S3Surroundings(sleep: { _ in throw CancellationError() }))
      let error = await storeError { () async throws(ObjectStoreError) in _ = try await store.head("k") }
      #expect(error?.code == .cancelled)
      #expect(server.requests.count == 1)
    }
  }

  @Test("no secret shows in an error")
  func noSecrets() async throws {
    try await withScriptedServer([.failure("403 Forbidden", "SignatureDoesNotMatch")]) { server in
      let store = try scriptedStore(server)
      let error = try #require(
        await storeError { () async throws(ObjectStoreError) in _ = try await store.get("k", maximumByteCount: 1) })
      var dumped = ""
      dump(error, to: &dumped)
      #expect(![dumped, "\(error)", error.message, error.hint ?? ""].contains { $0.contains("verysecretvalue") })
    }
  }
}
