import RowCodec
import Testing

@Suite struct RowReaderTests {
  static let columns = [("id", "integer"), ("v", "text")]
    .map { RowColumn(name: $0.0, codec: ColumnCodec(typeName: $0.1)) }

  static let broken: [String] = [
    "", "{", "[]", "null", #"{"id":1}"#, #"{"v":"x","id":1,"_archived_at":"A","_batch_id":"B"}"#,
    #"{"id":1,"_archived_at":"A","_batch_id":"B"}"#,
    #"{"id":1,"v":"x","w":2,"_archived_at":"A","_batch_id":"B"}"#,
    #"{"id":1,"v":"x","_archived_at":"A"}"#, #"{"id":1,"v":"x","_batch_id":"B","_archived_at":"A"}"#,
    #"{"id":1,"v":"x","_archived_at":"A","_batch_id":"B"} "#, #"{"id":1,"v":"x","_archived_at":"A","_batch_id":"B"}{}"#,
    #"{"id":1,"v":"x","_archived_at":"A","_batch_id":"B","extra":1}"#,
    #"{"id":1,"v":"x","_archived_at":"A","_batch_id":"B","_raw":{}}"#,
    #"{"id":1,"v":"x","_archived_at":"A","_batch_id":"B","_raw":{"w":"y"}}"#,
    #"{"id":1,"v":"x","_archived_at":"A","_batch_id":"B","_raw":{"v":"y","id":"2"}}"#,
    #"{"id":1,"v":"x","_archived_at":"A","_batch_id":"B","_raw":{"v":"y","v":"z"}}"#,
    #"{"id":1,"v":"x","_archived_at":"A","_batch_id":"B","_raw":{"v":1}}"#,
    #"{"id":1, "v":"x","_archived_at":"A","_batch_id":"B"}"#,
    #"{"id":1,"v":"x","_archived_at":null,"_batch_id":"B"}"#,
    #"{"id":1,"v":nullx,"_archived_at":"A","_batch_id":"B"}"#,
  ]

  @Test(arguments: broken)
  func aLineThatIsNotTheRowIsAnError(_ line: String) {
    var reader = RowReader(columns: Self.columns)
    let error = #expect(throws: RowCodecError.self) { try reader.read(Array(line.utf8)) }
    #expect(error?.code == .line || error?.code == .form)
  }

  struct Form: Sendable, CustomTestStringConvertible {
    var type: String
    var json: String
    var testDescription: String { "\(type) \(json)" }
    init(_ type: String, _ json: String) {
      self.type = type
      self.json = json
    }
  }

  static let wrongForms: [Form] = [
    Form("smallint", "32768"), Form("integer", "2147483648"), Form("integer", "1.0"), Form("integer", "01"),
    Form("integer", "-0"), Form("integer", "\"1\""), Form("integer", "-"), Form("bigint", "9223372036854775808"),
    Form("bigint", "99999999999999999999"), Form("oid", "-1"), Form("oid", "4294967296"),
    Form("double precision", "1."),
    Form("double precision", ".5"), Form("double precision", "1e"), Form("double precision", "NaN"),
    Form("double precision", "\"nan\""), Form("boolean", "1"), Form("boolean", "\"t\""), Form("numeric", "12.30"),
    Form("numeric", "\"1e5\""), Form("numeric", "\"\""), Form("numeric", "\"-\""), Form("numeric", "\"1.\""),
    Form("text", "1"), Form("text", "\"\\x\""), Form("text", "\"\\u0000\""), Form("text", "\"\\ud800\""),
    Form("text", "\"\\ud800\\u0041\""), Form("text", "\"\\udc00\""), Form("text", "\"\\u12g4\""),
    Form("text", "\"\u{1}\""), Form("text", "\"abc"), Form("uuid", "\"00112233-4455-6677-8899-aabbccddeef\""),
    Form("uuid", "\"00112233-4455-6677-8899-AABBCCDDEEFF\""), Form("date", "\"2025-02-29\""),
    Form("date", "\"2025-1-1\""),
    Form("date", "\"0000-01-01\""), Form("date", "\"2025-01-31T00:00:00\""),
    Form("time without time zone", "\"24:00:01\""),
    Form("time without time zone", "\"12:60:00\""), Form("time without time zone", "\"12:00:00+02\""),
    Form("time with time zone", "\"12:00:00\""), Form("timestamp without time zone", "\"2025-01-31T12:00:00Z\""),
    Form("timestamp with time zone", "\"2025-01-31T12:00:00\""),
    Form("timestamp with time zone", "\"2025-01-31T12:00:00.1234567Z\""),
    Form("timestamp without time zone", "\"2025-01-31\""),
    Form("timestamp without time zone", "\"999999-01-31T12:00:00\""),
    Form("interval", "\"1 day\""), Form("bytea", "\"A\""), Form("bytea", "\"AA=A\""), Form("bytea", "\"AB==\""),
    Form("bytea", "\"====\""), Form("bytea", "\"A-==\""), Form("json", "{"), Form("json", "[1,]"),
    Form("json", "{\"a\"}"),
    Form("json", "{\"a\":1,}"), Form("json", "tru"), Form("json", "\"\\q\""), Form("json", "[1}"),
    Form("integer[]", "1"), Form("integer[]", "[1"), Form("integer[]", "[1,]"), Form("integer[]", "[[1],[2,3]]"),
    Form("integer[]", "[[1],2]"), Form("integer[]", "[1,[2]]"), Form("integer[]", "[[[[[[[1]]]]]]]"),
    Form("integer[]", "[[]]"), Form("integer[]", "[\"1\"]"), Form("integer[]", "[[1],[]]"), Form("int2vector", "[[1]]"),
  ]

  @Test(arguments: wrongForms)
  func aValueOfAnotherFormIsAnErrorNamingTheColumn(_ form: Form) {
    let error = #expect(throws: RowCodecError.self) { try decode(form.type, json: form.json) }
    #expect(error?.column == "v" || error?.code == .line)
    #expect(error?.row == nil)
  }

  @Test func invalidUTF8IsAnError() {
    var reader = RowReader(columns: Self.columns)
    let line = Array(#"{"id":1,"v":"x"#.utf8) + [0xff] + Array(#"","_archived_at":"A","_batch_id":"B"}"#.utf8)
    let error = #expect(throws: RowCodecError.self) { try reader.read(line) }
    #expect(error?.code == .encoding)
  }

  @Test func everyEscapeOfJSONIsUnderstood() throws {
    #expect(try decode("text", json: #""\"\\\/\b\f\n\r\t\u00e9\u20ac\uD83D\ude00""#) == "\"\\/\u{8}\u{c}\n\r\té€😀")
  }

  @Test func deeplyNestedDocumentsAreRead() throws {
    let depth = 100_000
    let json = String(repeating: "[{\"a\":", count: depth) + "1" + String(repeating: "}]", count: depth)
    #expect(try decode("json", json: json) == json)
    #expect(throws: RowCodecError.self) { try decode("json", json: String(json.dropLast())) }
  }

  @Test func copyRowsEscapeWhatCopyGivesAMeaning() throws {
    var reader = RowReader(columns: Self.columns + [RowColumn(name: "w", codec: ColumnCodec(typeName: "bytea"))])
    try reader.read(
      Array(#"{"id":1,"v":"a\\b\tc\nd\re\\.","w":"AA==","_archived_at":"A","_batch_id":"B\n"}"#.utf8))
    var output: [UInt8] = Array("before\n".utf8)
    reader.appendCopyRow([1, 0, 2], to: &output)
    #expect(String(decoding: output, as: UTF8.self) == "before\na\\\\b\\tc\\nd\\re\\\\.\t1\t\\\\x00\n")
    #expect(reader.archivedAt == "A")
    #expect(reader.batchID == "B\n")
    for (text, isSame) in [("B\n", true), ("B", false), ("B\n\n", false), ("C\n", false), ("", false)] {
      let bytes = Array(text.utf8)
      #expect(reader.hasBatchID(bytes.span) == isSame, "\(text)")
    }
    try reader.read(Array(#"{"id":null,"v":"","w":null,"_archived_at":"A","_batch_id":"B"}"#.utf8))
    output = []
    reader.appendCopyRow([0, 1, 2], to: &output)
    reader.appendCopyRow([], to: &output)
    #expect(String(decoding: output, as: UTF8.self) == "\\N\t\t\\N\n\n")
    #expect(reader.isNull(0) && !reader.isNull(1))
  }

  @Test(
    arguments: [
      ("date", "\"2000-01-02\"", 86_400_000_000),
      ("timestamp without time zone", "\"1999-12-31T23:59:59.5\"", -500_000),
      ("timestamp with time zone", "\"2000-01-01T00:00:00.000001Z\"", 1), ("date", "\"infinity\"", Int64.max),
      ("timestamp with time zone", "\"-infinity\"", Int64.min), ("date", "null", nil), ("text", "\"2000-01-02\"", nil),
      ("timestamp with time zone", "\"4714-11-24T00:00:00Z BC\"", -211_813_488_000_000_000),
    ] as [(String, String, Int64?)])
  func theTimeColumnIsAnInstant(_ type: String, _ json: String, _ instant: Int64?) throws {
    var reader = RowReader(columns: [RowColumn(name: "v", codec: ColumnCodec(typeName: type))])
    try reader.read(Array(#"{"v":\#(json),"_archived_at":"A","_batch_id":"B"}"#.utf8))
    #expect(reader.instant(0) == instant)
  }
}
