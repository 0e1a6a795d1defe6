import Testing

@testable import Operations

/// The keys of a batch, as many as it may have.
@Suite struct KeySpoolTests {
  /// Keys of two parts, some of them empty or of more than one byte a character.
  private static func key(_ number: Int, length: Int = 1) -> [String] {
    [number.isMultiple(of: 3) ? "" : "\(number)", String(repeating: "é", count: length)]
  }

  @Test(arguments: [0, 1, 9_999, 10_000, 10_001, 35_000])
  func `every key comes back once, in lots that one statement can take`(count: Int) throws {
    let spool = KeySpool(partCount: 2)
    for number in 0..<count { spool.add(Self.key(number)) }
    #expect(spool.lotCount == (count + KeyLookup.chunkSize - 1) / KeyLookup.chunkSize)
    let lots = try (0..<spool.lotCount).map { try spool.lot($0) }
    #expect(lots.allSatisfy { $0.count <= KeyLookup.chunkSize })
    #expect(Array(lots.joined()) == (0..<count).map { Self.key($0) })
    // Any lot, at any time.
    if count > KeyLookup.chunkSize { #expect(try spool.lot(0).first == Self.key(0)) }
  }

  @Test func `a lot of long keys is no larger than a mebibyte and a key`() throws {
    let spool = KeySpool(partCount: 2)
    for number in 0..<40 { spool.add(Self.key(number, length: 50_000)) }
    let lots = try (0..<spool.lotCount).map { try spool.lot($0) }
    #expect(lots.dropLast().allSatisfy { $0.count == 11 }, "\(lots.map(\.count))")
    #expect(Array(lots.joined()) == (0..<40).map { Self.key($0, length: 50_000) })
  }
}
