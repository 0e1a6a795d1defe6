import Foundation
import TestSupport
import Testing

/// What goes back in, and what keeps it out.
struct RestoreTests {
  /// 250 rows of one day, in three batches.
  private static let numbers = """
    CREATE TABLE t (id bigint PRIMARY KEY, at timestamptz NOT NULL, name text UNIQUE, v int);
    INSERT INTO t SELECT g, timestamptz '2024-05-05 00:00+00' + g * interval '1 minute', 'name ' || g, g * 2
    FROM generate_series(1, 250) g;
    """

  @Test func `every column of every row comes back, and nothing else changes`() async throws {
    try await withArchiveScenario { scenario in
      let before = try await scenario.fingerprint()
      let fresh = try await scenario.database.psql(
        "SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM events t WHERE kind = 'fresh'")
      try await scenario.archiver("archive")
      #expect(try await scenario.fingerprint() == "0|")
      try await scenario.archiver("restore")
      #expect(try await scenario.fingerprint() == before)
      let freshAfter = try await scenario.database.psql(
        "SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM events t WHERE kind = 'fresh'")
      #expect(freshAfter == fresh)
    }
  }

  @Test func `awkward values of every common type come back byte for byte`() async throws {
    let sql = #"""
      CREATE EXTENSION citext; CREATE EXTENSION hstore;
      CREATE TYPE mood AS ENUM ('so, so', 'a"b'); CREATE TYPE pair AS (a int, b text);
      CREATE DOMAIN percent AS numeric(5,2) CHECK (value <= 100); CREATE DOMAIN ints AS int[];
      CREATE TABLE t (at timestamptz PRIMARY KEY, a smallint, b int, c bigint, d real, e double precision, f numeric,
        g numeric(20,6), h boolean, i text, j varchar(9), k char(5), l "char", m name, n bytea, o uuid, p date,
        q time, r timetz, s timestamp, u interval, v json, w jsonb, x int[], y text[], z bytea[], aa jsonb[],
        ab int4range, ac inet, ad cidr, ae macaddr, af point, ag box[], ah bit(3), ai varbit, aj xml, ak tsvector,
        al money, am pg_lsn, an mood, ao pair, ap percent, aq percent[], ar ints, at2 citext, au hstore,
        av timestamptz[], aw "char"[], ax oid, ay regclass, az numeric[]);
      INSERT INTO t VALUES ('2024-01-01', -32768, 2147483647, -9223372036854775808, '-0', 1e-308, 'NaN', -0.000001, true,
        E'tab\tnl\nback\\slash "q" \u0001 \N é😀', 'x', 'ab', 'c', 'nam', '\x00ff5c0a', md5('a')::uuid, '4714-11-24 BC',
        '24:00', '12:00:00.5+02', '294276-12-31 23:59:59.999999', '-1 year 2 days -03:04:05.6', E'{"a": 1,\n "a": 2.50}',
        'null', '[2:3]={1,NULL}', ARRAY['NULL', NULL, '', 'a,b', '"', E'\\'], ARRAY['\x00'::bytea, NULL],
        ARRAY['null'::jsonb, NULL, '{"x":"\"}"}'], '[1,5)', '::1/128', '10.0.0.0/8', '08:00:2b:01:02:03', '(1.5,-0)',
        ARRAY[box '(1,1),(0,0)', box '(2,2),(1,1)'], B'101', B'', '<a>&amp;</a>', 'fat:2A cat', '$1,234.50', '16/B374D848',
        'a"b', ROW(1, 'x, "y"'), 99.5, '{1.5,NULL}', '{1,2}', 'CiText', '"a"=>"b\"c", d=>NULL',
        ARRAY['infinity'::timestamptz, '2024-03-03 03:03:03.3+03'], ARRAY['a'::"char", '"'::"char"], 4294967295,
        'pg_class', '{NaN,1.10}');
      INSERT INTO t (at) VALUES ('2024-01-02'), ('-infinity'), ('0044-03-15 BC');
      INSERT INTO t (at, i, y, w, v, n, d, e, u) VALUES
        ('2024-01-03', '', '{}', '{"k": [1.0, "\u00e9", {}]}', 'null', '', 'Infinity', '-Infinity', '0'),
        ('2024-01-04', 'NULL', '{{a,b},{c,NULL}}', '""', '"x"', '\x5c4e', 3.4028235e38, 0.1, '178000000 years');
      """#
    try await withRestoreScenario(sql, archives: false) { scenario in
      let before = try await scenario.content()
      try await scenario.archiver(["archive"])
      #expect(try await scenario.content().hasPrefix("0|"))
      try await scenario.restore()
      #expect(try await scenario.content() == before)
    }
  }

  @Test func `one key that is there keeps everything out`() async throws {
    try await withRestoreScenario(Self.numbers) { scenario in
      try await scenario.database.psql("INSERT INTO t VALUES (240, '2024-05-05', 'mine', 0)")
      let before = try await scenario.content()
      let files = scenario.scenario.files
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("1 of 250 selected keys are there already"))
      #expect(result.errorOutput.contains("--on-conflict skip"))
      #expect(try await scenario.content() == before)
      #expect(scenario.scenario.files == files)
    }
  }

  @Test(arguments: ["skip", "overwrite"])
  func `rows that are there are kept or replaced, and counted`(policy: String) async throws {
    try await withRestoreScenario(Self.numbers) { scenario in
      try await scenario.database.psql(
        "INSERT INTO t VALUES (7, '2024-05-05', 'mine', 0), (240, '2024-05-05', 'too', 0), (999, now(), 'other', 1)")
      let report = try await scenario.report("--on-conflict", policy)
      #expect(report["inserted"] as? Int == 248)
      #expect(report[policy == "skip" ? "skipped" : "overwritten"] as? Int == 2)
      let row = try await scenario.database.psql("SELECT name, v FROM t WHERE id = 7")
      #expect(row == (policy == "skip" ? "mine|0" : "name 7|14"))
      #expect(try await scenario.database.psql("SELECT count(*) FROM t") == "251")
    }
  }

  @Test(arguments: ["fail", "skip", "overwrite"])
  func `another unique violation is an error and keeps its batch out`(policy: String) async throws {
    try await withRestoreScenario(Self.numbers) { scenario in
      try await scenario.database.psql("INSERT INTO t VALUES (1000, now(), 'name 50', 0)")
      let before = try await scenario.content()
      let result = try await scenario.restore("--on-conflict", policy, expecting: 65)
      #expect(result.errorOutput.contains("t_name_key"))
      #expect(!result.errorOutput.contains("name 50"))
      #expect(try await scenario.content() == before)
    }
  }

  @Test func `an error in a later batch tells which batches are in, and skip goes on`() async throws {
    try await withRestoreScenario(Self.numbers) { scenario in
      try await scenario.database.psql("INSERT INTO t VALUES (1000, now(), 'name 150', 0)")
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("1 of 3 batches are in"))
      #expect(try await scenario.database.psql("SELECT count(*) FROM t") == "101")
      try await scenario.database.psql("DELETE FROM t WHERE id = 1000")
      try await scenario.restore("--on-conflict", "skip")
      #expect(try await scenario.database.psql("SELECT count(*), sum(v) FROM t") == "250|62750")
    }
  }

  @Test func `a damaged object keeps everything out`() async throws {
    try await withRestoreScenario(Self.numbers) { scenario in
      let object = try #require(scenario.scenario.files.last { $0.hasSuffix(".jsonl.gz") })
      let url = URL(fileURLWithPath: scenario.scenario.directory.path + "/storage/" + object)
      var bytes = try Data(contentsOf: url)
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: url)
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("the object is damaged (\(object))"))
      #expect(try await scenario.content().hasPrefix("0|"))
    }
  }

  @Test func `a trigger that drops rows is an error and keeps the batch out`() async throws {
    try await withRestoreScenario(Self.numbers) { scenario in
      try await scenario.database.psql(
        """
        CREATE FUNCTION drop_some() RETURNS trigger LANGUAGE plpgsql AS
          $$BEGIN IF NEW.id = 5 THEN RETURN NULL; END IF; RETURN NEW; END$$;
        CREATE TRIGGER drop_some BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION drop_some();
        """)
      let dryRun = try await scenario.report("--dry-run")
      #expect((dryRun["warnings"] as? [String])?.first?.contains("trigger drop_some") == true)
      try await scenario.restore(expecting: 65)
      #expect(try await scenario.content().hasPrefix("0|"))
    }
  }

  @Test func `a dry run tells what would go in and writes nothing`() async throws {
    try await withRestoreScenario(Self.numbers) { scenario in
      let files = scenario.scenario.files
      let report = try await scenario.report("--dry-run")
      #expect(report["inserted"] as? Int == 250)
      #expect(report["batches"] as? Int == 3)
      try await scenario.restore("--dry-run", "--into", "made", "--create-table")
      try await scenario.database.psql("INSERT INTO t VALUES (1, now(), 'mine', 0)")
      let conflict = try await scenario.restore("--dry-run", expecting: 65)
      #expect(conflict.output.contains("1 of the selected keys are there already"))
      #expect(scenario.scenario.files == files)
      #expect(try await scenario.database.psql("SELECT count(*) FROM t") == "1")
      #expect(try await scenario.database.psql("SELECT to_regclass('made')") == "")
    }
  }
}
