import RowCodec
import Testing

/// What JSON cannot say exactly is kept beside the value as PostgreSQL's text form.
@Suite struct RawTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var type: String
    var wire: [UInt8]
    /// The value and, where there is one, `_raw`.
    var json: String
    var text: String

    init(_ type: String, _ wire: [UInt8], _ json: String, _ text: String) {
      self.type = type
      self.wire = wire
      self.json = json
      self.text = text
    }

    var testDescription: String { "\(type) \(json)" }
  }

  static func text(_ values: String?...) -> [[UInt8]?] { values.map { $0.map { Array($0.utf8) } } }
  static func integers(_ values: Int32?...) -> [[UInt8]?] { values.map { $0.map(WireMessage.int32) } }

  static let documents: [Case] = [
    Case(
      "json", Array("{\"a\":\n1,\r\n\"b\":2}".utf8), #"{"a": 1,  "b":2},"_raw":{"v":"{\"a\":\n1,\r\n\"b\":2}"}"#,
      "{\"a\":\n1,\r\n\"b\":2}"),
    Case("json", Array("null".utf8), #"null,"_raw":{"v":"null"}"#, "null"),
    Case("json", Array(" null\t".utf8), " null\t" + #","_raw":{"v":" null\t"}"#, " null\t"),
    Case("jsonb", [1] + Array("null".utf8), #"null,"_raw":{"v":"null"}"#, "null"),
  ]

  static let arrays: [Case] = [
    Case("integer[]", WireMessage.array(23, bounds: [], []), "[]", "{}"),
    Case("integer[]", WireMessage.array(23, bounds: [(3, 1)], integers(1, nil, -3)), "[1,null,-3]", "{1,NULL,-3}"),
    Case(
      "integer[]", WireMessage.array(23, bounds: [(2, 1), (2, 1)], integers(1, 2, 3, nil)), "[[1,2],[3,null]]",
      "{{1,2},{3,NULL}}"),
    Case(
      "integer[]", WireMessage.array(23, bounds: [(2, 0)], integers(7, 8)), #"[7,8],"_raw":{"v":"[0:1]={7,8}"}"#,
      "[0:1]={7,8}"),
    Case(
      "integer[]", WireMessage.array(23, bounds: [(1, -5), (2, 1)], integers(7, 8)),
      #"[[7,8]],"_raw":{"v":"[-5:-5][1:2]={{7,8}}"}"#, "[-5:-5][1:2]={{7,8}}"),
    Case(
      "text[]", WireMessage.array(25, bounds: [(6, 1)], text("", "NULL", "null", nil, "a b", "\"\\{},")),
      #"["","NULL","null",null,"a b","\"\\{},"]"#, #"{"","NULL","null",NULL,"a b","\"\\{},"}"#),
    Case(
      "text[]", WireMessage.array(25, bounds: [(1, 2)], text("é\n")), #"["é\n"],"_raw":{"v":"[2:2]={\"é\n\"}"}"#,
      "[2:2]={\"é\n\"}"),
    Case("boolean[]", WireMessage.array(16, bounds: [(2, 1)], [[1], [0]]), "[true,false]", "{t,f}"),
    Case(
      "timestamp with time zone[]", WireMessage.array(1184, bounds: [(1, 1)], [WireMessage.int64(0)]),
      #"["2000-01-01T00:00:00Z"]"#, #"{"2000-01-01 00:00:00+00"}"#),
    Case("bytea[]", WireMessage.array(17, bounds: [(1, 1)], [[0xff]]), #"["/w=="]"#, #"{"\\xff"}"#),
    Case(
      "json[]", WireMessage.array(114, bounds: [(3, 1)], text("[1,2]", "{\"a\": 1}", nil)),
      #"[[1,2],{"a": 1},null]"#, #"{"[1,2]","{\"a\": 1}",NULL}"#),
    Case(
      "json[]", WireMessage.array(114, bounds: [(2, 1)], text("null", nil)),
      #"[null,null],"_raw":{"v":"{\"null\",NULL}"}"#, #"{"null",NULL}"#),
    Case(
      "json[]", WireMessage.array(114, bounds: [(1, 1), (1, 1)], text("1")), #"[[1]],"_raw":{"v":"{{1}}"}"#, "{{1}}"),
    Case("jsonb[]", WireMessage.array(3802, bounds: [(1, 1)], [[1] + Array("[1]".utf8)]), "[[1]]", "{[1]}"),
    Case(
      "int2vector", WireMessage.array(21, bounds: [(2, 0)], [WireMessage.int16(1), WireMessage.int16(-2)]), "[1,-2]",
      "1 -2"),
    Case("oidvector", WireMessage.array(26, bounds: [(0, 0)], []), "[]", ""),
    Case("public.pair[]", WireMessage.array(25, bounds: [(1, 1)], text("(1,a)")), #"["(1,a)"]"#, #"{"(1,a)"}"#),
    Case(
      "box[]", WireMessage.array(25, bounds: [(2, 1)], text("(1,1),(0,0)", "(2,2),(0,0)")),
      #"["(1,1),(0,0)","(2,2),(0,0)"]"#, "{(1,1),(0,0);(2,2),(0,0)}"),
  ]

  @Test(arguments: documents + arrays)
  func aValueComesBackExactly(_ value: Case) throws {
    #expect(try encode(value.type, value.wire) == value.json)
    #expect(try decode(value.type, line: try encodeLine(value.type, value.wire)) == value.text)
  }

  @Test func severalColumnsShareOneRawObject() throws {
    let json = ColumnCodec(typeName: "json")
    let columns = ["a", "quo\"te", "c"].map { RowColumn(name: $0, codec: json) }
    var encoder = RowEncoder(columns: columns, keyColumns: [], timeColumn: 0, archivedAt: "A", batchID: "B")
    try encoder.encode((WireMessage.header + WireMessage.row(Self.text("null", "1", "\n2"))))
    let line = String(decoding: encoder.takeBuffer(), as: UTF8.self)
    #expect(
      line == #"{"a":null,"quo\"te":1,"c": 2,"_archived_at":"A","_batch_id":"B","_raw":{"a":"null","c":"\n2"}}"# + "\n")
    var reader = RowReader(columns: columns)
    try reader.read(Array(line.utf8.dropLast()))
    #expect((0..<3).map { reader.text($0) } == ["null", "1", "\n2"])
  }
}
