import Foundation
import TestSupport
import Testing

/// Targets that differ from the table the rows came from, or have more to keep right than rows.
struct RestoreTargetTests {
  private static let plain = """
    CREATE TABLE t (id int PRIMARY KEY, at timestamp NOT NULL, name text, extra int);
    INSERT INTO t SELECT g, timestamp '2024-05-05' + g * interval '1 minute', 'name ' || g, g
    FROM generate_series(1, 30) g;
    """

  @Test func `another table of another database takes the rows`() async throws {
    try await withRestoreScenario(Self.plain) { scenario in
      try await withThrowawayDatabase { other in
        try await other.psql(
          "CREATE SCHEMA old; CREATE TABLE old.copy (name text, id int PRIMARY KEY, at timestamp, extra int)")
        let report = try await scenario.report("--target", other.url, "--into", "old.copy")
        #expect(report["inserted"] as? Int == 30)
        #expect(report["hold_until"] == nil)
        #expect(try await other.psql("SELECT count(*), sum(extra), min(name) FROM old.copy") == "30|465|name 1")
        #expect(try await scenario.content().hasPrefix("0|"))
      }
    }
  }

  @Test func `rows restored into another database of the server are not held or explained in the one they came from`()
    async throws
  {
    try await withRestoreScenario(Self.plain, archives: false) { scenario in
      try await scenario.database.psql("CREATE TABLE kept AS TABLE t")
      try await scenario.archiver(["archive"])
      try await withThrowawayDatabase { other in
        let report = try await scenario.report("--target", other.url, "--create-table")
        #expect(report["inserted"] as? Int == 30)
        #expect(report["hold_until"] == nil)
      }
      try await scenario.database.psql("INSERT INTO t TABLE kept")
      let result = try await scenario.archiver(["verify", "--level", "database"], expecting: 1)
      #expect(result.output.contains("in-database") || result.errorOutput.contains("in-database"), "\(result)")
      try await scenario.archiver(["archive"], expecting: 1)
      // By another way to the same database they are restored ones.
      try await scenario.database.psql("TRUNCATE t")
      let back = try await scenario.report("--target", scenario.database.url)
      #expect(back["hold_until"] != nil)
    }
  }

  @Test func `a missing table is an error, or made from the manifest`() async throws {
    try await withRestoreScenario(Self.plain) { scenario in
      let result = try await scenario.restore("--into", "tt", expecting: 65)
      #expect(result.errorOutput.contains("--create-table"))
      try await scenario.restore("--into", "tt", "--create-table")
      let columns = try await scenario.database.psql(
        """
        SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull, ', ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = 'tt'::regclass AND attnum > 0
        """)
      #expect(columns == "id integer true, at timestamp without time zone true, name text false, extra integer false")
      #expect(try await scenario.database.psql("SELECT count(*), sum(extra) FROM tt") == "30|465")
    }
  }

  @Test func `a partitioned table takes the rows`() async throws {
    try await withRestoreScenario(Self.plain) { scenario in
      try await scenario.database.psql(
        """
        CREATE TABLE parts (id int, at timestamp, name text, extra int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE parts_2024 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        """)
      try await scenario.restore("--into", "parts")
      #expect(try await scenario.database.psql("SELECT count(*), sum(extra) FROM parts_2024") == "30|465")
      let report = try await scenario.report("--into", "parts", "--on-conflict", "overwrite")
      #expect(report["overwritten"] as? Int == 30)
    }
  }

  @Test func `a dropped column is an error unless it is to be ignored, and an added one gets its default`() async throws
  {
    try await withRestoreScenario(Self.plain) { scenario in
      try await scenario.database.psql(
        "ALTER TABLE t DROP COLUMN extra; ALTER TABLE t ADD COLUMN added text DEFAULT 'new'")
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("columns it does not have: extra"))
      try await scenario.restore("--ignore-missing-columns")
      #expect(try await scenario.database.psql("SELECT count(*), min(name), min(added) FROM t") == "30|name 1|new")
    }
  }

  @Test func `a type that cannot take the values is an error that names the column`() async throws {
    try await withRestoreScenario(Self.plain) { scenario in
      try await scenario.database.psql("ALTER TABLE t ALTER COLUMN name TYPE uuid USING NULL")
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("column name was text and is uuid"))
      #expect(!result.errorOutput.contains("name 1"))
      #expect(try await scenario.content().hasPrefix("0|"))
    }
  }

  @Test(arguments: TestServer.generatedKinds)
  func `generated columns are computed anew`(kind: String) async throws {
    let sql = """
      CREATE TABLE t (id int PRIMARY KEY, at date NOT NULL, a int, double int GENERATED ALWAYS AS (a * 2) \(kind));
      INSERT INTO t (id, at, a) SELECT g, date '2024-05-05', g FROM generate_series(1, 10) g;
      """
    try await withRestoreScenario(sql) { scenario in
      try await scenario.restore()
      #expect(try await scenario.database.psql("SELECT sum(a), sum(double) FROM t") == "55|110")
    }
  }

  /// Each column's sequence, before and after a restore of values up to 50.
  @Test func `sequences are moved past restored values and never back`() async throws {
    let sql = """
      CREATE SEQUENCE shared; CREATE SEQUENCE down INCREMENT -1;
      CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at date NOT NULL, n serial,
        s int DEFAULT nextval('shared'), d int DEFAULT nextval('down'), ahead serial);
      INSERT INTO t (at) SELECT '2024-05-05' FROM generate_series(1, 50);
      """
    try await withRestoreScenario(sql) { scenario in
      try await scenario.database.psql(
        """
        ALTER TABLE t ALTER COLUMN id RESTART WITH 1; SELECT setval('t_n_seq', 1, false); SELECT setval('shared', 10);
        SELECT setval('down', -3); SELECT setval('t_ahead_seq', 80)
        """)
      let report = try await scenario.report()
      #expect(report["warnings"] as? [String] == [])
      let next = try await scenario.database.psql(
        "INSERT INTO t (at) VALUES (now()) RETURNING id, n, s, d, ahead")
      #expect(next == "51|51|51|-51|81")
      #expect(try await scenario.database.psql("SELECT count(*), max(id) FROM t WHERE at = '2024-05-05'") == "50|50")
    }
  }

  @Test func `a sequence that the role may not move is a warning`() async throws {
    let sql = """
      CREATE TABLE t (id serial PRIMARY KEY, at date NOT NULL);
      INSERT INTO t (at) SELECT '2024-05-05' FROM generate_series(1, 5);
      """
    try await withRestoreScenario(sql) { scenario in
      try await scenario.database.psql("SELECT setval('t_id_seq', 1)")
      try await scenario.database.withRole { role in
        try await scenario.database.psql("GRANT SELECT, INSERT ON t TO \(role.name)")
        let report = try await scenario.report("--target", try scenario.database.url(for: role))
        let warnings = try #require(report["warnings"] as? [String])
        #expect(warnings.count == 1 && warnings[0].contains("t_id_seq"))
        #expect(report["inserted"] as? Int == 5)
      }
    }
  }

  @Test func `a role without INSERT is told so`() async throws {
    try await withRestoreScenario(Self.plain) { scenario in
      try await scenario.database.withRole { role in
        try await scenario.database.psql("GRANT SELECT ON t TO \(role.name)")
        try await scenario.restore("--target", try scenario.database.url(for: role), expecting: 77)
      }
    }
  }
}
