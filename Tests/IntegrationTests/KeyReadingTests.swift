import Foundation
import TestSupport
import Testing

/// Keys that travel as text are read by their type's input function, and the delete takes none but the rows fetched.
@Suite struct KeyReadingTests {
  /// A type to whose values users have cast texts in a way of their own: `low` to `high` and the other way round.
  private static let swapped = """
    CREATE TYPE lvl AS ENUM ('low', 'high');
    CREATE FUNCTION swap(text) RETURNS lvl LANGUAGE sql IMMUTABLE STRICT AS
      $$SELECT CASE $1 WHEN 'low' THEN 'high'::public.lvl ELSE 'low'::public.lvl END$$;
    CREATE CAST (text AS lvl) WITH FUNCTION swap(text);
    CREATE TYPE tagged AS (a int, b text);
    CREATE FUNCTION other(text) RETURNS tagged LANGUAGE sql IMMUTABLE STRICT AS $$SELECT '(2,new)'::public.tagged$$;
    CREATE CAST (text AS tagged) WITH FUNCTION other(text);
    CREATE DOMAIN mark AS tagged;
    """

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var columns: String
    var key: String
    var old: String
    var new: String
  }

  static let cases = [
    Case(testDescription: "an enum", columns: "k lvl", key: "k", old: "'low'", new: "'high'"),
    Case(
      testDescription: "an enum and a number", columns: "n int, k lvl", key: "k, n", old: "1, 'low'", new: "1, 'high'"),
    Case(testDescription: "a composite", columns: "k tagged", key: "k", old: "'(1,old)'", new: "'(2,new)'"),
    Case(testDescription: "a domain over a composite", columns: "k mark", key: "k", old: "'(1,old)'", new: "'(2,new)'"),
    Case(testDescription: "an array of an enum", columns: "k lvl[]", key: "k", old: "'{low}'", new: "'{high}'"),
  ]

  @Test(arguments: cases)
  func `a cast of a user's from text has no say in which row is deleted`(_ example: Case) async throws {
    try await withTablesScenario(
      """
      \(Self.swapped)
      CREATE TABLE t (\(example.columns), at timestamptz, v text, PRIMARY KEY (\(example.key)));
      INSERT INTO t VALUES (\(example.old), '2020-01-01', 'old'), (\(example.new), now(), 'new');
      CREATE TABLE before AS SELECT * FROM t;
      """
    ) { scenario in
      try scenario.configure([["name: t", "timestamp_column: at", "retention_days: 90"]])
      try await scenario.archiver(["archive"])
      #expect(try await scenario.database.psql("SELECT v FROM t") == "new")
      #expect(try scenario.archivedCount() == 1)
      try await scenario.archiver(["verify", "--level", "database"])
      try await scenario.archiver(["restore"])
      #expect(try await scenario.database.psql("TABLE t EXCEPT TABLE before; SELECT count(*) FROM t") == "2")
      // Held rows stay, and the rest goes on.
      try await scenario.archiver(["archive"])
      #expect(try await scenario.database.psql("SELECT count(*) FROM t") == "2")
    }
  }

  @Test func `keys over a domain over an enum are archived and restored`() async throws {
    try await withTablesScenario(
      """
      \(Self.swapped)
      CREATE DOMAIN level AS lvl;
      CREATE TABLE t (k level PRIMARY KEY, at date); INSERT INTO t VALUES ('low', '2020-01-01'), ('high', now());
      CREATE TABLE u (k level, n int, at date, PRIMARY KEY (k, n));
      INSERT INTO u SELECT 'low', g, '2020-01-01' FROM generate_series(1, 9) g; INSERT INTO u VALUES ('high', 1, now());
      """
    ) { scenario in
      try scenario.configure(
        ["t", "u"].map { ["name: \($0)", "timestamp_column: at", "retention_days: 90", "batch_size: 2"] })
      try await scenario.archiver(["archive"])
      #expect(try await scenario.database.psql("SELECT k FROM t; SELECT k FROM u") == "high\nhigh")
      try await scenario.archiver(["verify", "--level", "database"])
      for conflict in ["fail", "skip", "overwrite"] {
        try await scenario.archiver(["restore", "--on-conflict", conflict])
        #expect(try await scenario.database.psql("SELECT count(*) FROM t; SELECT count(*) FROM u") == "2\n10")
      }
    }
  }

  /// Where no array is made of the type, the cast is all there is: then the delete finds the wrong row, and takes none.
  @Test func `a row that is not the one fetched is not deleted`() async throws {
    try await withTablesScenario(
      """
      \(Self.swapped)
      CREATE FUNCTION swap_all(text) RETURNS lvl[] LANGUAGE sql IMMUTABLE STRICT AS
        $$SELECT CASE $1 WHEN '{low}' THEN '{high}'::public.lvl[] ELSE '{low}'::public.lvl[] END$$;
      CREATE CAST (text AS lvl[]) WITH FUNCTION swap_all(text);
      CREATE TABLE t (k lvl[] PRIMARY KEY, at timestamptz, v text);
      INSERT INTO t VALUES ('{low}', '2020-01-01', 'old'), ('{high}', now(), 'new');
      """
    ) { scenario in
      try scenario.configure([["name: t", "timestamp_column: at", "retention_days: 90"]])
      try await scenario.archiver(["archive"], expecting: 1)
      #expect(try await scenario.database.psql("SELECT v FROM t ORDER BY v") == "new\nold")
      #expect(try scenario.archivedCount() == 0)
    }
  }

  /// Every type's operators are found for domains over it, in every statement of every batch.
  @Test(
    arguments: [
      ("mood_name[]", "CREATE DOMAIN mood_name AS mood", "ARRAY[(enum_range(NULL::mood))[g]]::mood_name[]"),
      ("facts", "CREATE DOMAIN facts AS hstore", "hstore('a', g::text)"),
      ("span", "CREATE DOMAIN span AS int4range", "int4range(g, g + 1)"),
      ("couple", "CREATE DOMAIN couple AS pair", "ROW(g, 'x')::pair"),
      ("tags", "CREATE DOMAIN tags AS mood[]", "ARRAY[(enum_range(NULL::mood))[g]]"),
      ("pair", "", "ROW(g, NULL)::pair"),
    ].filter { TestServer.extensions.contains("hstore") || !$0.1.contains("hstore") })
  func `keys over domains go, come back and are held`(_ type: String, _ domain: String, _ value: String) async throws {
    try await withTablesScenario(
      """
      \(KeySubject.setUp)
      \(domain);
      CREATE TABLE t (k \(type) PRIMARY KEY, at timestamptz NOT NULL);
      INSERT INTO t SELECT \(value), '2020-01-01' FROM generate_series(1, 9) g;
      CREATE TABLE before AS SELECT t::text AS row FROM t;
      """
    ) { scenario in
      try scenario.configure([["name: t", "timestamp_column: at", "retention_days: 90", "batch_size: 2"]])
      try await scenario.archiver(["archive"])
      #expect(try await scenario.database.psql("SELECT count(*) FROM t") == "0")
      try await scenario.archiver(["verify", "--level", "database"])
      try await scenario.archiver(["restore"])
      let lost = try await scenario.database.psql("TABLE before EXCEPT SELECT t::text FROM t")
      #expect(lost == "")
      try await scenario.archiver(["archive"])
      #expect(try await scenario.database.psql("SELECT count(*) FROM t") == "9")
    }
  }
}
