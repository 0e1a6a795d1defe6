/// Makers for the base types of the catalog and of PostgreSQL's own extensions, by `pg_type.typname`.
///
/// Array types, domains, composites, enums and ranges are made of these by whoever reads the catalog.
extension RandomValue {
  /// The maker for a base type; nil if there is none, or if the type refuses every input.
  package static func base(_ name: String) -> Make? {
    numbers[name] ?? texts[name] ?? times[name] ?? shapes[name] ?? objects[name] ?? extensions[name]
  }

  /// Base types whose input function takes nothing at all, so that a column can hold only NULL or what the server puts
  /// there itself.
  package static let withoutInput: Set<String> = [
    "gtsvector", "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary", "ghstore", "gtrgm", "intbig_gkey", "ltree_gist", "gbtreekey2", "gbtreekey4",
    "gbtreekey8", "gbtreekey16", "gbtreekey32", "gbtreekey_var",
  ]

  private static let numbers: [String: Make] = [
    "bool": { $0.pick(["t", "f"]) },
    "int2": { String($0.pick([-32768, 32767, 0, $0.int(-30000...30000)])) },
    "int4": { String($0.pick([-2_147_483_648, 2_147_483_647, 0, $0.int(-2_000_000_000...2_000_000_000)])) },
    "int8": { String($0.pick([Int.min, Int.max, 9_007_199_254_740_993, $0.int(Int.min...Int.max)])) },
    "oid": unsigned32, "xid": unsigned32, "cid": unsigned32,
    "xid8": { String($0.pick([0, UInt64.max, $0.next()])) },
    "float4": float4, "float8": float8, "numeric": numeric,
    "money": {
      $0.pick(["-92233720368547758.08", "92233720368547758.07", "0", "-0.01", "\($0.int(-99999...99999)).25"])
    },
    "int2vector": { random in list(0...4, " ", &random) { String($0.int(-32768...32767)) } },
    "oidvector": { random in list(0...4, " ", &random, unsigned32) },
    "bit": bits, "varbit": bits, "bytea": bytea, "uuid": uuid,
    "pg_lsn": { String($0.next() >> 32, radix: 16) + "/" + String($0.next() >> 32, radix: 16) },
    "tid": { "(\(unsigned32(&$0)),\($0.int(0...65535)))" },
    "pg_snapshot": snapshot, "txid_snapshot": snapshot,
  ]

  private static let texts: [String: Make] = [
    "text": text, "varchar": text, "bpchar": text, "refcursor": text,
    "name": { String(text(&$0).prefix(12)) },
    "char": { $0.pick(["", " ", "a", "\"", "\\", "{", "\t", "\u{1}", "\u{7f}"]) },
    "json": json, "jsonb": jsonb,
    "jsonpath": {
      $0.pick([
        "$", "$.a[*] ? (@.b > 1)", "strict $.\"x y\"", "$.a.type()", "(1 + $.x)", "$[last]", "$[1,2 to 3]",
        "$ ? (@ like_regex \"^a\" flag \"i\")", "$.**{2 to last}", "-$.a", "$.a ? (exists (@.b))", "$.\"é😀\\n\"",
        "$.a ? (!(@ == 1) && (@ starts with \"x\" || (@ > 2) is unknown))", "$.datetime(\"YYYY\")",
      ])
    },
    "xml": {
      $0.pick([
        "", "plain", "<a>x</a>", "<?xml version=\"1.0\"?><a b=\"c\"/>", "<a/><b/>", "<!-- c --><a>é😀\n</a>",
        "<?xml version=\"1.0\" standalone=\"yes\"?>\n<a/>", "<a><![CDATA[]]>&lt;&#10;</a>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>é</a>",
      ])
    },
    "tsvector": { random in
      list(0...4, " ", &random) { "'\(quoted(text(&$0), "'"))x'" + $0.pick(["", ":1", ":2A,3", ":16383D"]) }
    },
    "tsquery": {
      $0.pick(["", "a & b", "!(a | b) <-> 'c '' d':*A", "a <3> b", "'é😀':AB & !'x\\\\y'", "(a & (b | c)) <-> d"])
    },
  ]

  private static let times: [String: Make] = [
    "date": date, "time": time, "timetz": { time(&$0) + zone(&$0) }, "timestamp": timestamp,
    "timestamptz": timestamp, "interval": interval,
    // Until 11.
    "abstime": { $0.pick(["1970-01-01 00:00:00+00", "2024-02-29 12:34:56+00", "infinity", "-infinity", "invalid"]) },
    "reltime": { $0.pick(["1 year 2 mons 3 days", "-1 hour -2 minutes", "0", "68 years"]) },
    "tinterval": {
      $0.pick([
        "[\"1999-12-31 23:59:59+00\" \"2024-02-29 12:34:56+00\"]", "[\"-infinity\" \"infinity\"]",
      ])
    },
  ]

  private static let shapes: [String: Make] = [
    "point": point,
    "box": { "(\(point(&$0)),\(point(&$0)))" },
    "lseg": { "[\(point(&$0)),\(point(&$0))]" },
    "line": { $0.pick(["{1,-1,0.5}", "{0,1,-0}", "{-1e300,5e-324,NaN}", "{\($0.int(1...9)),2.5,3}"]) },
    "path": { random in
      let points = list(1...4, ",", &random, point)
      return random.chance(50) ? "(\(points))" : "[\(points)]"
    },
    "polygon": { random in "(" + list(1...5, ",", &random, point) + ")" },
    "circle": { "<\(point(&$0)),\($0.pick(["0", "2.5", "1e300", "Infinity"]))>" },
    "inet": {
      $0.pick([
        "10.\($0.int(0...255)).0.1/\($0.int(0...32))", "10.0.0.1", "::ffff:1.2.3.4", "2001:db8::1/\($0.int(0...128))",
      ])
    },
    "cidr": { $0.pick(["10.\($0.int(0...255)).0.0/16", "10.0.0.1/32", "0.0.0.0/0", "2001:db8::/32", "::1/128"]) },
    "macaddr": { _ in "08:00:2b:01:02:03" },
    "macaddr8": { $0.pick(["08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff:ff:ff"]) },
  ]

  /// Types whose text is the name of an object: some that every server has, and numbers without an object.
  private static let objects: [String: Make] = [
    "regclass": { $0.pick(["pg_class", "information_schema.tables", "-", "4294967295", "pg_catalog.pg_type"]) },
    "regcollation": { $0.pick(["\"C\"", "\"POSIX\"", "-", "4294967295"]) },
    "regconfig": { $0.pick(["simple", "english", "-", "4294967295"]) },
    "regdictionary": { $0.pick(["simple", "english_stem", "-", "4294967295"]) },
    "regnamespace": { $0.pick(["pg_catalog", "public", "information_schema", "-", "4294967295"]) },
    "regoper": { $0.pick(["||/", "0", "4294967295"]) },
    "regoperator": { $0.pick(["+(integer,integer)", "||/(NONE,double precision)", "0", "4294967295"]) },
    "regproc": { $0.pick(["pg_backend_pid", "version", "-", "4294967295"]) },
    "regprocedure": { $0.pick(["abs(integer)", "format(text,\"any\")", "-", "4294967295"]) },
    "regrole": { $0.pick(["pg_monitor", "pg_signal_backend", "-", "4294967295"]) },
    "regtype": {
      $0.pick(["integer", "character varying", "timestamp with time zone[]", "\"char\"", "-", "4294967295"])
    },
    "smgr": { _ in "magnetic disk" },  // until 11
    "aclitem": { $0.pick(["=r/pg_monitor", "pg_monitor=r*w/pg_monitor", "pg_signal_backend=X/pg_monitor"]) },
  ]

  private static let extensions: [String: Make] = [
    "citext": text,
    "hstore": { $0.pick(["", "a=>1", "\"a b\"=>NULL, \"c\\\"\"=>\"d,e\"", "\"é\\\\\"=>\"\", \"\"=>\"NULL\""]) },
    "ltree": { $0.pick(["", "a.b", "Top.Science_1.x", "c"]) },
    "lquery": { $0.pick(["a.*{1,2}.b*@|c%", "*", "a.!b.*{,3}"]) },
    "ltxtquery": { $0.pick(["a & (b*@ | !c%)", "x"]) },
    "cube": { $0.pick(["(1,2),(3,4)", "(NaN,-0)", "(Infinity)", "()", "(0.1,1e300,5e-324)"]) },
    "seg": { $0.pick(["1.5 .. 2", "<3", "1(+-)0.5", "~4", ">1.50 .. 3", "0 .. 1e10", ".. 5", "5 ..", "1.00"]) },
    "query_int": { $0.pick(["1&(2|!3)", "5", "!-7|2147483647"]) },
    "ean13": { $0.pick(["0220356483481", "9780393040029"]) },
    "isbn13": { $0.pick(["978-0-393-04002-9", "978-0-393-04002-0!", "978-0-11-000533-?"]) },
    "isbn": { $0.pick(["0-393-04002-X", "0-393-04002-1!"]) },
    "ismn13": { _ in "979-0-060-11561-5" },
    "ismn": { _ in "M-060-11561-5" },
    "issn13": { _ in "1436-4522" },
    "issn": { $0.pick(["1436-4522", "1436-4521!"]) },
    "upc": { _ in "220356483481" },
  ]
}

extension RandomValue {
  @Sendable private static func unsigned32(_ random: inout SeededRandom) -> String {
    String(random.pick([0, 4_294_967_295, random.int(0...4_000_000_000)]))
  }

  @Sendable private static func bits(_ random: inout SeededRandom) -> String {
    list(0...random.pick([3, 9, 70]), "", &random) { $0.pick(["0", "1"]) }
  }

  @Sendable private static func snapshot(_ random: inout SeededRandom) -> String {
    let first = random.int(1...1_000_000_000)
    return random.chance(30) ? "\(first):\(first):" : "\(first):\(first + 20):\(first + 3),\(first + 4),\(first + 19)"
  }

  @Sendable private static func point(_ random: inout SeededRandom) -> String {
    let coordinate = { (random: inout SeededRandom) in
      random.pick(["0", "-0", "0.1", "1e300", "5e-324", "NaN", "-Infinity", "\(random.int(-99...99))"])
    }
    return "(\(coordinate(&random)),\(coordinate(&random)))"
  }

  private static func list(
    _ count: ClosedRange<Int>, _ separator: String, _ random: inout SeededRandom, _ make: Make
  ) -> String {
    (0..<random.int(count)).map { _ in make(&random) }.joined(separator: separator)
  }

  /// The text with the quote and the backslash doubled.
  private static func quoted(_ text: String, _ quote: Character) -> String {
    String(text.flatMap { $0 == quote || $0 == "\\" ? [$0, $0] : [$0] })
  }
}
