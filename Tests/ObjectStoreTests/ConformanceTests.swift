import Foundation
import Hashing
import TestSupport
import Testing

@testable import ObjectStore

/// What every store must do, on every store.
@Suite("Object store conformance")
struct ConformanceTests {
  static let awkwardKeys = [
    "a b/c d.txt",
    "db=my%3Aapp/table=order%2Fitems/dt=2025-01-31/x.jsonl.gz",
    "a+b=c&d;e,f@g$h!i*j'k(l)m~n",
    "\"quotes\" and 'more' <tags> & \\backslash\\",
    "gänse/日本語/🦆.json",
    "nfc-\u{e9}/nfd-e\u{301}",
    "_x/_y.manifest.json",
    "percent%",
    "%41%zz",
    "question?mark#hash",
    "[brackets]{braces}|^`",
  ]

  @Test("gives back what was put", arguments: StoreKind.allCases, [0, 1, 100_000, 5_000_000])
  func roundTrip(kind: StoreKind, byteCount: Int) async throws {
    var random = SeededRandom(seed: UInt64(byteCount))
    let body = random.bytes(count: byteCount)
    try await withStore(kind) { store in
      _ = try await store.put("x/y.bin", body, PutOptions())
      #expect(try await store.get("x/y.bin", maximumByteCount: byteCount) == body)
      let info = try await store.head("x/y.bin")
      #expect(info.key == "x/y.bin")
      #expect(info.byteCount == byteCount)
      let age = try #require(info.modifiedAt).timeIntervalSinceNow
      #expect(abs(age) < 120)
    }
  }

  @Test("streams what was put", arguments: StoreKind.allCases, [0, 1, 5_000_000])
  func streams(kind: StoreKind, byteCount: Int) async throws {
    var random = SeededRandom(seed: UInt64(byteCount))
    let body = random.bytes(count: byteCount)
    try await withStore(kind) { store in
      _ = try await store.put("k", body, PutOptions())
      let sink = try await store.read("k", into: CollectingSink())
      #expect(sink.bytes == body)
      #expect(sink.largestWrite <= 1_048_576)
      #expect(byteCount < 5_000_000 || sink.writeCount > 1)
    }
  }

  @Test("a sink's failure ends the read and is the cause", arguments: StoreKind.allCases)
  func failingSink(kind: StoreKind) async throws {
    try await withStore(kind) { store in
      _ = try await store.put("k", [UInt8](repeating: 7, count: 1_000_000), PutOptions())
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.read("k", into: FailingSink(limit: 100_000))
      }
      #expect(error?.code == .sinkFailed)
      #expect(error?.cause is FailingSink.Full)
      #expect(try await store.get("k", maximumByteCount: 1_000_000).count == 1_000_000)
    }
  }

  @Test("refuses to read more than was asked for", arguments: StoreKind.allCases)
  func tooLarge(kind: StoreKind) async throws {
    try await withStore(kind) { store in
      _ = try await store.put("k", [UInt8](repeating: 7, count: 1000), PutOptions())
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.get("k", maximumByteCount: 999)
      }
      #expect(error?.code == .tooLarge)
    }
  }

  @Test("keeps awkward keys byte for byte", arguments: StoreKind.allCases)
  func awkwardKeys(kind: StoreKind) async throws {
    try await withStore(kind, pageSize: 3) { store in
      for key in Self.awkwardKeys {
        _ = try await store.put(key, Array(key.utf8), PutOptions())
      }
      for key in Self.awkwardKeys {
        #expect(try await store.get(key, maximumByteCount: 1000) == Array(key.utf8))
        #expect(try await store.head(key).byteCount == key.utf8.count)
        #expect(try await listing(store, key).contains(Array(key.utf8)), "\(key)")
      }
      #expect(try await listing(store, "") == Self.awkwardKeys.map { Array($0.utf8) }.sorted(by: precedes))
      for key in Self.awkwardKeys { try await store.delete(key) }
      #expect(try await listing(store, "") == [])
    }
  }

  @Test("replaces an object of the same key", arguments: StoreKind.allCases)
  func overwrite(kind: StoreKind) async throws {
    try await withStore(kind) { store in
      _ = try await store.put("k", [1, 2, 3], PutOptions())
      _ = try await store.put("k", [4], PutOptions())
      #expect(try await store.get("k", maximumByteCount: 10) == [4])
      #expect(try await listing(store, "").count == 1)
    }
  }

  @Test("says that an object is missing", arguments: StoreKind.allCases)
  func missing(kind: StoreKind) async throws {
    try await withStore(kind) { store in
      _ = try await store.put("there", [1], PutOptions())
      for key in ["absent", "there/not", "no/such/directory"] {
        let errors = [
          await storeError { () async throws(ObjectStoreError) in _ = try await store.get(key, maximumByteCount: 1) },
          await storeError { () async throws(ObjectStoreError) in
            _ = try await store.read(key, into: CollectingSink())
          },
          await storeError { () async throws(ObjectStoreError) in _ = try await store.head(key) },
        ]
        #expect(errors.map { $0?.code } == [.notFound, .notFound, .notFound])
        #expect(errors.map { $0?.key } == [key, key, key])
      }
    }
  }

  @Test("deletes, and deletes again without complaint", arguments: StoreKind.allCases)
  func delete(kind: StoreKind) async throws {
    try await withStore(kind) { store in
      _ = try await store.put("a/b", [1], PutOptions())
      _ = try await store.put("a/c", [1], PutOptions())
      try await store.delete("a/b")
      try await store.delete("a/b")
      try await store.delete("never/was")
      #expect(try await listing(store, "") == [Array("a/c".utf8)])
    }
  }

  @Test("lists in byte order over pages", arguments: StoreKind.allCases, [1, 2, 3, 7, 1000])
  func pages(kind: StoreKind, pageSize: Int) async throws {
    let keys = ["a", "a-b/x", "a.b", "a/b", "a/b.c", "a/b/c", "a/b0", "a0", "b/1", "b/10", "b/2", "c"]
    let placed = keys.filter { !["a", "a/b"].contains($0) }
    try await withStore(kind, pageSize: pageSize) { store in
      for key in placed.shuffled() { _ = try await store.put(key, [0], PutOptions()) }
      for prefix in ["", "a", "a/", "a/b", "a/b/", "b/1", "zz", "a-b/x"] {
        let expected = placed.map { Array($0.utf8) }.filter { $0.starts(with: prefix.utf8) }.sorted(by: precedes)
        #expect(try await listing(store, prefix) == expected, "prefix \(prefix)")
      }
      let first = try await store.list(prefix: "", after: nil)
      #expect(first.objects.count == min(pageSize, placed.count))
      #expect((first.next == nil) == (pageSize >= placed.count))
    }
  }

  @Test("an object is put only once when asked so", arguments: StoreKind.allCases)
  func ifNoneMatch(kind: StoreKind) async throws {
    // The S3 server of the tests knows no conditional writes; the fault tests cover S3's answer to them.
    guard kind == .directory else { return }
    try await withStore(kind) { store in
      _ = try await store.put("k", [1], PutOptions(ifNoneMatch: true))
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("k", [2], PutOptions(ifNoneMatch: true))
      }
      #expect(error?.code == .preconditionFailed)
      #expect(try await store.get("k", maximumByteCount: 10) == [1])
    }
  }

  @Test("takes many puts at once", arguments: StoreKind.allCases)
  func concurrentPuts(kind: StoreKind) async throws {
    try await withStore(kind) { store in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<40 {
          group.addTask {
            let body = [UInt8](repeating: UInt8(number), count: 1000 + number)
            let options = PutOptions(sha256: SHA256.hash(body.span))
            _ = try await store.put("deep/\(number % 4)/\(number)", body, options)
            #expect(try await store.get("deep/\(number % 4)/\(number)", maximumByteCount: 2000) == body)
          }
        }
        try await group.waitForAll()
      }
      #expect(try await listing(store, "deep/").count == 40)
    }
  }

  @Test("refuses keys that could lead out of the root", arguments: StoreKind.allCases)
  func badKeys(kind: StoreKind) async throws {
    try await withStore(kind) { store in
      for key in [
        "", "/abs", "a//b", "a/../b", "..", ".", ".hidden", "a/.b", "a/", "nul\0", String(repeating: "k", count: 1025),
      ] {
        let error = await storeError { () async throws(ObjectStoreError) in
          _ = try await store.put(key, [1], PutOptions())
        }
        #expect(error?.code == .other, "\(key)")
        #expect(error?.attempts == 0)
      }
    }
  }

  @Test("passes the check, and leaves nothing behind", arguments: StoreKind.allCases)
  func bucketCheck(kind: StoreKind) async throws {
    try await withStore(kind) { store in
      let report = try await BucketCheck.check(store, probeID: "run-1")
      #expect(report.deleteFailure == nil)
      try await BucketCheck.checkReading(store)
      #expect(try await listing(store, "") == [])
    }
  }

  private func listing(_ store: any ObjectStore, _ prefix: String) async throws -> [[UInt8]] {
    var keys: [[UInt8]] = []
    for try await object in store.list(prefix: prefix) { keys.append(Array(object.key.utf8)) }
    return keys
  }

  private func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.lexicographicallyPrecedes(right)
  }
}
