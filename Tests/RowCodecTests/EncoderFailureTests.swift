import RowCodec
import Testing

@Suite struct EncoderFailureTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var type: String
    var wire: [UInt8]
    var code: RowCodecError.Code = .value
    var testDescription: String { "\(type), \(wire.count) bytes" }
  }

  static let cases: [Case] = [
    Case(type: "bigint", wire: [0, 1]),
    Case(type: "integer", wire: []),
    Case(type: "smallint", wire: [1, 2, 3]),
    Case(type: "boolean", wire: []),
    Case(type: "uuid", wire: [1]),
    Case(type: "double precision", wire: [1, 2, 3, 4]),
    Case(type: "numeric", wire: [0, 1]),
    Case(type: "numeric", wire: WireMessage.numeric([10_000])),
    Case(type: "numeric", wire: WireMessage.numeric([-1])),
    Case(type: "numeric", wire: WireMessage.numeric(sign: 0x1234, [])),
    Case(type: "numeric", wire: WireMessage.numeric(scale: -1, [])),
    Case(type: "time without time zone", wire: WireMessage.int64(-1)),
    Case(type: "time without time zone", wire: WireMessage.int64(86_400_000_001)),
    Case(type: "time with time zone", wire: WireMessage.int64(0) + WireMessage.int32(.min)),
    Case(type: "timestamp with time zone", wire: WireMessage.int64(.min + 1)),
    Case(type: "date", wire: WireMessage.int32(.max - 1)),
    Case(type: "text", wire: [0x61, 0]),
    Case(type: "text", wire: [0x61, 0xff], code: .encoding),
    Case(type: "text", wire: [0xc0, 0x80], code: .encoding),
    Case(type: "text", wire: [0xed, 0xa0, 0x80], code: .encoding),
    Case(type: "text", wire: [0xf4, 0x90, 0x80, 0x80], code: .encoding),
    Case(type: "text", wire: Array("abcdefgh".utf8) + [0xe2, 0x82], code: .encoding),
    Case(type: "json", wire: [0x22, 0xff, 0x22], code: .encoding),
    Case(type: "json", wire: [], code: .form),
    Case(type: "json", wire: Array("{\"a\":1".utf8), code: .form),
    Case(type: "json", wire: Array("01".utf8), code: .form),
    Case(type: "json", wire: Array("\"a\nb\"".utf8).map { $0 == 0x0a ? 1 : $0 }, code: .form),
    Case(type: "jsonb", wire: Array("{}".utf8)),
    Case(type: "jsonb", wire: [2] + Array("{}".utf8)),
    Case(type: "integer[]", wire: [0, 0]),
    Case(type: "integer[]", wire: WireMessage.array(20, bounds: [], [])),
    Case(type: "integer[]", wire: WireMessage.array(23, bounds: [(5, 1)], [])),
    Case(
      type: "integer[]", wire: WireMessage.array(23, bounds: [(1, 1)], [WireMessage.int32(1), WireMessage.int32(1)])),
    Case(type: "integer[]", wire: WireMessage.array(23, bounds: [(-1, 1)], [])),
    Case(
      type: "integer[]", wire: WireMessage.array(23, bounds: [(.max, 1), (.max, 1), (.max, 1), (.max, 1)], [])),
    Case(type: "integer[]", wire: WireMessage.array(23, bounds: [(Int32, Int32)](repeating: (1, 1), count: 7), [nil])),
    Case(type: "integer[]", wire: WireMessage.array(23, bounds: [(1, .max), (2, .max)], [nil, nil])),
  ]

  @Test(arguments: cases)
  func aMalformedValueNamesRowAndColumn(_ value: Case) throws {
    var encoder = RowEncoder(
      columns: [
        RowColumn(name: "id", codec: ColumnCodec(typeName: "integer")),
        RowColumn(name: "v", codec: ColumnCodec(typeName: value.type)),
      ], keyColumns: [0], timeColumn: 0, archivedAt: "A", batchID: "B")
    try encoder.encode((WireMessage.header + WireMessage.row([WireMessage.int32(1), nil])))
    let buffered = encoder.bufferedByteCount
    let error = #expect(throws: RowCodecError.self) {
      try encoder.encode(WireMessage.row([WireMessage.int32(1), value.wire]))
    }
    #expect(error?.code == value.code)
    #expect(error?.column == "v")
    #expect(error?.row == 2)
    #expect(encoder.bufferedByteCount == buffered)
  }

  @Test func aBrokenStreamIsAnError() {
    let row = RowEncoderTests.row(1, at: 0, "a", instant: 0)
    let streams: [([UInt8], RowCodecError.Code)] = [
      ([1], .stream),
      (Array(WireMessage.header.dropLast()), .stream),
      (WireMessage.header.map { $0 == 0xff ? 0xfe : $0 }, .stream),
      (Array(WireMessage.header.dropLast(8)) + WireMessage.int32(1 << 16) + WireMessage.int32(0), .stream),
      (Array(WireMessage.header.dropLast(4)) + WireMessage.int32(9), .stream),
      (WireMessage.header + row.dropLast(), .stream),
      (WireMessage.header + row.prefix(1), .stream),
      (WireMessage.header + row.prefix(2), .stream),
      (WireMessage.header + row + WireMessage.trailer + row, .stream),
      (WireMessage.header + WireMessage.int16(-2), .columns),
      (WireMessage.header + WireMessage.int16(3), .columns),
      (WireMessage.header + WireMessage.int16(4) + WireMessage.int32(-2), .stream),
      (WireMessage.header + WireMessage.row([nil, nil, Array("a".utf8)]), .null),
      (
        WireMessage.header + WireMessage.int16(4) + WireMessage.int32(8) + WireMessage.int64(1) + WireMessage.int32(-1)
          + WireMessage.int32(0) + WireMessage.int32(-1), .null
      ),
    ]
    for (stream, code) in streams {
      var encoder = RowEncoderTests.encoder()
      let error = #expect(throws: RowCodecError.self) { try encoder.encode(stream) }
      #expect(error?.code == code, "\(error?.description ?? "")")
    }
  }
}
