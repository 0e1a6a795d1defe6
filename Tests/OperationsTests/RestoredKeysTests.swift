import Gzip
import Testing

@testable import Operations

/// The lists of what restores put back: of any length, by anyone.
@Suite struct RestoredKeysTests {
  private static func digests(_ numbers: some Sequence<Int>) -> [KeyDigest] {
    numbers.map { KeyDigest(["\($0)"]) }.sorted()
  }

  @Test(arguments: [0, 1, 9, 10, 11, 95])
  func `keys are known, whether they are held or in a file`(count: Int) throws {
    let keys = RestoredKeys(heldCount: 10)
    for number in 0..<count { try keys.add(KeyDigest(["\(number)"])) }
    try keys.finish()
    let asked = Self.digests(0..<120)
    #expect(try keys.unknown(of: asked) == Self.digests(count..<120))
    #expect(try keys.unknown(of: asked) == Self.digests(count..<120), "asked again")
    #expect(try keys.unknown(of: []) == [])
  }

  private static func read(_ content: String, change: ([UInt8]) -> [UInt8] = { $0 }) throws -> RestoredKeys? {
    let file = change(try GzipCompressor(level: 6).compress(Array(content.utf8).span))
    var sink = try RestoredKeysSink()
    // In pieces, so that lines and members are cut anywhere.
    for start in stride(from: 0, to: file.count, by: 7) {
      sink.write(file.span.extracting(start..<min(start + 7, file.count)))
    }
    return try sink.finish()
  }

  @Test func `a list is read line by line`() throws {
    let keys = try #require(try Self.read("[\"1\"]\n[\"2\",\"a\\\"b\"]\n"))
    let asked = [["1"], ["2", "a\"b"], ["2"]].map { KeyDigest($0) }.sorted()
    #expect(try keys.unknown(of: asked) == [KeyDigest(["2"])])
  }

  @Test(arguments: ["[1]\n", "[\"1\"]", "x\n", "[\"1\"]\n\n"])
  func `a damaged list explains nothing`(content: String)
    throws
  {
    #expect(try Self.read(content) == nil)
  }

  @Test func `a list that is cut short, or has something behind it, explains nothing`() throws {
    #expect(try Self.read("[\"1\"]\n") { Array($0.dropLast()) } == nil)
    #expect(try Self.read("[\"1\"]\n") { $0 + [0] } == nil)
    #expect(try Self.read("[\"1\"]\n") { _ in [] } == nil)
  }

  @Test func `a line without an end fills no memory`() throws {
    #expect(try Self.read(String(repeating: "[", count: 40 << 20)) == nil)
  }
}
