import TestSupport
import Testing

/// The largest, oddest and deepest values come back, each in a row of its own.
@Suite struct ExtremeValueTests {
  struct Case: CustomTestStringConvertible {
    var type: String
    var values: [String]
    var testDescription: String { type }
  }

  static let cases = [
    Case(
      type: "numeric",
      values: [
        "(repeat('9', 131072))::numeric", "(repeat('9', 131072) || '.' || repeat('7', 16383))::numeric",
        "('-0.' || repeat('0', 16382) || '1')::numeric", "'NaN'", "'0.000'", "'1e131071'",
      ] + (TestServer.version < 140_000 ? [] : ["'Infinity'", "'-Infinity'"])),
    Case(
      type: "json",
      values: [
        "'{\"a\":1,\"a\":2,\"a\":{\"a\":null}}'", "'\"\\u0000\"'", "'\"\\ud800\"'", "E'{\\n\"a\" :\\t1\\r\\n}'",
        "'null'", "' null '",
        "(repeat('[', 5000) || repeat(']', 5000))::json",
        "(repeat('{\"a\":', 3000) || E'\\n1' || repeat('}', 3000))::json", "'1.0000000000000000000000000e+400'", "'-0'",
        "('\"' || repeat('é😀', 300000) || '\"')::json",
      ]),
    Case(
      type: "jsonb",
      values: [
        "'null'", "'{\"b\":1,\"a\":[null]}'", "'1.50'", "(repeat('[', 5000) || repeat(']', 5000))::jsonb",
        "(SELECT jsonb_agg(g) FROM generate_series(1, 100000) g)",
      ]),
    Case(
      type: "bytea",
      values: [
        "''", "'\\x00'", "decode(repeat('00ff5c0a22', 400000), 'hex')",
        "(SELECT string_agg(sha256(g::text::bytea), '') FROM generate_series(1, 30000) g)",
      ]),
    Case(
      type: "text", values: ["''", "repeat(E'\\\\\\n\\t\"''é😀', 200000)", "E'\\x01\\x1f\\x7f'", "E'\\\\.'", "E'\\\\N'"]),
    Case(type: "char(3000)", values: ["''", "'x'", "repeat('é', 3000)", "E'\\n'"]),
    Case(
      type: "interval",
      values: [
        "'-178956970 years -8 mons -2147483648 days'",
        "'178956970 years 7 mons 2147483647 days 2147483647:59:59.999999'",
      ]
        // UncarriableValueTests tells what becomes of them before.
        + (TestServer.version < 150_000
          ? []
          : [
            "make_interval(secs => -9223372036854.775807)",
            "'178956970 years 7 mons 2147483647 days 2562047788:00:54.775807'",
          ])),
    Case(
      type: "text[]",
      values: [
        "'{}'", "'{NULL}'", "'[5:5]={NULL}'", "'{{{{{{a}}}}}}'", "'[-2147483648:-2147483648]={x}'",
        "'[2147483646:2147483646]={x}'", "array_fill('x'::text, ARRAY[50000])", "'{\"NULL\",NULL,\"\"}'",
      ]),
    Case(
      type: "xml",
      values: [
        "'<?xml version=\"1.1\" encoding=\"UTF-8\" standalone=\"no\"?><a/>'",
        "'<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>'",
        "('<a>' || repeat('<b/>', 100000) || '</a>')::xml", "''",
      ]),
    Case(type: "date", values: ["'4714-11-24 BC'", "'5874897-12-31'", "'infinity'", "'-infinity'", "'0001-01-01 BC'"]),
    Case(
      type: "timestamptz",
      values: ["'4714-11-24 00:00:00Z BC'", "'294276-12-31 23:59:59.999999Z'", "'infinity'", "'-infinity'"]),
    Case(
      type: "double precision",
      values: ["'-0'", "'NaN'", "'5e-324'", "'2.2250738585072011e-308'", "'1.7976931348623157e308'", "'-Infinity'"]),
    Case(type: "bit varying", values: ["''", "repeat('10', 40000)::varbit"]),
  ]

  @Test(arguments: cases) func comeBack(_ example: Case) async throws {
    let rows = (example.values + ["NULL"]).enumerated().map { "(\($0), '2024-01-01', \($1)::\(example.type))" }
    try await withRoundTrip(
      """
      CREATE TABLE t (id integer PRIMARY KEY, at timestamptz NOT NULL, v \(example.type), after text DEFAULT 'end');
      INSERT INTO t VALUES \(rows.map { $0.dropLast() + ", 'end')" }.joined(separator: ", "));
      """, tables: [.init(name: "t")]
    ) { trip in try await trip.run() }
  }

  /// What the other tests here stand on: a comparison that never fails would prove nothing.
  @Test func aDifferenceIsFound() async throws {
    try await withRoundTrip(
      """
      CREATE TABLE t (id integer PRIMARY KEY, at timestamptz NOT NULL, c char(4));
      INSERT INTO t VALUES (1, '2024-01-01', 'a'), (2, '2024-01-01', NULL);
      """, tables: [.init(name: "t")]
    ) { trip in
      try await trip.keepTexts()
      try await trip.compare()
      try await trip.database.psql("UPDATE t SET c = '' WHERE id = 2")
      await withKnownIssue { try await trip.compare() }
    }
  }
}
