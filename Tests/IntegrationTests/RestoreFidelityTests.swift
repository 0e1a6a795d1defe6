import TestSupport
import Testing

/// Targets whose columns or key have changed: a value comes back as it was archived, or not at all.
struct RestoreFidelityTests {
  struct Change: Sendable, CustomTestStringConvertible {
    var type: String
    var value: String
    /// Makes column `v` what it is by the time of the restore.
    var target: String
    var testDescription: String { "\(type) to \(target)" }

    var table: String {
      """
      CREATE EXTENSION IF NOT EXISTS citext;
      CREATE TABLE t (id int PRIMARY KEY, at timestamptz NOT NULL, v \(type));
      INSERT INTO t VALUES (1, '2024-05-05', \(value)), (2, '2024-05-05', NULL);
      """
    }
  }

  static let losses = [
    Change(type: "text", value: "'abc     '", target: "varchar(3)"),
    Change(type: "numeric", value: "12.3456", target: "numeric(6,1)"),
    Change(type: "json", value: "'{\"b\": 1,  \"a\": 2}'", target: "jsonb"),
    Change(type: "timestamp", value: "'2024-05-05 10:00'", target: "date"),
    Change(type: "interval", value: "'1.25 s'", target: "interval(1)"),
    Change(type: "int", value: "5", target: "int GENERATED ALWAYS AS (id * 2) STORED"),
  ].filter { TestServer.version >= 120_000 || !$0.target.contains("STORED") }

  @Test(arguments: losses)
  func `a value that the target would change keeps its batch out`(_ change: Change) async throws {
    try await withRestoreScenario(change.table) { scenario in
      try await scenario.database.psql("ALTER TABLE t DROP COLUMN v; ALTER TABLE t ADD COLUMN v \(change.target)")
      let dryRun = try await scenario.report("--dry-run")
      #expect((dryRun["warnings"] as? [String])?.first?.contains("column v") == true)
      for policy in ["fail", "skip", "overwrite"] {
        let result = try await scenario.restore("--on-conflict", policy, expecting: 65)
        #expect(result.errorOutput.contains("rows would not be what was archived: column v"))
        #expect(try await scenario.content().hasPrefix("0|"))
      }
    }
  }

  static let keepings = [
    Change(type: "varchar(9)", value: "'abc '", target: "text"),
    Change(type: "int", value: "-5", target: "bigint"),
    Change(type: "bigint", value: "70000", target: "int"),
    Change(type: "text", value: "'x'", target: "citext"),
    Change(type: "timestamp", value: "'2024-05-05 10:00:00.5'", target: "timestamp(3)"),
    Change(type: "boolean", value: "true", target: "text"),
    Change(type: "char(5)", value: "'ab'", target: "char(9)"),
  ]

  @Test(arguments: keepings.dropLast())
  func `a value that the target takes as it is goes in`(_ change: Change) async throws {
    try await withRestoreScenario(change.table) { scenario in
      try await scenario.database.psql("ALTER TABLE t ALTER COLUMN v TYPE \(change.target) USING NULL")
      try await scenario.restore()
      #expect(try await scenario.content().hasPrefix("2|"))
    }
  }

  @Test func `a padding that grows is a change`() async throws {
    try await withRestoreScenario(Self.keepings[6].table) { scenario in
      try await scenario.database.psql("ALTER TABLE t ALTER COLUMN v TYPE char(9)")
      try await scenario.restore(expecting: 65)
    }
  }

  @Test(arguments: TestServer.generatedKinds)
  func `a column computed by now takes the same values, or others when its archived ones may go`(
    kind: String
  ) async throws {
    let sql = """
      CREATE TABLE t (id int PRIMARY KEY, at date NOT NULL, v int);
      INSERT INTO t SELECT g, date '2024-05-05', g * 2 FROM generate_series(1, 10) g;
      """
    try await withRestoreScenario(sql) { scenario in
      try await scenario.database.psql(
        "ALTER TABLE t DROP COLUMN v; ALTER TABLE t ADD COLUMN v int GENERATED ALWAYS AS (id * 2) \(kind)")
      try await scenario.restore()
      #expect(try await scenario.database.psql("SELECT sum(v) FROM t") == "110")
      try await scenario.database.psql(
        "TRUNCATE t; ALTER TABLE t DROP COLUMN v; ALTER TABLE t ADD COLUMN v int GENERATED ALWAYS AS (id) \(kind)")
      try await scenario.restore(expecting: 65)
      try await scenario.restore("--ignore-missing-columns")
      #expect(try await scenario.database.psql("SELECT sum(v) FROM t") == "55")
    }
  }

  // MARK: Keys

  /// 30 rows in three batches.
  private static let keyed = """
    CREATE EXTENSION citext;
    CREATE TABLE t (id text PRIMARY KEY, at timestamptz NOT NULL, ten int NOT NULL);
    INSERT INTO t SELECT CASE g % 2 WHEN 0 THEN 'A' ELSE 'a' END || g / 2, timestamptz '2024-05-05' + g * interval '1 minute',
      g / 10 FROM generate_series(0, 29) g;
    """

  @Test(
    arguments: [
      "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (ten)", "ALTER TABLE t ALTER id TYPE citext",
    ].filter { TestServer.extensions.contains("citext") || !$0.contains("citext") })
  func `rows that only the target's key takes for the same are not dropped`(change: String) async throws {
    try await withRestoreScenario(Self.keyed, archives: false) { scenario in
      // One row a batch.
      try await scenario.database.psql("CREATE TABLE kept AS TABLE t; TRUNCATE t")
      for id in ["A0", "a0", "A1"] {
        try await scenario.database.psql("INSERT INTO t SELECT * FROM kept WHERE id = '\(id)'")
        try await scenario.archiver(["archive"])
      }
      try await scenario.database.psql(change)
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("1 of its rows have a key"))
      #expect(try await scenario.content().hasPrefix("0|"))
    }
  }

  @Test func `a deferrable key judges no conflicts, and is not said to`() async throws {
    try await withRestoreScenario(Self.keyed) { scenario in
      try await scenario.database.psql(
        "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (id) DEFERRABLE")
      for policy in ["skip", "overwrite"] {
        let result = try await scenario.restore("--on-conflict", policy, expecting: 65)
        #expect(result.errorOutput.contains("DEFERRABLE"))
      }
      try await scenario.restore()
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("are there already"))
      #expect(!result.errorOutput.contains("--on-conflict"))
    }
  }

  @Test func `an overwritten row keeps an equal key as it is, and that is said`() async throws {
    let sql = """
      CREATE TABLE t (id numeric PRIMARY KEY, at date NOT NULL, v text);
      INSERT INTO t SELECT g, '2024-05-05', 'old' FROM generate_series(1, 3) g;
      """
    try await withRestoreScenario(sql) { scenario in
      try await scenario.database.psql("INSERT INTO t VALUES (2.00, now(), 'new')")
      let report = try await scenario.report("--on-conflict", "overwrite")
      #expect((report["warnings"] as? [String])?.first?.contains("keep their key") == true)
      #expect(
        try await scenario.database.psql("SELECT string_agg(id || v, ' ' ORDER BY id) FROM t") == "1old 2.00old 3old")
    }
  }

  @Test func `a table made for batches from before a column has room for NULL there`() async throws {
    try await withRestoreScenario(Self.keyed) { scenario in
      try await scenario.database.psql(
        "ALTER TABLE t ADD added int NOT NULL DEFAULT 1; INSERT INTO t VALUES ('new', '2024-05-06', 1)")
      try await scenario.archiver(["archive"])
      try await scenario.restore("--into", "made", "--create-table")
      #expect(try await scenario.database.psql("SELECT count(*), count(added) FROM made") == "31|1")
    }
  }

  @Test func `batches from before a column of the key go in by themselves`() async throws {
    try await withRestoreScenario(Self.keyed) { scenario in
      try await scenario.database.psql(
        """
        ALTER TABLE t ADD tenant int NOT NULL DEFAULT 1, DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (tenant, id);
        INSERT INTO t VALUES ('new', '2024-05-06', 1, 2)
        """)
      try await scenario.archiver(["archive"])
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("older than column tenant of the key"))
      try await scenario.restore("--to", "2024-05-06")
      try await scenario.restore("--from", "2024-05-06")
      #expect(try await scenario.database.psql("SELECT count(*), sum(tenant) FROM t") == "31|32")
    }
  }

  // MARK: What an error says

  struct Refusal: Sendable, CustomTestStringConvertible {
    var sql: String
    var arguments: [String] = []
    var hint: String
    var testDescription: String { sql }
  }

  @Test(arguments: [
    Refusal(
      sql: "CREATE TABLE p (id text PRIMARY KEY); ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES p",
      hint: "restore the rows that these refer to first"),
    Refusal(
      sql: "ALTER TABLE t ADD FOREIGN KEY (ten) REFERENCES u (n) DEFERRABLE INITIALLY DEFERRED",
      arguments: ["--on-conflict", "skip"], hint: "restore the rows that these refer to first"),
    Refusal(sql: "ALTER TABLE t ADD added int NOT NULL", hint: "drop NOT NULL"),
    Refusal(sql: "ALTER TABLE t ADD CHECK (ten > 7)", hint: "drop that constraint"),
    Refusal(sql: "", arguments: ["--into", "none.t", "--create-table"], hint: "CREATE SCHEMA \"none\""),
    Refusal(sql: "", arguments: ["--into", "u2"], hint: "add --create-table; else, "),
  ])
  func `a refusal comes with what to do about it`(_ refusal: Refusal) async throws {
    try await withRestoreScenario(Self.keyed) { scenario in
      try await scenario.database.psql("CREATE TABLE u (n int PRIMARY KEY); \(refusal.sql)")
      let result = try await scenario.archiver(["restore"] + refusal.arguments, expecting: 65)
      #expect(result.errorOutput.contains(refusal.hint), "\(result.errorOutput)")
      #expect(try await scenario.content().hasPrefix("0|"))
    }
  }

  @Test func `policies that apply to the role are told`() async throws {
    try await withRestoreScenario(Self.keyed) { scenario in
      try await scenario.database.psql("ALTER TABLE t ENABLE ROW LEVEL SECURITY")
      try await scenario.database.withRole { role in
        try await scenario.database.psql("GRANT ALL ON t TO \(role.name)")
        let result = try await scenario.restore("--target", try scenario.database.url(for: role), expecting: 77)
        #expect(result.errorOutput.contains("BYPASSRLS"))
      }
    }
  }
}
