import Foundation
import TestSupport
import Testing

/// Rows that others change while a batch is in hand: only what was fetched, and is still there, is deleted.
@Suite struct KeyReplacementTests {
  struct Keys: Sendable, CustomTestStringConvertible {
    var type: String
    var stored: [String]
    /// The same keys in other bytes.
    var equal: [String]

    /// The type without its collation.
    var base: String { String(type.prefix { $0 != " " }) }

    var testDescription: String { type }
  }

  static let keys = [
    Keys(type: "numeric", stored: ["1.0", "2.0", "3.0", "4.0"], equal: ["1.00", "2", "3.000", "4.00"]),
    Keys(
      type: "text COLLATE any_case", stored: ["a", "é", "c'\"\\", "zebra"], equal: ["A", "É", "C'\"\\", "ZEBRA"]),
    Keys(
      type: "interval", stored: ["1 mon", "2 mons", "3 mons", "-1 mon"],
      equal: ["30 days", "60 days", "90 days", "-30 days"]),
  ].filter { TestServer.hasUnlikeEquals || !$0.type.contains("any_case") }

  /// A gate that a function passes only once `opened` holds a row, and a session that keeps it shut until then.
  private static let gate = """
    CREATE TABLE opened (); CREATE FUNCTION gate() RETURNS bool LANGUAGE plpgsql AS
      $$BEGIN PERFORM pg_catalog.pg_advisory_xact_lock_shared(42); RETURN true; END$$;

    """
  private static let keeper = """
    DO $$BEGIN PERFORM pg_advisory_xact_lock(42);
      WHILE NOT EXISTS (SELECT FROM opened) LOOP PERFORM pg_sleep(0.02); END LOOP; END$$
    """

  /// Waits until so many sessions of the database wait for a lock, or hold the gate.
  private func wait(until count: String, _ condition: String, _ database: ThrowawayDatabase) async throws {
    for _ in 0..<400 {
      let found = try await database.psql(
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND \(condition)"
      )
      if found == count { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("\(condition) was not met \(count) times")
  }

  private func wait(forWaiters count: Int, _ database: ThrowawayDatabase) async throws {
    for _ in 0..<400 {
      let found = try await database.psql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
      if found == "\(count)" { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("there were never \(count) sessions waiting")
  }

  private func literal(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

  @Test(arguments: keys)
  func `a row put in the place of a fetched one by an equal key stays`(keys: Keys) async throws {
    let (stored, equal) = (keys.stored.map(literal), keys.equal.map(literal))
    let sql = """
      CREATE TABLE t (k \(keys.type) PRIMARY KEY, at date, v text);
      INSERT INTO t SELECT k, '2024-01-01', 'old' FROM unnest(ARRAY[\(stored.joined(separator: ", "))]::\(keys.base)[]) k;
      CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM public.gate(); RETURN NULL; END$$;
      CREATE TRIGGER wait AFTER DELETE ON t FOR EACH STATEMENT WHEN (current_setting('application_name') LIKE 'archiver %')
        EXECUTE FUNCTION wait();
      """
    try await withTablesScenario(KeySubject.setUp + Self.gate + sql) { scenario in
      let database = scenario.database
      try scenario.configure([["name: t", "timestamp_column: at", "retention_days: 90", "hazards: [delete-trigger]"]])
      async let keeper = database.psql(Self.keeper)
      try await wait(until: "1", "locktype = 'advisory' AND objid = 42 AND granted", database)
      async let archived = scenario.archiver(["archive"])
      try await wait(until: "1", "locktype = 'advisory' AND objid = 42 AND NOT granted", database)
      // The batch is stored and checked, and its rows are locked; these wait for what becomes of it.
      async let replacing = database.psql(
        "DELETE FROM t WHERE k = \(equal[0]); INSERT INTO t VALUES (\(equal[0]), '2024-01-01', 'new')")
      async let renaming = database.psql("UPDATE t SET k = \(equal[1]), v = 'new' WHERE k = \(stored[1])")
      async let inserting = database.psql("INSERT INTO t VALUES (\(equal[2]), '2024-01-01', 'new')")
      async let updating = database.psql("UPDATE t SET v = 'new' WHERE k = \(equal[3])")
      try await wait(forWaiters: 5, database)
      try await database.psql("INSERT INTO opened DEFAULT VALUES")
      _ = try await (keeper, archived, replacing, renaming, inserting, updating)
      let left = "SELECT string_agg(v || ' ' || k::text, ',' ORDER BY k) FROM t"
      let expected = try await database.psql(
        "SELECT string_agg('new ' || k::text, ',' ORDER BY k) FROM unnest(ARRAY[\(equal[0]), \(equal[2])]::\(keys.base)[]) k"
      )
      #expect(try await database.psql(left) == expected)
      #expect(try scenario.archivedCount() == 4)
      try await scenario.archiver(["archive"])
      #expect(try scenario.archivedCount() == 6)
      try await scenario.archiver(["restore"])
      let counts = try await database.psql(
        "SELECT count(*) FILTER (WHERE v = 'new'), count(*) FILTER (WHERE v = 'old') FROM t")
      #expect(counts == "2|2")
    }
  }

  @Test(arguments: [3, 100])
  func `rows changed between the snapshot and their lock go as they are then`(batchSize: Int) async throws {
    let sql = """
      CREATE TABLE t (k numeric PRIMARY KEY, at timestamptz, v text); CREATE INDEX ON t (at, k);
      INSERT INTO t SELECT (g || '.0')::numeric, '2024-01-02', 'old' FROM generate_series(1, 20) g;
      CREATE FUNCTION fetching() RETURNS bool LANGUAGE plpgsql AS $$BEGIN
        IF current_query() LIKE 'COPY%' THEN RETURN public.gate(); END IF; RETURN true; END$$;
      """
    try await withTablesScenario(Self.gate + sql) { scenario in
      let database = scenario.database
      try scenario.configure([
        [
          "name: t", "timestamp_column: at", "retention_days: 90", "batch_size: \(batchSize)",
          "where: public.fetching()",
        ]
      ])
      async let keeper = database.psql(Self.keeper)
      try await wait(until: "1", "locktype = 'advisory' AND objid = 42 AND granted", database)
      async let archived = scenario.archiver(["archive"])
      try await wait(until: "1", "locktype = 'advisory' AND objid = 42 AND NOT granted", database)
      try await database.psql(
        """
        DELETE FROM t WHERE k = 1; INSERT INTO t VALUES ('1.00', '2024-01-02', 'again');
        UPDATE t SET k = '2.00' WHERE k = 2; UPDATE t SET k = 30 WHERE k = 3; UPDATE t SET at = now() WHERE k = 4;
        UPDATE t SET at = '2024-01-01' WHERE k = 5; UPDATE t SET at = '2024-01-03' WHERE k = 6; DELETE FROM t WHERE k = 7;
        UPDATE t SET v = 'new' WHERE k = 8; UPDATE t SET k = 100 WHERE k = 9; UPDATE t SET k = '9' WHERE k = 10;
        UPDATE t SET at = NULL WHERE k = 11; UPDATE t SET at = '-infinity' WHERE k = 12;
        INSERT INTO t VALUES (0, '2024-01-02', 'late'), (21, '2024-01-02', 'late');
        CREATE TABLE expected AS SELECT t::text AS row, k FROM t; INSERT INTO opened DEFAULT VALUES;
        """)
      _ = try await (keeper, archived)
      let (left, took) = (
        try await database.psql("SELECT string_agg(k::text, ',' ORDER BY k) FROM t"), try scenario.archivedCount()
      )
      #expect(left == "4.0,11.0")
      #expect(took == 19)
      try await scenario.archiver(["verify", "--level", "database"])
      try await scenario.archiver(["restore"])
      let differing = try await database.psql(
        "SELECT count(*) FROM (SELECT t::text FROM t EXCEPT SELECT row FROM expected) d; SELECT count(*) FROM t")
      #expect(differing == "0\n21")
    }
  }

  @Test(.enabled(if: TestServer.extensions.contains("citext"), "the server has no citext"))
  func `a row whose key others are changing waits for the next run`() async throws {
    let sql = """
      CREATE TABLE t (k citext PRIMARY KEY, at date, v text);
      INSERT INTO t VALUES ('a', '2024-01-01', 'old'), ('b', '2024-01-01', 'old'), ('c', '2024-01-01', 'old');
      """
    try await withTablesScenario("CREATE EXTENSION citext;" + Self.gate + sql) { scenario in
      let database = scenario.database
      try scenario.configure([["name: t", "timestamp_column: at", "retention_days: 90", "batch_size: 1"]])
      async let changing = database.psql(
        """
        BEGIN; UPDATE t SET k = 'A', v = 'new' WHERE k = 'a'; DELETE FROM t WHERE k = 'b'; INSERT INTO t VALUES ('B', '2024-01-01', 'new');
        \(Self.keeper); COMMIT;
        """)
      try await wait(until: "1", "locktype = 'advisory' AND objid = 42 AND granted", database)
      let first = try await scenario.archiver(["archive"])
      #expect(first.output.contains("2 eligible rows"), "\(first)")
      #expect(try scenario.archivedCount() == 1)
      try await database.psql("INSERT INTO opened DEFAULT VALUES")
      _ = try await changing
      try await scenario.archiver(["archive"])
      #expect(try await database.psql("SELECT count(*) FROM t") == "0")
      try await scenario.archiver(["restore"])
      #expect(try await database.psql("SELECT string_agg(k || ' ' || v, ',' ORDER BY k) FROM t") == "A new,B new,c old")
    }
  }
}
