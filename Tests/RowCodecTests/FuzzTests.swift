import RowCodec
import TestSupport
import Testing

/// Broken input of any kind gives an error, never a crash; what the encoder accepts, the reader reads.
@Suite struct FuzzTests {
  static let samples =
    ScalarTests.numbers + ScalarTests.texts + ScalarTests.times
    + (RawTests.documents + RawTests.arrays).map { ScalarTests.Case($0.type, $0.wire, $0.json, $0.text) }
  static let columns = samples.enumerated().map { index, sample in
    RowColumn(name: "c\(index)", codec: ColumnCodec(typeName: sample.type))
  }

  static func encoder() -> RowEncoder {
    RowEncoder(columns: columns, keyColumns: [0], timeColumn: 0, archivedAt: "A", batchID: "B")
  }

  static func mutated(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<random.pick([1, 1, 1, 2, 5]) {
      guard !bytes.isEmpty else { break }
      let index = random.int(0...bytes.count - 1)
      switch random.int(0...5) {
      case 0: bytes[index] = UInt8(random.int(0...255))
      case 1: bytes[index] ^= 1 << UInt8(random.int(0...7))
      case 2: bytes.remove(at: index)
      case 3: bytes.insert(random.pick([0, 0x22, 0x5c, 0x5b, 0x7b, 0xff, 0x2c, 0x30]), at: index)
      case 4: bytes.removeSubrange(index..<min(bytes.count, index + random.int(1...9)))
      default: bytes[index] = random.pick([0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d, 0x2c, 0x2d, 0x65, 0x80, 0xff])
      }
    }
    return bytes
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func theEncoderSurvivesBrokenValues(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var reader = RowReader(columns: Self.columns)
    var accepted = 0
    for _ in 0..<2000 {
      var fields: [[UInt8]?] = Self.samples.map(\.wire)
      let index = random.int(1...fields.count - 1)
      fields[index] = Self.mutated(Self.samples[index].wire, &random)
      var encoder = Self.encoder()
      do throws(RowCodecError) {
        try encoder.encode((WireMessage.header + WireMessage.row(fields)))
      } catch {
        #expect(error.column == "c\(index)", "\(error)")
        #expect(error.row == 1)
        continue
      }
      accepted += 1
      let line = Array(encoder.takeBuffer().dropLast())
      #expect(!line.contains(0x0a))
      #expect(throws: Never.self, "seed \(seed): \(Self.samples[index].type) \(fields[index] ?? [])") {
        try reader.read(line)
      }
    }
    #expect(accepted > 100)
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func theEncoderSurvivesBrokenStreams(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let row = WireMessage.row(Self.samples.map(\.wire))
    let stream = WireMessage.header + row + row + WireMessage.trailer
    for _ in 0..<1000 {
      var encoder = Self.encoder()
      do throws(RowCodecError) {
        try encoder.encode(Self.mutated(stream, &random))
      } catch {
        #expect(error.row != nil)
      }
      #expect(encoder.takeBuffer().last ?? 0x0a == 0x0a)
      #expect(try encoder.firstKey.count == (encoder.rowCount > 0 ? 1 : 0))
    }
    for count in 0..<stream.count - 2 {
      var encoder = Self.encoder()
      do throws(RowCodecError) {
        try encoder.encode(Array(stream.prefix(count)))
      } catch {
        #expect(error.code == .stream || error.code == .null)
      }
      #expect(!encoder.isComplete)
    }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func theReaderSurvivesBrokenLines(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var encoder = Self.encoder()
    try encoder.encode((WireMessage.header + WireMessage.row(Self.samples.map(\.wire))))
    let line = Array(encoder.takeBuffer().dropLast())
    var reader = RowReader(columns: Self.columns)
    var failures = 0
    for _ in 0..<2000 {
      do throws(RowCodecError) {
        try reader.read(Self.mutated(line, &random))
      } catch {
        failures += 1
        #expect([.line, .form, .encoding].contains(error.code))
      }
      var output: [UInt8] = []
      reader.appendCopyRow(Array(Self.columns.indices), to: &output)
      #expect(output.last == 0x0a)
    }
    #expect(failures > 100)
    for count in line.indices {
      #expect(throws: RowCodecError.self) { try reader.read(Array(line.prefix(count))) }
    }
  }
}
