import RowCodec
import TestSupport
import Testing

/// Values and lines that are broken on purpose, part by part, for every codec: each is an error with its place.
@Suite struct StructuredFuzzTests {
  private static let fixedSizes = [
    "smallint": 2, "integer": 4, "bigint": 8, "oid": 4, "real": 4, "double precision": 8, "boolean": 1, "uuid": 16,
    "date": 4, "time": 8, "timestamp": 8, "interval": 16,
  ]

  /// Ill-formed UTF-8: stray, overlong, surrogate, too large, cut.
  private static let malformed: [[UInt8]] = [
    [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf],
    [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0xfe], [0xc3], [0xe2, 0x82],
    [0xf0, 0x9f, 0x98],
  ]

  private static func malformedText(_ value: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    // Before the first byte that begins a character, so that what follows cannot complete the sequence.
    let starts = value.indices.filter { value[$0] & 0xc0 != 0x80 } + [value.count]
    let place = random.pick(starts)
    return Array(value[..<place]) + random.pick(malformed) + Array(value[place...])
  }

  private static func replacing(_ value: [UInt8], at place: Int, with bytes: [UInt8]) -> [UInt8] {
    var value = value
    value.replaceSubrange(place..<min(place + bytes.count, value.count), with: bytes)
    return value
  }

  /// Binary forms that the type cannot have, made from one that it can.
  private static func broken(_ type: String, _ value: [UInt8], _ random: inout SeededRandom) -> [[UInt8]] {
    let extremes: [Int32] = [.min, .max, -2, 7, 1 << 24]
    if type.hasSuffix("[]") || type.hasSuffix("vector") {
      var values = [
        Array(value.prefix(random.int(0...value.count - 1))), value + [0], value + WireMessage.int32(-1), [],
        replacing(value, at: 0, with: WireMessage.int32(random.pick(extremes))),
        replacing(value, at: 8, with: WireMessage.int32(random.pick([0, -1, 26_000]))),
      ]
      if value.count > 20 {
        values += [Int32.min, -1, .max, 1 << 20].map { replacing(value, at: 12, with: WireMessage.int32($0)) }
        let dimensions = Int(value[3])
        let element = 12 + 8 * dimensions
        values += [Int32.min, -2, .max, 1 << 24].map { replacing(value, at: element, with: WireMessage.int32($0)) }
      }
      return values
    }
    if let size = fixedSizes.first(where: {
      type == $0.key || type.hasPrefix($0.key + "(") || type.hasPrefix($0.key + " ")
    }) {
      let isLong = type.hasSuffix("with time zone") && type.hasPrefix("time ") && size.value == 8
      let count = isLong ? 12 : size.value
      return (0..<count).map { Array(value.prefix($0)) } + [
        value + [0], value + value, value + [UInt8](repeating: 0, count: 65_536),
      ]
    }
    switch type {
    case "numeric", "numeric(10,2)":
      let digits = WireMessage.numeric(scale: 2, [1, 2])
      return (0..<8).map { Array(value.prefix($0)) } + [
        value + [0], value + [0, 0], Array(digits.dropLast()), replacing(digits, at: 0, with: [0xff, 0xff]),
        replacing(digits, at: 0, with: [0, 1]),
        replacing(digits, at: 4, with: [random.pick([0x01, 0x20, 0x80, 0xe0]), 0]),
        replacing(digits, at: 6, with: [random.pick([0x40, 0x7f, 0x80, 0xff]), 0]),
        replacing(digits, at: 8, with: [random.pick([0x27, 0x7f, 0x80, 0xff]), 0x10]),
      ]
    case "json", "jsonb":
      let version: [UInt8] = type == "jsonb" ? [1] : []
      let bombs = ["[", "{\"a\":", "[{\"a\":["].map { Array(String(repeating: $0, count: 50_000).utf8) }
      let texts = [
        "", " ", "nul", "tru", "{", "[1,]", "{\"a\"}", "{1:2}", "\"", "\"\\x\"", "\"\\u12\"", "01", "1.", "1e", "-",
        "+1",
        "1 2", "[1}", "'a'", "NaN", "\u{1}", "\"\t\"", "[" + String(repeating: "9", count: 100_000),
      ]
      return (bombs + texts.map { Array($0.utf8) }).map { version + $0 }
        + malformed.map { version + [0x22] + $0 + [0x22] }
        + (type == "jsonb" ? [[], [0], [2, 0x31], [0x7b, 0x7d]] : [])
    case "bytea": return []  // Every byte string is one.
    default: return [malformedText(value, &random), value + [0], [0] + value]
    }
  }

  @Test(arguments: FuzzTests.samples.indices)
  func aBrokenBinaryValueNamesRowAndColumn(_ index: Int) throws {
    var random = SeededRandom(seed: UInt64(index))
    let sample = FuzzTests.samples[index]
    for value in Self.broken(sample.type, sample.wire, &random) {
      var fields: [[UInt8]?] = FuzzTests.samples.map(\.wire)
      var encoder = FuzzTests.encoder()
      let before = random.int(0...2)
      try encoder.encode(WireMessage.header)
      for _ in 0..<before { try encoder.encode(WireMessage.row(fields)) }
      let buffered = encoder.bufferedByteCount
      fields[index] = value
      let error = #expect(throws: RowCodecError.self, "\(sample.type), \(value.prefix(80))") {
        try encoder.encode(WireMessage.row(fields))
      }
      #expect(error?.column == "c\(index)", "\(sample.type), \(value.prefix(80)): \(error?.description ?? "")")
      #expect(error?.row == before + 1)
      #expect(encoder.bufferedByteCount == buffered)
    }
  }

  @Test(arguments: FuzzTests.samples.indices)
  func aFieldOfImpossibleLengthNamesRowAndColumn(_ index: Int) throws {
    for length in [Int32.min, -2, .max, 1 << 30] {
      var message = WireMessage.int16(Int16(FuzzTests.samples.count + 1))
      for sample in FuzzTests.samples[..<index] { message += WireMessage.int32(Int32(sample.wire.count)) + sample.wire }
      message += WireMessage.int32(length) + [1, 2, 3]
      var encoder = FuzzTests.encoder()
      try encoder.encode(WireMessage.header)
      let error = #expect(throws: RowCodecError.self) { try encoder.encode(message) }
      #expect(error?.column == "c\(index)" && error?.row == 1 && error?.code == .stream)
    }
  }

  @Test func anInstantThatIsNoneNamesTheRow() throws {
    let fields = FuzzTests.samples.map(\.wire).reduce(into: [UInt8]()) { $0 += WireMessage.int32(Int32($1.count)) + $1 }
    for time in [
      WireMessage.int32(-1), WireMessage.int32(4) + [0, 0, 0, 0], WireMessage.int32(0), WireMessage.int32(.max), [],
    ] {
      var encoder = FuzzTests.encoder()
      let row = WireMessage.int16(Int16(FuzzTests.samples.count + 1)) + fields + time
      let error = #expect(throws: RowCodecError.self) { try encoder.encode(WireMessage.header + row) }
      #expect(error?.row == 1, "\(error?.description ?? "")")
    }
  }

  /// Parts of lines, whole samples and the numbers that lengths and counts are made of.
  private static func spliced(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    var bytes = bytes
    let place = random.int(0...bytes.count)
    switch random.int(0...4) {
    case 0:
      let number = WireMessage.int32(random.pick([.min, -2, -1, 0, 1, 7, 255, 1 << 16, .max]))
      bytes = Self.replacing(bytes, at: place, with: number)
    case 1: bytes.insert(contentsOf: FuzzTests.samples[random.int(0...FuzzTests.samples.count - 1)].wire, at: place)
    case 2: bytes.insert(contentsOf: random.pick(Self.malformed), at: place)
    case 3:
      bytes.insert(
        contentsOf: Array(FuzzTests.samples[random.int(0...FuzzTests.samples.count - 1)].json.utf8), at: place)
    default: bytes.insert(contentsOf: bytes[(place / 2)..<place], at: place)
    }
    return bytes
  }

  @Test(arguments: [11, 12] as [UInt64])
  func splicedMessagesGiveWholeLinesOrAnErrorWithItsRow(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let row = WireMessage.row(FuzzTests.samples.map(\.wire))
    var reader = RowReader(columns: FuzzTests.columns)
    for round in 0..<600 {
      var encoder = FuzzTests.encoder()
      var failure: RowCodecError?
      do throws(RowCodecError) {
        try encoder.encode(WireMessage.header + row)
        try encoder.encode(Self.spliced(row, &random))
      } catch {
        failure = error
      }
      #expect(failure.map { ($0.row ?? 0) >= 2 } ?? true, "seed \(seed), round \(round)")
      for line in encoder.takeBuffer().split(separator: 0x0a, omittingEmptySubsequences: false).dropLast() {
        #expect(throws: Never.self, "seed \(seed), round \(round)") { try reader.read(Array(line)) }
      }
    }
  }

  @Test(arguments: [21, 22] as [UInt64])
  func splicedLinesAreReadOrRefused(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var encoder = FuzzTests.encoder()
    try encoder.encode(WireMessage.header + WireMessage.row(FuzzTests.samples.map(\.wire)))
    let line = Array(encoder.takeBuffer().dropLast())
    var reader = RowReader(columns: FuzzTests.columns)
    var refused = 0
    for _ in 0..<600 {
      do throws(RowCodecError) {
        try reader.read(Self.spliced(line, &random))
      } catch {
        refused += 1
        #expect([.line, .form, .encoding].contains(error.code))
      }
    }
    #expect(refused > 400)
  }

  /// JSON that no column takes, or that swallows what follows.
  private static let noForm: [String] = [
    "", "nul", "nullx", "tru", "[", "{", "]", "}", ",", ":", "\"", "\"\\", "\"\\u12\"", "\"\\ud800\\u0041\"x", "01x",
    "1e", "-", "--1",
    "+1", "NaN", "Infinity", "'a'", "\u{feff}1", "\"\u{1}\"", "[1,2", "[[[[[[[[1]]]]]]]]x", "{\"a\":1", "undefined",
    String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
    String(repeating: "9", count: 100_000) + "x",
  ]

  @Test(arguments: FuzzTests.samples.indices)
  func aBrokenValueInALineNamesItsColumn(_ index: Int) throws {
    var reader = RowReader(columns: FuzzTests.columns)
    func line(_ json: String?, bytes: [UInt8]? = nil) -> [UInt8] {
      var text: [UInt8] = []
      for (number, column) in FuzzTests.columns.enumerated() {
        text += Array("\(number == 0 ? "{" : ",")\"\(column.name)\":".utf8)
        // Only what needs no `_raw`: the plain value may be null everywhere.
        text += number == index ? bytes ?? Array((json ?? "null").utf8) : Array("null".utf8)
      }
      return text + Array(#","_archived_at":"A","_batch_id":"B"}"#.utf8)
    }
    #expect(throws: Never.self) { try reader.read(line(nil)) }
    // A value that ends early leaves the blame to what should follow.
    let blamed = ["c\(index)", "c\(index + 1)"]
    for json in Self.noForm {
      let error = #expect(throws: RowCodecError.self, "\(json.prefix(40))") { try reader.read(line(json)) }
      #expect(
        error?.column.map(blamed.contains) ?? (index == FuzzTests.columns.count - 1),
        "\(json.prefix(40)): \(error?.description ?? "")")
    }
    for bytes in Self.malformed {
      let error = #expect(throws: RowCodecError.self) { try reader.read(line(nil, bytes: [0x22] + bytes + [0x22])) }
      #expect(error?.code == .encoding && error?.column == "c\(index)", "\(error?.description ?? "")")
    }
  }
}
