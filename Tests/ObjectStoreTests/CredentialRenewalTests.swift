import Foundation
import Synchronization
import Testing

@testable import ObjectStore

@Suite("The renewal of credentials")
struct CredentialRenewalTests {
  /// Gives credentials `A1`, `A2`, … that last `lifetime` seconds by `clock`, or fails.
  private final class CountingSource: CredentialSource {
    let clock = Mutex(Date(timeIntervalSince1970: 0))
    let count = Mutex(0)
    let isFailing = Mutex(false)
    let lifetime: TimeInterval

    init(lifetime: TimeInterval) {
      self.lifetime = lifetime
    }

    func advance(_ seconds: TimeInterval) { clock.withLock { $0 += seconds } }

    func load() async throws(ObjectStoreError) -> Credentials {
      let number = count.withLock { count in
        count += 1
        return count
      }
      for _ in 0..<20 { await Task.yield() }
      guard !isFailing.withLock({ $0 }) else { throw ObjectStoreError(.unreachable, "down") }
      return Credentials(
        accessKeyID: "A\(number)", secretAccessKey: "s", expiration: clock.withLock { $0 } + lifetime)
    }
  }

  private func provider(_ source: CountingSource) -> RefreshingCredentialProvider {
    RefreshingCredentialProvider(source, now: { source.clock.withLock { $0 } })
  }

  @Test("comes five minutes before the end, once for all who ask")
  func renewal() async throws {
    let source = CountingSource(lifetime: 3600)
    let provider = provider(source)
    let first = await withTaskGroup(of: String?.self) { group in
      for _ in 0..<50 { group.addTask { try? await provider.credentials().accessKeyID } }
      return await group.reduce(into: Set<String?>()) { $0.insert($1) }
    }
    #expect(first == ["A1"])
    source.advance(3299)
    #expect(try await provider.credentials().accessKeyID == "A1")
    source.advance(2)
    #expect(try await provider.credentials().accessKeyID == "A2")
    #expect(source.count.withLock { $0 } == 2)
  }

  @Test("that fails leaves the old ones in use, and is tried again a minute later, until they end")
  func failure() async throws {
    let source = CountingSource(lifetime: 3600)
    let provider = provider(source)
    #expect(try await provider.credentials().accessKeyID == "A1")
    source.isFailing.withLock { $0 = true }
    source.advance(3400)
    for _ in 0..<3 { #expect(try await provider.credentials().accessKeyID == "A1") }
    #expect(source.count.withLock { $0 } == 2)
    source.advance(61)
    #expect(try await provider.credentials().accessKeyID == "A1")
    #expect(source.count.withLock { $0 } == 3)
    source.advance(200)
    let error = await storeError { () async throws(ObjectStoreError) in _ = try await provider.credentials() }
    #expect(error?.code == .unreachable)
  }

  @Test("comes no oftener than once a minute for credentials that are short-lived")
  func shortLived() async throws {
    let source = CountingSource(lifetime: 120)
    let provider = provider(source)
    #expect(try await provider.credentials().accessKeyID == "A1")
    source.advance(59)
    #expect(try await provider.credentials().accessKeyID == "A1")
    source.advance(2)
    #expect(try await provider.credentials().accessKeyID == "A2")
  }

  @Test("follows a store that calls the token expired, once", arguments: [1, 2])
  func expiredToken(refusals: Int) async throws {
    let source = CountingSource(lifetime: 3600)
    let refused = ScriptedServer.Reply.failure("400 Bad Request", "ExpiredToken")
    let replies = Array(repeating: refused, count: refusals) + [.stored]
    try await withScriptedServer(replies) { server in
      let credentials = provider(source)
      let store = try scriptedStore(server) { $0.credentials = credentials }
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("k", [1], PutOptions())
      }
      #expect(error?.serviceCode == (refusals == 1 ? nil : "ExpiredToken"))
      let keys = server.requests.map { $0.headers["authorization"]?.contains("Credential=A1/") == true ? "A1" : "A2" }
      #expect(keys == ["A1", "A2"])
    }
  }
}
