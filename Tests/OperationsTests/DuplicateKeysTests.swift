import ArchiveModel
import Testing

@testable import Operations

/// Which batches are compared for keys that several of them have.
@Suite struct DuplicateKeysTests {
  @Test("batches that share a key are compared in the order of their ids, however they come", arguments: [1, 100])
  func neighbours(heldCount: Int) throws {
    let ids = (1...3).map { UUIDv7(unixMilliseconds: UInt64($0) * 1000) }
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      let keys = DuplicateKeys(heldCount: heldCount)
      for index in order { keys.begin(ids[index], key: "batch \(index)").add([7, UInt64(index) << 60]) }
      let pairs = try keys.suspects()
      #expect(pairs.map(\.older.id) == [ids[0], ids[1]], "\(order)")
      #expect(pairs.map(\.newer.id) == [ids[1], ids[2]], "\(order)")
    }
  }
}
