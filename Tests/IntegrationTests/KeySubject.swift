import TestSupport

/// A type that a primary key may have, and how to make values of it.
struct KeySubject: Sendable {
  typealias Make = @Sendable (inout SeededRandom) -> String

  /// As a column definition names it.
  var type: String
  /// A value's text.
  var make: Make

  init(_ type: String, _ make: @escaping Make) {
    (self.type, self.make) = (type, make)
  }

  init(_ type: String, _ values: [String]) {
    self.init(type) { random in random.pick(values) }
  }

  /// What the subjects need in the database.
  static let setUp = #"""
    CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
    CREATE COLLATION any_case \#(TestServer.hasUnlikeEquals
    ? "(provider = icu, locale = 'und-u-ks-level2', deterministic = false)" : "FROM \"C\"");
    CREATE TYPE mood AS ENUM ('', 'so so', 'a"b', 'NULL', '{}', 'a,b', 'it''s', E'back\\slash', 'zest');
    CREATE TYPE pair AS (a int, b text); CREATE TYPE word_pair AS (a citext, b numeric);
    CREATE DOMAIN label AS text COLLATE any_case CHECK (length(value) < 10000);
    CREATE DOMAIN price AS numeric; CREATE DOMAIN numbers AS int[]; CREATE DOMAIN fixed AS char(6);
    """#

  /// Texts that quoting, escaping or comparing might get wrong.
  static let words = [
    "", " ", "a", "A", "a ", "  a", "á", "Á", "a\u{301}", "Straße", "STRASSE", "'", "''", "\"", "\"\"", "\\", "\\\\",
    "\\'", "\n", "\r\n", "\t", "\u{1}", "\u{7f}", "\\N", "\\.", "\\n", "{}", "{a,b}", "{NULL}", "[]", "(1,2)", "a,b",
    ",",
    "NULL", "null", "é😀", "😀", "\u{200d}", "\u{10ffff}", "$1", "$$", "%s", ":a", "--", "/*", "x'y\"z\\w\nv\tu{,}",
    "日本語", "ﬁ", "ı", "İ", String(repeating: "long ", count: 1200), String(repeating: "é😀", count: 700),
  ]

  @Sendable static func word(_ random: inout SeededRandom) -> String {
    if random.chance(50) { return random.pick(words) }
    let characters = Array("abAB \\\"'{},\n\té😀NUL0")
    return String(
      (0..<random.int(1...6)).map { _ in random.pick(characters) })
  }

  @Sendable static func shortWord(_ random: inout SeededRandom) -> String { String(word(&random).prefix(6)) }

  /// Numbers whose equal values have several texts.
  @Sendable static func number(_ random: inout SeededRandom) -> String {
    let special = [
      "NaN", "0", "0.00", "-0", "1", "1.0", "1.00", "1e3", "1000.0", "-12.340", "12.34", "1e-7", "99999999.5",
    ]
    if random.chance(50) { return random.pick(special) }
    return "\(random.int(-999...999)).\(random.int(0...99))"
  }

  @Sendable static func float(_ random: inout SeededRandom) -> String {
    let special = ["NaN", "-0", "0", "Infinity", "-Infinity", "1e-5", "0.1", "1e15", "1.1754944e-38", "3.4028235e38"]
    if random.chance(50) { return random.pick(special) }
    return "\(Float.random(in: -1e6...1e6, using: &random))"
  }

  @Sendable static func integer(_ random: inout SeededRandom) -> String {
    "\(random.int(-200...200))"
  }

  /// An element of an array's or a composite's text form.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  private static func hexadecimal(_ count: Int, _ random: inout SeededRandom) -> String {
    String((0..<count).map { _ in random.pick(Array("0123456789abcdef")) })
  }

  private static func moment(_ random: inout SeededRandom) -> String {
    let special = ["-infinity", "infinity", "0044-03-15 12:00 BC", "12345-01-01 00:00:00.1", "2024-03-31 02:30"]
    if random.int(0...4) == 0 { return random.pick(special) }
    return "2024-0\(random.int(1...9))-1\(random.int(0...9)) "
      + "12:0\(random.int(0...9)):00.00000\(random.int(0...9))"
  }

  static let texts: [KeySubject] = [
    KeySubject("text COLLATE any_case", word), KeySubject("text COLLATE \"C\"", word),
    KeySubject("text COLLATE \"de-x-icu\"", word), KeySubject("text", word), KeySubject("varchar(6)", shortWord),
    KeySubject("char(6)", shortWord), KeySubject("bpchar", word), KeySubject("citext", word),
    KeySubject("name", shortWord),
    KeySubject("\"char\"", ["", "a", "\"", "\\", ",", "{", "'", " ", "\n"]), KeySubject("label", word),
    KeySubject("fixed", shortWord),
    KeySubject("mood", ["", "so so", "a\"b", "NULL", "{}", "a,b", "it's", "back\\slash"]),
    KeySubject("bytea") { random in "\\x" + hexadecimal(2 * random.int(0...9), &random) },
    KeySubject("ltree", ["", "a", "A", "a.b", "Top.Science_1"]),
    KeySubject("hstore", ["", "a=>1", "a=>NULL", #""a b"=>"c\"d""#, #""{}"=>"\\""#, "a=>1,b=>2"]),
    KeySubject("tsvector", ["", "'a' 'b c':2", "'x':1A,2 'y''z'"]),
  ].filter { TestServer.hasICU || !$0.type.contains("-x-icu") }

  static let scalars: [KeySubject] = [
    KeySubject("smallint", integer), KeySubject("int", integer), KeySubject("bigint", integer),
    KeySubject("oid") { "\(UInt32.random(in: 0...(.max), using: &$0))" }, KeySubject("real", float),
    KeySubject("double precision", float), KeySubject("numeric", number), KeySubject("numeric(12,3)", number),
    KeySubject("price", number), KeySubject("money", integer), KeySubject("bool", ["t", "f"]),
    KeySubject("uuid") { hexadecimal(32, &$0) }, KeySubject("timestamptz", moment), KeySubject("timestamp", moment),
    KeySubject("timestamptz(3)", moment), KeySubject("date", moment),
    KeySubject("time") { "12:00:0\($0.int(0...9)).00000\($0.int(0...9))" },
    KeySubject("timetz") { "12:00:0\($0.int(0...9))+0\($0.int(0...9)):30" },
    KeySubject(
      "interval",
      [
        "1 mon", "30 days", "720:00:00", "-1 mon", "0", "1 year 2 mons -3 days 04:05:06.7", "360 days", "1 year",
        "-00:00:00.5",
      ]),
    KeySubject("interval day to second(3)") { "\($0.int(-9...9)) days 03:04:05.678" },
    KeySubject("inet") { "10.0.\($0.int(0...3)).1/\($0.int(8...32))" },
    KeySubject("cidr", ["10.0.0.0/8", "10.0.0.0/16", "::/0", "::ffff:1.2.3.4/128", "192.168.1.0/24"]),
    KeySubject("macaddr") { hexadecimal(12, &$0) }, KeySubject("bit(5)", ["00000", "10101", "11111", "01000"]),
    KeySubject("bit varying", ["", "0", "00", "000", "1", "10101010101"]),
    KeySubject("pg_lsn", ["0/0", "16/B374D848"]),
    KeySubject("xid8", ["0", "7", "18446744073709551615"]),
    KeySubject(
      "jsonb", ["null", "1", "1.0", "1.00", "\"1\"", "{}", "[]", #"{"a": [1.0, "é\\\"'"]}"#, #"{"a":[1.00,""]}"#]),
    KeySubject("int4range", ["empty", "[1,5)", "(,)", "[,3)", "[7,7]"]),
    KeySubject("numrange", ["empty", "[1,5)", "[1.0,5)", "[1.00,5.0)", "(,NaN]"]),
    KeySubject("tstzrange", ["empty", "[2024-01-01,2024-02-01)", "[-infinity,infinity]"]),
    KeySubject("nummultirange", ["{}", "{[1,2),[5,6)}", "{[1.0,2),[5,6)}"]),
  ]

  static let nested: [KeySubject] = [
    KeySubject("int[]", ["{}", "{1,2}", "{NULL}", "[0:1]={1,2}", "{{1,2},{3,4}}", "{1,NULL,2}"]),
    KeySubject("text[]") { random in
      "{" + (0..<random.int(0...3)).map { _ in quoted(word(&random)) }.joined(separator: ",") + "}"
    },
    KeySubject("numeric[]", ["{}", "{1.0}", "{1.00}", "{NaN,NULL}"]),
    KeySubject("citext[]", ["{a}", "{A}", "{b,NULL}"]),
    KeySubject("numbers", ["{}", "{7}", "{7,8}"]), KeySubject("mood[]", ["{}", #"{"a\"b","NULL"}"#, "{zest,NULL}"]),
    KeySubject("pair") { random in
      "(\(integer(&random)),\(quoted(word(&random)).replacing("\\\"", with: "\"\"")))"
    },
    KeySubject("word_pair", ["(a,1.0)", "(A,1.00)", "(b,)", "(,NaN)", "(\"x,\\\\\",2)"]),
    KeySubject("pair[]", ["{}", #"{"(1,a)"}"#, #"{"(1,\"a,b\")",NULL}"#]),
  ]

  static let all = texts + scalars + nested
}
