import RowCodec
import Testing

/// Each type's binary form becomes exactly this JSON, and the JSON exactly this text form.
@Suite struct ScalarTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var type: String
    var wire: [UInt8]
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

  static func float8(_ value: Double) -> [UInt8] { WireMessage.bigEndian(value.bitPattern, 8) }
  static func float4(_ value: Float) -> [UInt8] { WireMessage.bigEndian(UInt64(value.bitPattern), 4) }
  static func interval(_ months: Int32, _ days: Int32, _ microseconds: Int64) -> [UInt8] {
    WireMessage.int64(microseconds) + WireMessage.int32(days) + WireMessage.int32(months)
  }

  static let numbers: [Case] = [
    Case("smallint", WireMessage.int16(.min), "-32768", "-32768"),
    Case("integer", WireMessage.int32(.max), "2147483647", "2147483647"),
    Case("bigint", WireMessage.int64(.min), "-9223372036854775808", "-9223372036854775808"),
    Case("bigint", WireMessage.int64(.max), "9223372036854775807", "9223372036854775807"),
    Case("bigint", WireMessage.int64(0), "0", "0"),
    Case("bigint", WireMessage.int64(100_000_000), "100000000", "100000000"),
    Case("bigint", WireMessage.int64(10_000_000_000_000_000), "10000000000000000", "10000000000000000"),
    Case("oid", WireMessage.int32(-1), "4294967295", "4294967295"),
    Case("double precision", float8(0.1), "0.1", "0.1"),
    Case("double precision", float8(-0.0), "-0.0", "-0"),
    Case("double precision", float8(100), "100", "100"),
    Case("double precision", float8(1e14), "100000000000000", "100000000000000"),
    Case("double precision", float8(1e15), "1e+15", "1e+15"),
    Case("double precision", float8(0.0001), "0.0001", "0.0001"),
    Case("double precision", float8(0.00001), "1e-05", "1e-05"),
    Case("double precision", float8(.leastNonzeroMagnitude), "5e-324", "5e-324"),
    Case("double precision", float8(-1.7976931348623157e308), "-1.7976931348623157e+308", "-1.7976931348623157e+308"),
    Case("double precision", float8(0.30000000000000004), "0.30000000000000004", "0.30000000000000004"),
    Case("double precision", float8(.nan), "\"NaN\"", "NaN"),
    Case("double precision", float8(-.infinity), "\"-Infinity\"", "-Infinity"),
    Case("real", float4(3.4028235e38), "3.4028235e+38", "3.4028235e+38"),
    Case("real", float4(1e6), "1e+06", "1e+06"),
    Case("real", float4(0.1), "0.1", "0.1"),
    Case("real", float4(.leastNonzeroMagnitude), "1e-45", "1e-45"),
    Case("numeric", WireMessage.numeric([]), "\"0\"", "0"),
    Case("numeric", WireMessage.numeric(scale: 3, []), "\"0.000\"", "0.000"),
    Case("numeric(10,2)", WireMessage.numeric(scale: 2, [12, 3000]), "\"12.30\"", "12.30"),
    Case("numeric", WireMessage.numeric(weight: 1, [1]), "\"10000\"", "10000"),
    Case(
      "numeric", WireMessage.numeric(weight: 1, sign: 0x4000, scale: 5, [123, 4567, 8901, 2000]),
      "\"-1234567.89012\"", "-1234567.89012"),
    Case("numeric", WireMessage.numeric(weight: -2, scale: 8, [12]), "\"0.00000012\"", "0.00000012"),
    Case("numeric", WireMessage.numeric(sign: 0xc000, []), "\"NaN\"", "NaN"),
    Case("numeric", WireMessage.numeric(sign: 0xd000, []), "\"Infinity\"", "Infinity"),
    Case("numeric", WireMessage.numeric(sign: 0xf000, []), "\"-Infinity\"", "-Infinity"),
  ]

  static let texts: [Case] = [
    Case("text", [], "\"\"", ""),
    Case(
      "character varying(9)", Array("a\"b\\c\n\r\t\u{1}/é😀".utf8), #""a\"b\\c\n\r\t\u0001/é😀""#, "a\"b\\c\n\r\t\u{1}/é😀"
    ),
    Case("character(5)", Array("ab   ".utf8), "\"ab   \"", "ab   "),
    Case("public.mood", Array("sad".utf8), "\"sad\"", "sad"),
    Case("boolean", [1], "true", "true"),
    Case("boolean", [0], "false", "false"),
    Case("bytea", [], "\"\"", "\\x"),
    Case("bytea", [0], "\"AA==\"", "\\x00"),
    Case("bytea", [0xff, 0xee], "\"/+4=\"", "\\xffee"),
    Case("bytea", Array("Man".utf8), "\"TWFu\"", "\\x4d616e"),
    Case(
      "uuid", (0..<16).map { $0 * 17 }, "\"00112233-4455-6677-8899-aabbccddeeff\"",
      "00112233-4455-6677-8899-aabbccddeeff"),
    Case(
      "json", Array(#" {"b" : 1.50, "a": [] , "a":1e400}"#.utf8), #" {"b" : 1.50, "a": [] , "a":1e400}"#,
      #" {"b" : 1.50, "a": [] , "a":1e400}"#),
    Case("json", Array(#""\u0000\ud800""#.utf8), #""\u0000\ud800""#, #""\u0000\ud800""#),
    Case("jsonb", [1] + Array(#"{"a": null}"#.utf8), #"{"a": null}"#, #"{"a": null}"#),
  ]

  static let times: [Case] = [
    Case("date", WireMessage.int32(0), "\"2000-01-01\"", "2000-01-01"),
    Case("date", WireMessage.int32(-730_119), "\"0001-01-01\"", "0001-01-01"),
    Case("date", WireMessage.int32(-730_120), "\"0001-12-31 BC\"", "0001-12-31 BC"),
    Case("date", WireMessage.int32(-2_451_545), "\"4714-11-24 BC\"", "4714-11-24 BC"),
    Case("date", WireMessage.int32(2_145_031_948), "\"5874897-12-31\"", "5874897-12-31"),
    Case("date", WireMessage.int32(.max), "\"infinity\"", "infinity"),
    Case("date", WireMessage.int32(.min), "\"-infinity\"", "-infinity"),
    Case("time without time zone", WireMessage.int64(45_296_500_000), "\"12:34:56.5\"", "12:34:56.5"),
    Case("time(3) without time zone", WireMessage.int64(86_400_000_000), "\"24:00:00\"", "24:00:00"),
    Case(
      "time with time zone", WireMessage.int64(45_296_500_000) + WireMessage.int32(-7200), "\"12:34:56.5+02\"",
      "12:34:56.5+02"),
    Case(
      "time with time zone", WireMessage.int64(1) + WireMessage.int32(19_800), "\"00:00:00.000001-05:30\"",
      "00:00:00.000001-05:30"),
    Case(
      "timestamp without time zone", WireMessage.int64(791_642_096_789_012), "\"2025-01-31T12:34:56.789012\"",
      "2025-01-31 12:34:56.789012"),
    Case(
      "timestamp with time zone", WireMessage.int64(791_642_096_789_010), "\"2025-01-31T12:34:56.78901Z\"",
      "2025-01-31 12:34:56.78901+00"),
    Case(
      "timestamp(0) with time zone", WireMessage.int64(-1_000_000), "\"1999-12-31T23:59:59Z\"", "1999-12-31 23:59:59+00"
    ),
    Case(
      "timestamp with time zone", WireMessage.int64(-211_813_488_000_000_000), "\"4714-11-24T00:00:00Z BC\"",
      "4714-11-24 00:00:00+00 BC"),
    Case(
      "timestamp without time zone", WireMessage.int64(9_223_371_331_199_999_999), "\"294276-12-31T23:59:59.999999\"",
      "294276-12-31 23:59:59.999999"),
    Case("timestamp with time zone", WireMessage.int64(.max), "\"infinity\"", "infinity"),
    Case("timestamp without time zone", WireMessage.int64(.min), "\"-infinity\"", "-infinity"),
    Case("interval", interval(0, 0, 0), "\"PT0S\"", "PT0S"),
    Case("interval", interval(10, 3, -13_500_000_000 + 5_000_000), "\"P10M3DT-3H-44M-55S\"", "P10M3DT-3H-44M-55S"),
    Case("interval", interval(-14, 3, -14_706_789_000), "\"P-1Y-2M3DT-4H-5M-6.789S\"", "P-1Y-2M3DT-4H-5M-6.789S"),
    Case("interval", interval(0, 0, -1), "\"PT-0.000001S\"", "PT-0.000001S"),
    Case("interval", interval(.max, .max, .max), "\"infinity\"", "infinity"),
    Case("interval", interval(.min, .min, .min), "\"-infinity\"", "-infinity"),
  ]

  @Test(arguments: numbers + texts + times)
  func aValueHasOneFormAndComesBack(_ value: Case) throws {
    #expect(try encode(value.type, value.wire) == value.json)
    #expect(try decode(value.type, json: value.json) == value.text)
  }

  @Test func anExtremeIntervalIsNoInfinityBeforeServer17() throws {
    let json = try encode("interval", Self.interval(.max, .max, .max), serverVersion: 160_004)
    #expect(json == "\"P178956970Y7M2147483647DT2562047788H54.775807S\"")
  }

  @Test(arguments: ["bigint", "text", "json", "integer[]", "public.mood"])
  func nullIsNull(_ type: String) throws {
    #expect(try encode(type, nil) == "null")
    #expect(try decode(type, json: "null") == nil)
  }

  @Test func theLargestNumericIsKeptWhole() throws {
    let digits = [Int16](repeating: 9999, count: 32_768)
    let json = try encode("numeric", WireMessage.numeric(weight: 32_767, digits))
    #expect(json == "\"" + String(repeating: "9", count: 131_072) + "\"")
    let longest = try encode(
      "numeric", WireMessage.numeric(weight: 32_767, scale: 16_383, digits + digits.prefix(4096)))
    #expect(longest.count == 131_072 + 1 + 16_383 + 2)
    let least = try encode("numeric", WireMessage.numeric(weight: -4096, scale: 16_383, [10]))
    #expect(least == "\"0." + String(repeating: "0", count: 16_382) + "1\"")
  }

  @Test func aLongTextIsEscapedAcrossReservations() throws {
    let text = String(repeating: "\u{1}é\"abcdefghij", count: 5000)
    let json = try encode("text", Array(text.utf8))
    #expect(json == "\"" + String(repeating: "\\u0001é\\\"abcdefghij", count: 5000) + "\"")
    #expect(try decode("text", json: json) == text)
  }

  @Test(arguments: 0..<40)
  func escapesAreFoundAtEveryOffset(_ offset: Int) throws {
    for special in ["\"", "\\", "\n", "\u{1f}", "é", "\u{10ffff}"] {
      let text = String(repeating: "x", count: offset) + special + "yyyyyyyyyyyy"
      #expect(try decode("text", json: try encode("text", Array(text.utf8))) == text)
    }
  }
}
