import Foundation
import Hashing
import TestSupport
import Testing

@testable import ObjectStore

/// What the conformance suite cannot see: the files themselves.
@Suite("Directory store")
struct DirectoryStoreTests {
  private func permissions(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? NSNumber).intValue
  }

  @Test("files and directories are for their owner alone, and lie where their keys say")
  func layout() async throws {
    try await withTemporaryDirectory { directory in
      let root = directory.path + "/not/yet/there"
      _ = try await DirectoryStore(root: root).put("db=a%3Ab/t/x.gz", [1, 2], PutOptions())
      #expect(FileManager.default.contents(atPath: root + "/db=a%3Ab/t/x.gz") == Data([1, 2]))
      #expect(try permissions(root + "/db=a%3Ab/t/x.gz") & 0o077 == 0)
      for path in [root, root + "/db=a%3Ab", root + "/db=a%3Ab/t", directory.path + "/not"] {
        #expect(try permissions(path) & 0o077 == 0)
      }
    }
  }

  @Test("leaves no temporary file behind, whether a put succeeds or not")
  func noLeftovers() async throws {
    try await withTemporaryDirectory { directory in
      let store = DirectoryStore(root: directory.path)
      _ = try await store.put("d/k", [1], PutOptions())
      _ = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("d/k", [2], PutOptions(ifNoneMatch: true))
      }
      // A directory is in the way of this key.
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("d", [2], PutOptions())
      }
      #expect(error?.code == .other)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["d"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path + "/d") == ["k"])
    }
  }

  @Test("lists neither hidden files nor what is no file")
  func hidden() async throws {
    try await withTemporaryDirectory { directory in
      let store = DirectoryStore(root: directory.path)
      _ = try await store.put("a/k", [1], PutOptions())
      try directory.write("half", to: "a/.123.tmp")
      try directory.write("x", to: ".hidden/file")
      #expect(mkfifo(directory.path + "/a/pipe", 0o600) == 0)
      let keys = try await store.list(prefix: "", after: nil).objects.map(\.key)
      #expect(keys == ["a/k"])
    }
  }

  @Test("follows links, but not in circles")
  func links() async throws {
    try await withTemporaryDirectory { directory in
      let store = DirectoryStore(root: directory.path + "/root")
      _ = try await store.put("a/k", [1], PutOptions())
      try directory.write("x", to: "elsewhere/file")
      #expect(symlink(directory.path + "/elsewhere", directory.path + "/root/linked") == 0)
      #expect(try await store.list(prefix: "", after: nil).objects.map(\.key) == ["a/k", "linked/file"])
      #expect(symlink(directory.path + "/root", directory.path + "/root/circle") == 0)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.list(prefix: "circle/", after: nil)
      }
      #expect(error?.code == .other)
    }
  }

  @Test("a root that does not exist is told as such")
  func missingRoot() async throws {
    try await withTemporaryDirectory { directory in
      let store = DirectoryStore(root: directory.path + "/absent")
      let listing = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.list(prefix: "", after: nil)
      }
      #expect(listing?.code == .bucketMissing)
      let reading = await storeError { () async throws(ObjectStoreError) in _ = try await store.head("k") }
      #expect(reading?.code == .notFound)
    }
  }

  @Test("a full disk is told as such", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func fullDisk() throws {
    let full = try FileDescriptor.open("/dev/full", O_WRONLY)
    let error = #expect(throws: SystemCallError.self) { try full.write([1].span) }
    #expect(error?.number == ENOSPC)
  }

  @Test("a body that is not what its sum says is refused, and nothing is written")
  func wrongSum() async throws {
    try await withTemporaryDirectory { directory in
      let store = DirectoryStore(root: directory.path)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("k", [1], PutOptions(sha256: SHA256.hash([2].span)))
      }
      #expect(error?.code == .checksumMismatch)
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(names == [])
    }
  }

  @Test("a root that nobody can make is an error", arguments: ["link", "link/below", "file/below"])
  func impossibleRoot(root: String) async throws {
    try await withTemporaryDirectory { directory in
      try FileManager.default.createSymbolicLink(
        atPath: directory.path + "/link", withDestinationPath: directory.path + "/nowhere/disk")
      try directory.write("", to: "file")
      let store = DirectoryStore(root: directory.path + "/" + root)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("k", [1], PutOptions())
      }
      #expect(error?.code == .bucketMissing)
      #expect(!FileManager.default.fileExists(atPath: directory.path + "/nowhere"))
    }
  }

  @Test("of many conditional puts at once, one wins")
  func conditionalRace() async throws {
    try await withTemporaryDirectory { directory in
      let store = DirectoryStore(root: directory.path)
      let winners = await withTaskGroup(of: UInt8?.self) { group in
        for number in UInt8(0)..<20 {
          group.addTask {
            let error = await storeError { () async throws(ObjectStoreError) in
              _ = try await store.put("k", [number], PutOptions(ifNoneMatch: true))
            }
            return error == nil ? number : nil
          }
        }
        return await group.reduce(into: [UInt8]()) { winners, number in if let number { winners.append(number) } }
      }
      #expect(winners.count == 1)
      let body = try await store.get("k", maximumByteCount: 1)
      #expect(body == winners)
    }
  }

  @Test("a cancelled task's put does not start")
  func cancelled() async throws {
    try await withTemporaryDirectory { directory in
      let store = DirectoryStore(root: directory.path)
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return await storeError { () async throws(ObjectStoreError) in _ = try await store.put("k", [1], PutOptions()) }
      }
      #expect(await task.value?.code == .cancelled)
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(names == [])
    }
  }
}
