import Foundation
import TestSupport
import Testing

/// Keys that compare equal and differ in bytes.
@Suite struct KeyEqualityTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var type: String
    /// The key as it is stored, and as somebody asks for it.
    var stored: String
    var asked: String
    /// Another key, which the asked one must not match.
    var other: String

    init(_ type: String, _ stored: String, asked: String, other: String) {
      (self.type, self.stored, self.asked, self.other) = (type, stored, asked, other)
    }

    var testDescription: String { "\(type) \(stored)" }
  }

  static let cases = [
    Case("numeric", "1.00", asked: "1", other: "1.01"), Case("numeric", "NaN", asked: "nan", other: "0"),
    Case("double precision", "-0", asked: "0", other: "1"), Case("real", "0.1", asked: "0.10", other: "0.2"),
    Case("interval", "30 days", asked: "1 mon", other: "31 days"), Case("citext", "AbC", asked: "aBc", other: "abd"),
    Case("text COLLATE any_case", "Abc", asked: "aBC", other: "abd"), Case("label", "É", asked: "é", other: "e"),
    Case("char(6)", "ab", asked: "ab", other: "abc"), Case("bpchar", "ab ", asked: "ab", other: "b"),
    Case("loose", "ab ", asked: "ab", other: "b"),
    Case("timestamptz", "2024-01-01 12:00+00", asked: "2024-01-01 14:00+02", other: "2024-01-01 12:00:00.000001+00"),
    Case("jsonb", #"{"a": 1.0, "b": 2}"#, asked: #""{""b"":2,""a"":1.00}""#, other: "1"),
    Case("numrange", "[1.0,2)", asked: "\"[1,2.00)\"", other: "[1,3)"),
    Case("inet", "10.0.0.1/32", asked: "10.0.0.1", other: "10.0.0.1/8"),
    Case("text[] COLLATE any_case", "{Ab}", asked: "{aB}", other: "{b}"),
    Case("word_pair", "(Ab,1.0)", asked: "\"(aB,1)\"", other: "(b,1)"),
    Case("bool", "t", asked: "TRUE", other: "f"), Case("bytea", #"\x5c27"#, asked: #"\\'"#, other: #"\x5c"#),
  ].filter { example in
    (TestServer.hasUnlikeEquals || example.type != "label" && !example.type.contains("any_case"))
      && (TestServer.extensions.contains("citext") || !["citext", "word_pair"].contains(example.type))
  }

  /// A domain over a type whose equal values have unlike texts; and what the catalog says of intervals in a database that
  /// 14.9 or its like has made, whatever version runs it now.
  private static let setUp =
    "CREATE DOMAIN loose AS bpchar;\n"
    + (TestServer.version < 130_000
      ? ""
      : """
      INSERT INTO pg_amproc (oid, amprocfamily, amproclefttype, amprocrighttype, amprocnum, amproc)
      SELECT 9999, f.oid, 'interval'::regtype, 'interval'::regtype, 4, 'btequalimage'::regproc
      FROM pg_opfamily f JOIN pg_am a ON a.oid = f.opfmethod WHERE f.opfname = 'interval_ops' AND a.amname = 'btree'
        AND NOT EXISTS (SELECT FROM pg_amproc WHERE amprocfamily = f.oid AND amprocnum = 4);

      """)

  @Test func `a key is asked for in any form that its type holds to be equal`() async throws {
    let tables = Self.cases.enumerated().map { (name: "t\($0)", key: $1) }
    func literal(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
    let sql = tables.map { table in
      """
      CREATE TABLE \(table.name) (k \(table.key.type), n int, at date, PRIMARY KEY (n, k));
      INSERT INTO \(table.name) VALUES (\(literal(table.key.stored)), 1, '2024-01-01'), (\(literal(table.key.other)), 1, '2024-01-02'),
        (\(literal(table.key.stored)), 2, '2024-01-02');
      CREATE TABLE o\(table.name) AS SELECT t::text AS row FROM \(table.name) t WHERE at = '2024-01-01';

      """
    }
    try await withTablesScenario(KeySubject.setUp + Self.setUp + sql.joined()) { scenario in
      try scenario.configure(tables.map { ["name: \($0.name)", "timestamp_column: at", "retention_days: 90"] })
      try await scenario.archiver(["archive"])
      for table in tables {
        let key =
          "1,"
          + (table.key.asked.contains("\"") || !table.key.asked.contains(",")
            ? table.key.asked : "\"\(table.key.asked)\"")
        try await scenario.archiver(["restore", "--table", table.name, "--where-key", key], "\(table.key)")
        let found = try await scenario.database.psql(
          "SELECT t::text = (SELECT row FROM o\(table.name)) FROM \(table.name) t")
        #expect(found == "t", "\(table.key)")
      }
    }
  }
}
