import Foundation
import Gzip
import Testing

struct Collector: GzipSink {
  var bytes: [UInt8] = []
  mutating func receive(_ content: Span<UInt8>) {
    for index in content.indices { bytes.append(content[index]) }
  }
}

struct Refusal: Error {}
struct RefusingSink: GzipSink {
  func receive(_ content: Span<UInt8>) throws { throw Refusal() }
}

func rows(_ count: Int) -> [UInt8] {
  Array(
    (0..<count).map { id in
      let token = String(UInt64(id) &* 0x9E37_79B9_7F4A_7C15, radix: 16)
      return "{\"id\":\(id),\"token\":\"\(token)\",\"note\":\"order \(id) of customer \(id * 7919 % 997), paid\"}\n"
    }.joined().utf8)
}

func read(_ file: [UInt8], pieces: Int = .max, limit: Int = .max) throws -> [UInt8] {
  let reader = try GzipReader(maximumByteCount: limit)
  var collector = Collector()
  var rest = file[...]
  while !rest.isEmpty {
    try reader.feed(Array(rest.prefix(pieces)).span, into: &collector)
    rest = rest.dropFirst(pieces)
  }
  try reader.finish()
  return collector.bytes
}

@Suite struct GzipTests {
  @Test(arguments: [0, 1, 100, 50_000], [1, 6, 9])
  func `content comes back, whole and in pieces`(count: Int, level: Int) throws {
    let content = rows(count)
    let file = try GzipCompressor(level: level).compress(content.span)
    #expect(try GzipDecompressor().decompress(file.span, byteCount: content.count) == content)
    #expect(try read(file) == content)
    #expect(try read(file, pieces: 1000) == content)
  }

  @Test func `equal content gives equal bytes with a zero mtime`() throws {
    let content = rows(100)
    let first = try GzipCompressor(level: 6).compress(content.span)
    #expect(first == (try GzipCompressor(level: 6).compress(content.span)))
    #expect(first[4..<8].allSatisfy { $0 == 0 })
  }

  @Test func `very compressible content is drained to its end`() throws {
    let content = [UInt8](repeating: 120, count: 9_000_000)
    let file = try GzipCompressor(level: 9).compress(content.span)
    #expect(try read(file, pieces: 100) == content)
    #expect(throws: GzipError.tooLarge) { try read(file, limit: 1_000_000) }
  }

  @Test(arguments: 1...9)
  func `a level is never larger than gzip's own`(level: Int) throws {
    let content = rows(40_000)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/gzip")
    process.arguments = ["-c", "-\(level)"]
    let input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    let feeder = Thread { [content] in
      input.fileHandleForWriting.write(Data(content))
      input.fileHandleForWriting.closeFile()
    }
    feeder.start()
    let theirs = output.fileHandleForReading.readDataToEndOfFile().count
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(try GzipCompressor(level: level).compress(content.span).count <= theirs)
  }

  @Test func `a bad file says how it is bad`() throws {
    let content = rows(1000)
    let file = try GzipCompressor(level: 6).compress(content.span)
    #expect(throws: GzipError.notGzip) { try read(Array("{\"id\":1}\n".utf8)) }
    #expect(throws: GzipError.truncated) { try read([]) }
    #expect(throws: GzipError.truncated) { try read(Array(file.dropLast(1))) }
    #expect(throws: GzipError.truncated) { try read(Array(file.prefix(40))) }
    #expect(throws: GzipError.trailing(isMember: true)) { try read(file + file) }
    #expect(throws: GzipError.trailing(isMember: false)) { try read(file + [0]) }
    var flipped = file
    flipped[file.count / 2] ^= 0x10
    #expect(throws: (any Error).self) { try read(flipped) }
    var wrongSum = file
    wrongSum[file.count - 6] ^= 1
    #expect(throws: GzipError.corrupt) { try read(wrongSum) }
    #expect(throws: GzipError.corrupt) { try GzipDecompressor().decompress(wrongSum.span, byteCount: content.count) }
    #expect(throws: GzipError.tooLarge) { try GzipDecompressor().decompress(file.span, byteCount: content.count - 1) }
    #expect(throws: GzipError.truncated) { try GzipDecompressor().decompress(file.span, byteCount: content.count + 1) }
    #expect(throws: GzipError.trailing(isMember: true)) {
      try GzipDecompressor().decompress((file + file).span, byteCount: content.count)
    }
  }

  @Test func `a sink's error stops the reading`() throws {
    let file = try GzipCompressor(level: 6).compress(rows(10).span)
    let reader = try GzipReader()
    var sink = RefusingSink()
    do {
      try reader.feed(file.span, into: &sink)
      Issue.record("expected an error")
    } catch GzipError.sink(let cause) {
      #expect(cause is Refusal)
    }
  }
}
