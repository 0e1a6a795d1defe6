import RowCodec
import Testing

@Suite struct RowEncoderTests {
  static let columns = [("id", "bigint"), ("at", "timestamp without time zone"), ("code", "character(3)")]
    .map { RowColumn(name: $0.0, codec: ColumnCodec(typeName: $0.1)) }

  static func encoder() -> RowEncoder {
    RowEncoder(columns: columns, keyColumns: [2, 0], timeColumn: 1, archivedAt: "A", batchID: "B")
  }

  static func row(_ id: Int64, at time: Int64?, _ code: String, instant: Int64) -> [UInt8] {
    WireMessage.row([WireMessage.int64(id), time.map(WireMessage.int64), Array(code.utf8)], time: instant)
  }

  @Test func theStreamMayBeCutBetweenRowsAnywhere() throws {
    let rows = [Self.row(1, at: 0, "a  ", instant: 0), Self.row(2, at: nil, "b  ", instant: 1)]
    let whole = WireMessage.header + rows[0] + rows[1] + WireMessage.trailer
    let cuts: [[[UInt8]]] = [
      [whole],
      [WireMessage.header, rows[0], rows[1], WireMessage.trailer],
      [WireMessage.header + rows[0], [], rows[1] + WireMessage.trailer],
    ]
    for messages in cuts {
      var encoder = Self.encoder()
      for message in messages { try encoder.encode(message) }
      #expect(encoder.rowCount == 2)
      #expect(encoder.isComplete)
      #expect(
        String(decoding: encoder.takeBuffer(), as: UTF8.self) == """
          {"id":1,"at":"2000-01-01T00:00:00","code":"a  ","_archived_at":"A","_batch_id":"B"}
          {"id":2,"at":null,"code":"b  ","_archived_at":"A","_batch_id":"B"}

          """)
    }
  }

  @Test func countsAndBufferFollowTheCuts() throws {
    var encoder = Self.encoder()
    try encoder.encode((WireMessage.header + Self.row(1, at: 0, "a  ", instant: 0)))
    let first = encoder.takeBuffer()
    #expect(encoder.bufferedByteCount == 0)
    #expect(encoder.bufferedRowCount == 0)
    try encoder.encode(Self.row(2, at: 0, "b  ", instant: 0))
    #expect(encoder.bufferedRowCount == 1)
    #expect(encoder.rowCount == 2)
    #expect(encoder.bufferedByteCount == first.count)
    encoder.withBuffer { buffer in #expect(buffer.count == first.count) }
    encoder.clearBuffer()
    #expect(encoder.takeBuffer().isEmpty)
  }

  @Test func theRangeFollowsTheValuesNotTheArrival() throws {
    var encoder = Self.encoder()
    #expect(encoder.firstTime == nil)
    #expect(try encoder.firstKey.isEmpty)
    #expect(try encoder.lastRow == nil)
    let rows = [(1, 5), (2, 3), (3, 9), (4, 3), (5, 9), (6, 4)]
    try encoder.encode(WireMessage.header)
    for (id, time) in rows {
      try encoder.encode(Self.row(Int64(id), at: Int64(time), "k\(id) ", instant: Int64(time)))
    }
    #expect(encoder.firstTime == 3)
    #expect(encoder.lastTime == 9)
    #expect(try encoder.firstKey == ["k2 ", "2"])
    #expect(try encoder.lastKey == ["k5 ", "5"])
    #expect(try encoder.lastRow == .init(time: "2000-01-01 00:00:00.000004", key: ["k6 ", "6"]))
    try encoder.encode(Self.row(7, at: .min, "x  ", instant: .min))
    #expect(encoder.firstTime == .min)
    #expect(try encoder.lastRow == .init(time: "-infinity", key: ["x  ", "7"]))
    try encoder.encode(Self.row(8, at: nil, "y  ", instant: .max))
    #expect(encoder.lastTime == .max)
    #expect(try encoder.lastRow == .init(time: nil, key: ["y  ", "8"]))
  }

  @Test(arguments: [("date", "2000-01-02"), ("timestamp with time zone", "2000-01-01 00:00:00.000001+00")])
  func theLastTimeIsALiteralOfItsType(_ type: String, _ literal: String) throws {
    var encoder = RowEncoder(
      columns: [RowColumn(name: "t", codec: ColumnCodec(typeName: type))], keyColumns: [0], timeColumn: 0,
      archivedAt: "A", batchID: "B")
    let value = type == "date" ? WireMessage.int32(1) : WireMessage.int64(1)
    try encoder.encode((WireMessage.header + WireMessage.row([value])))
    #expect(try encoder.lastRow == .init(time: literal, key: [literal]))
  }

  @Test func keysAreABinaryArrayOfTheWireValues() throws {
    var encoder = Self.encoder()
    #expect(encoder.keys[1].binaryArray() == WireMessage.array(20, bounds: [], []))
    try encoder.encode((WireMessage.header + Self.row(7, at: 0, "ab ", instant: 0)))
    try encoder.encode(Self.row(-8, at: 0, "c  ", instant: 0))
    #expect(encoder.keys.map(\.count) == [2, 2])
    #expect(
      encoder.keys[0].binaryArray()
        == WireMessage.array(1042, bounds: [(2, 1)], [Array("ab ".utf8), Array("c  ".utf8)]))
    #expect(
      encoder.keys[1].binaryArray()
        == WireMessage.array(20, bounds: [(2, 1)], [WireMessage.int64(7), WireMessage.int64(-8)]))
  }

  @Test func aKeyThatIsAnArrayTravelsAsText() throws {
    var encoder = RowEncoder(
      columns: [RowColumn(name: "k", codec: ColumnCodec(typeName: "integer[]"))], keyColumns: [0], timeColumn: 0,
      archivedAt: "A", batchID: "B")
    let value = WireMessage.array(23, bounds: [(2, 1)], [WireMessage.int32(1), nil])
    try encoder.encode((WireMessage.header + WireMessage.row([value])))
    #expect(encoder.keys[0].binaryArray() == WireMessage.array(25, bounds: [(1, 1)], [Array("{1,NULL}".utf8)]))
    #expect(try encoder.firstKey == ["{1,NULL}"])
  }

  @Test func locationsComeLastWhereTheyAreAskedFor() throws {
    func encoder() -> RowEncoder {
      RowEncoder(
        columns: Self.columns, keyColumns: [0], timeColumn: 1, archivedAt: "A", batchID: "B", hasLocations: true)
    }
    func message(_ location: [UInt8]?) -> [UInt8] {
      var row = Self.row(1, at: 0, "a  ", instant: 0) + WireMessage.int32(location.map { Int32($0.count) } ?? -1)
      row.replaceSubrange(0..<2, with: WireMessage.int16(5))
      return WireMessage.header + row + (location ?? [])
    }
    let tid: [UInt8] = [0, 0, 0, 9, 0, 3]
    var taken = encoder()
    try taken.encode(message(tid))
    #expect(taken.rowCount == 1)
    #expect(taken.locations?.binaryArray() == WireMessage.array(27, bounds: [(1, 1)], [tid]))
    for location in [nil, [], tid + [0]] {
      var encoder = encoder()
      #expect(throws: RowCodecError.self) { try encoder.encode(message(location)) }
    }
    var without = encoder()
    #expect(throws: RowCodecError.self) {
      try without.encode(WireMessage.header + Self.row(1, at: 0, "a  ", instant: 0))
    }
    #expect(Self.encoder().locations == nil)
  }

  @Test func theBufferWritesOverTheRoomItIsGiven() throws {
    var encoder = RowEncoder(
      columns: Self.columns, keyColumns: [0], timeColumn: 1, archivedAt: "A", batchID: "B",
      room: [UInt8](repeating: 0x58, count: 100))
    let rows = (0..<50).flatMap { Self.row($0, at: 0, "abc", instant: 0) }
    var plain = Self.encoder()
    try encoder.encode(WireMessage.header + rows)
    try plain.encode(WireMessage.header + rows)
    let byteCount = encoder.bufferedByteCount
    let room = encoder.takeRoom()
    #expect(room.count >= byteCount)
    #expect(Array(room.prefix(byteCount)) == plain.takeBuffer())
    #expect(encoder.bufferedRowCount == 0)
    #expect(encoder.bufferedByteCount == 0)
  }

  @Test func aTableWithoutColumnsHasRows() throws {
    var encoder = RowEncoder(columns: [], keyColumns: [], timeColumn: 0, archivedAt: "A", batchID: "B")
    try encoder.encode((WireMessage.header + WireMessage.row([])))
    let line = encoder.takeBuffer()
    #expect(String(decoding: line, as: UTF8.self) == "{\"_archived_at\":\"A\",\"_batch_id\":\"B\"}\n")
    var reader = RowReader(columns: [])
    try reader.read(Array(line.dropLast()))
    #expect(reader.batchID == "B")
  }
}
