import TestSupport

/// A type of a column and how to make values of it.
struct TypeSubject: Sendable {
  /// As `format_type` spells it.
  var type: String
  var make: RandomValue.Make
  /// How the server shows the value to compare; `$` is the column.
  var expected = "$::text"
  /// Only equal bits are promised, not equal digits.
  var isFloat = false

  init(_ type: String, expected: String = "$::text", isFloat: Bool = false, _ make: @escaping RandomValue.Make) {
    self.type = type
    self.make = make
    self.expected = expected
    self.isFloat = isFloat
  }

  /// What the subjects need in the database.
  static let setUp = """
    CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
    CREATE TYPE public.mood AS ENUM ('sad', 'so so', 'a"b', 'NULL');
    CREATE TYPE public.pair AS (a integer, b text);
    CREATE DOMAIN public.positive AS integer CHECK (VALUE > 0);
    CREATE DOMAIN public.list AS integer[];
    """

  static let scalars: [TypeSubject] = [
    TypeSubject("smallint") { String($0.pick([Int(Int16.min), Int(Int16.max), 0, -1, $0.int(-30000...30000)])) },
    TypeSubject("integer") {
      String($0.pick([Int(Int32.min), Int(Int32.max), 0, $0.int(-2_000_000_000...2_000_000_000)]))
    },
    TypeSubject("bigint") {
      String(
        $0.pick([
          Int.min, Int.max, 0, 99_999_999, 100_000_000, 9_999_999_999_999_999, 10_000_000_000_000_000,
          $0.int(Int.min...Int.max), $0.int(-99999...99999),
        ]))
    },
    TypeSubject("oid") { String($0.pick([0, 4_294_967_295, $0.int(0...4_000_000_000)])) },
    TypeSubject("real", isFloat: true, RandomValue.float4),
    TypeSubject("double precision", isFloat: true, RandomValue.float8),
    TypeSubject("numeric", RandomValue.numeric),
    TypeSubject("numeric(10,2)") { String($0.int(-999_999...999_999)) + $0.pick(["", ".5", ".25"]) },
    TypeSubject("boolean") { $0.pick(["t", "f"]) },
    TypeSubject("text", RandomValue.text),
    TypeSubject("character varying(60)", RandomValue.text),
    TypeSubject("character(45)", expected: "CASE WHEN $ IS NOT NULL THEN format('%s', $) END", RandomValue.text),
    TypeSubject("name") { $0.pick(["", "pg_class", "é\"x"]) },
    TypeSubject("\"char\"") { $0.pick(["", "a", "\"", "\\"]) },
    TypeSubject("bytea", RandomValue.bytea),
    TypeSubject("date", RandomValue.date),
    TypeSubject("time without time zone", RandomValue.time),
    TypeSubject("time(2) without time zone", RandomValue.time),
    TypeSubject("time with time zone") { RandomValue.time(&$0) + RandomValue.zone(&$0) },
    TypeSubject("timestamp without time zone", RandomValue.timestamp),
    TypeSubject("timestamp(3) with time zone", RandomValue.timestamp),
    TypeSubject("timestamp with time zone", RandomValue.timestamp),
    TypeSubject("interval", RandomValue.interval),
    TypeSubject("interval day to second(3)") { "\($0.int(-9...9)) days \($0.int(0...23)):05:06.789" },
    TypeSubject("uuid", RandomValue.uuid),
    TypeSubject("json", RandomValue.json),
    TypeSubject("jsonb", RandomValue.jsonb),
    TypeSubject("int2vector") { random in
      (0..<random.int(0...3)).map { _ in "\(random.int(-9...9))" }.joined(separator: " ")
    },
    TypeSubject("oidvector") { random in
      (0..<random.int(0...3)).map { _ in "\(random.int(0...9))" }.joined(separator: " ")
    },
    TypeSubject("public.mood") { $0.pick(["sad", "so so", "a\"b", "NULL"]) },
    TypeSubject("public.citext", RandomValue.text),
    TypeSubject("public.hstore") { $0.pick(["", "a=>1", "\"a b\"=>NULL, \"c\\\"\"=>\"d,e\""]) },
    TypeSubject("public.pair") { $0.pick(["(1,)", "(,\"a \"\"b\")", "(-7,\"\\\\x,\")"]) },
    TypeSubject("inet") { "10.\($0.int(0...255)).0.1/\($0.int(0...32))" },
    TypeSubject("numrange") { "[\($0.int(-9...0)),\($0.int(1...9))\($0.pick(["]", ")"]))" },
    TypeSubject("bit varying(9)") { $0.pick(["", "101", "0"]) },
    TypeSubject("xml") { $0.pick(["<a>x</a>", "<?xml version=\"1.0\"?><a b=\"c\"/>", "plain"]) },
    TypeSubject("box") { "((\($0.int(0...9)),1),(0,0))" },
    TypeSubject("tsvector") { $0.pick(["'a' 'b c':2", "", "'x':1A,2"]) },
    TypeSubject("money") { String($0.int(-99999...99999)) + ".25" },
  ]

  static let arrays: [TypeSubject] = [
    TypeSubject("smallint[]", RandomValue.array { String($0.int(-99...99)) }),
    TypeSubject("integer[]", RandomValue.array { String($0.int(-99999...99999)) }),
    TypeSubject("bigint[]", RandomValue.array { String($0.int(Int.min...Int.max)) }),
    TypeSubject("oid[]", RandomValue.array { String($0.int(0...99999)) }),
    TypeSubject("real[]", isFloat: true, RandomValue.array(of: RandomValue.float4)),
    TypeSubject("double precision[]", isFloat: true, RandomValue.array(of: RandomValue.float8)),
    TypeSubject("numeric[]", RandomValue.array { $0.pick(["NaN", "1.50", "-0.001", "123456"]) }),
    TypeSubject("boolean[]", RandomValue.array { $0.pick(["t", "f"]) }),
    TypeSubject("text[]", RandomValue.array(of: RandomValue.text)),
    TypeSubject("character varying(60)[]", RandomValue.array(of: RandomValue.text)),
    TypeSubject("character(45)[]", RandomValue.array(of: RandomValue.text)),
    TypeSubject("name[]", RandomValue.array { $0.pick(["", "a b"]) }),
    TypeSubject("bytea[]", RandomValue.array(of: RandomValue.bytea)),
    TypeSubject("date[]", RandomValue.array(of: RandomValue.date)),
    TypeSubject("time without time zone[]", RandomValue.array(of: RandomValue.time)),
    TypeSubject("time with time zone[]", RandomValue.array { RandomValue.time(&$0) + RandomValue.zone(&$0) }),
    TypeSubject("timestamp without time zone[]", RandomValue.array(of: RandomValue.timestamp)),
    TypeSubject("timestamp(3) with time zone[]", RandomValue.array(of: RandomValue.timestamp)),
    TypeSubject("interval[]", RandomValue.array(of: RandomValue.interval)),
    TypeSubject("uuid[]", RandomValue.array(of: RandomValue.uuid)),
    TypeSubject("json[]", RandomValue.array(of: RandomValue.json)),
    TypeSubject("jsonb[]", RandomValue.array(of: RandomValue.jsonb)),
    TypeSubject("int2vector[]", RandomValue.array { $0.pick(["1 2", "3", ""]) }),
    TypeSubject("public.mood[]", RandomValue.array { $0.pick(["sad", "so so", "a\"b", "NULL"]) }),
    TypeSubject("public.citext[]", RandomValue.array(of: RandomValue.text)),
    TypeSubject("public.pair[]", RandomValue.array { $0.pick(["(1,)", "(,\"a \"\"b\")"]) }),
    TypeSubject("public.positive[]", RandomValue.array { String($0.int(1...9)) }),
    TypeSubject("public.ltree[]", RandomValue.array { $0.pick(["", "a.b", "c"]) }),
    TypeSubject("numrange[]", RandomValue.array { $0.pick(["[1,2)", "empty"]) }),
    TypeSubject("box[]", RandomValue.array(of: { "((\($0.int(0...9)),1),(0,0))" }, delimiter: ";")),
    TypeSubject("\"char\"[]", RandomValue.array { $0.pick(["a", "{", "\""]) }),
    TypeSubject("xml[]", RandomValue.array { $0.pick(["<a>x</a>", "plain, y"]) }),
  ]
}
