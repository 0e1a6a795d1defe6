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

func makeRows(_ count: Int) -> [UInt8] {
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

/// Kinds of content that take very different levels.
enum Sample: CaseIterable {
  case rows, prose, tokens

  var content: [UInt8] {
    var state: UInt64 = 42
    func random(_ bound: Int) -> Int {
      // Knuth's MMIX constants.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    switch self {
    case .rows: return makeRows(40_000)
    case .prose:
      let words = (0..<4000).map { _ in
        String(decoding: (0..<2 + random(8)).map { _ in UInt8(97 + min(random(26), random(26))) }, as: UTF8.self)
      }
      return Array((0..<300_000).map { _ in words[min(random(4000), random(4000))] }.joined(separator: " ").utf8)
    case .tokens:
      return (0..<20_000).flatMap { _ in
        Array("{\"token\":\"".utf8)
          + (0..<32).map { _ in
            Array("0123456789abcdef".utf8)[random(16)]
          } + Array("\"}\n".utf8)
      }
    }
  }
}

/// What the gzip program makes of `content`.
func gzip(_ content: [UInt8], level: Int) throws -> Data {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/gzip")
  process.arguments = ["-c", "-\(level)"]
  let input = Pipe()
  let output = Pipe()
  process.standardInput = input
  process.standardOutput = output
  try process.run()
  let feeder = Thread {
    input.fileHandleForWriting.write(Data(content))
    input.fileHandleForWriting.closeFile()
  }
  feeder.start()
  let file = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  #expect(process.terminationStatus == 0)
  return file
}

@Suite struct GzipTests {
  @Test(arguments: [0, 1, 100, 50_000], [1, 6, 9])
  func `content comes back, whole and in pieces`(count: Int, level: Int) throws {
    let content = makeRows(count)
    let file = try GzipCompressor(level: level).compress(content.span)
    #expect(try GzipDecompressor().decompress(file.span, byteCount: content.count) == content)
    #expect(try read(file) == content)
    #expect(try read(file, pieces: 1000) == content)
  }

  @Test func `equal content gives equal bytes with a zero mtime`() throws {
    let content = makeRows(100)
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

  @Test(arguments: Sample.allCases, Array(1...9))
  func `a level fitted to the content is never larger than gzip's own`(sample: Sample, level: Int) throws {
    let content = sample.content
    let fitted = try GzipLevel(zlibLevel: level, fitting: content.span)
    let file = try GzipCompressor(fitted).compress(content.span)
    #expect(file.count <= (try gzip(content, level: level)).count)
    #expect(try read(file) == content)
  }

  @Test(arguments: [0, 1, 100])
  func `content too short to tell gets the level asked for`(count: Int) throws {
    let content = makeRows(count)
    #expect(try GzipLevel(zlibLevel: 9, fitting: content.span) == GzipLevel(zlibLevel: 9))
  }

  @Test func `easy content gets a cheaper level than prose`() throws {
    func byteCounts(_ content: [UInt8]) throws -> (fitted: Int, first: Int) {
      let fitted = try GzipLevel(zlibLevel: 6, fitting: content.span)
      return (
        try GzipCompressor(fitted).compress(content.span).count,
        try GzipCompressor(level: 1).compress(content.span).count
      )
    }
    let tokens = try byteCounts(Sample.tokens.content)
    #expect(tokens.fitted == tokens.first)
    let prose = try byteCounts(Sample.prose.content)
    #expect(prose.fitted < prose.first)
  }

  @Test func `a bad file says how it is bad`() throws {
    let content = makeRows(1000)
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
    let file = try GzipCompressor(level: 6).compress(makeRows(10).span)
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
