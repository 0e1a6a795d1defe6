import Foundation
import TestSupport
import Testing

/// A partitioned table is archived leaf by leaf, under its own name.
@Suite struct PartitionedTableTests {
  /// Three levels, a default, a leaf in another schema and one whose columns lie in another order; 100 old rows, 3 fresh.
  static let tree = """
    DROP TABLE public.t;
    CREATE SCHEMA old;
    CREATE TABLE public.t (id bigint NOT NULL, at timestamptz NOT NULL, v text, n numeric, PRIMARY KEY (id, at))
      PARTITION BY RANGE (at);
    CREATE TABLE public.rest PARTITION OF public.t DEFAULT;
    CREATE TABLE old.january (n numeric, gone int, v text, at timestamptz NOT NULL, id bigint NOT NULL);
    ALTER TABLE old.january DROP COLUMN gone;
    ALTER TABLE public.t ATTACH PARTITION old.january FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
    CREATE TABLE public.february PARTITION OF public.t FOR VALUES FROM ('2025-02-01') TO ('2025-03-01')
      PARTITION BY HASH (id);
    CREATE TABLE public.february_0 PARTITION OF public.february FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE public.february_1 PARTITION OF public.february FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE INDEX ON public.t (at, id);
    INSERT INTO public.t SELECT g, timestamptz '2025-01-01 00:00:00+00' + g * interval '20 hours', 'v' || g, g / 3.0
      FROM generate_series(1, 100) AS g;
    INSERT INTO public.t SELECT g, now(), 'fresh', 0 FROM generate_series(101, 103) AS g;
    """

  private static func manifests(_ scenario: HazardScenario) throws -> [[String: Any]] {
    try scenario.files(of: "public.t").filter { $0.hasSuffix(".manifest.json") }.map { file in
      let path = scenario.directory.path + "/storage/db=app/schema=public/table=t/" + file
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
  }

  @Test func `goes to the archive whole, is verified against it, and comes back whole`() async throws {
    try await withHazardScenario(Self.tree) { scenario in
      try scenario.configure(["partition: month", "batch_size: 30"])
      let before = try await scenario.content()
      let tried = try await scenario.archiver("archive", "--dry-run")
      #expect(tried.output.contains("eligible rows  100,"), "\(tried)")
      #expect(tried.output.contains("FROM ONLY \"old\".\"january\" AS t"), "\(tried)")
      let archived = try await scenario.archiver("archive")
      #expect(!archived.output.contains("note: app.public.t"), "\(archived)")
      #expect(try await scenario.count() == 3)
      let manifests = try Self.manifests(scenario)
      #expect(manifests.compactMap { ($0["counts"] as? [String: Int])?["deleted"] }.reduce(0, +) == 100)
      #expect(Set(manifests.compactMap { ($0["source"] as? [String: Any])?["table"] as? String }) == ["t"])
      #expect(
        try await scenario.database.psql("SELECT DISTINCT \"table\" FROM archiver.batch ORDER BY 1")
          == "public.sound\npublic.t")
      try await scenario.archiver("verify", "--level", "database")
      let ddl = try await scenario.archiver("inspect", "ddl", "--engine", "duckdb", "--table", "t")
      #expect(ddl.output.contains("VIEW \"t\""))

      try await scenario.archiver("restore", "--table", "t")
      #expect(try await scenario.content() == before)
      let again = try await scenario.archiver("restore", "--table", "t", "--on-conflict", "skip")
      #expect(again.output.contains("100"), "\(again)")
      // What was restored is on hold, in every leaf.
      try await scenario.archiver("archive")
      #expect(try await scenario.content() == before)
    }
  }

  @Test func `rows whose partition is gone are restored once there is one`() async throws {
    try await withHazardScenario(Self.tree + "DROP TABLE public.rest") { scenario in
      try scenario.configure()
      let before = try await scenario.content()
      try await scenario.archiver("archive")
      try await scenario.database.psql("DROP TABLE old.january")
      let failed = try await scenario.archiver("restore", "--table", "t", expecting: 65)
      #expect(failed.errorOutput.contains("hint: attach a partition"), "\(failed)")
      try await scenario.database.psql("CREATE TABLE public.all_else PARTITION OF public.t DEFAULT")
      try await scenario.archiver("restore", "--table", "t", "--on-conflict", "skip")
      #expect(try await scenario.content() == before)
    }
  }

  @Test func `rows that are in the archive and in a leaf are found by verify`() async throws {
    try await withHazardScenario(Self.tree) { scenario in
      try scenario.configure()
      try await scenario.database.psql("CREATE TABLE public.copy AS SELECT * FROM public.t")
      try await scenario.archiver("archive")
      try await scenario.database.psql("INSERT INTO public.t SELECT * FROM public.copy WHERE id IN (7, 60)")
      let result = try await scenario.archiver("verify", "--level", "database", expecting: 1)
      #expect(result.output.contains("in-database"), "\(result)")
    }
  }

  @Test func `keys of a batch that was never committed are looked up in every leaf`() async throws {
    try await withHazardScenario(Self.tree) { scenario in
      try scenario.configure(["partition: none"])
      try await scenario.archiver("archive", "--table", "t", "--database", "app", "--max-batches", "1")
      try await scenario.archiver("restore", "--table", "t")
      // As if the run had been cut between upload and prepare: neither manifest nor ledger row.
      let file = try #require(scenario.files(of: "public.t").first { $0.hasSuffix(".manifest.json") })
      try FileManager.default.removeItem(
        atPath: scenario.directory.path + "/storage/db=app/schema=public/table=t/" + file)
      try await scenario.database.psql("DELETE FROM archiver.batch")
      let result = try await scenario.archiver("recover")
      #expect(result.output.contains("aborted"), "\(result)")
    }
  }

  @Test func `partitions that come and go during the run are told`() async throws {
    // The delete from the first leaf changes the tree within its own transaction.
    let sql =
      Self.tree + """
        CREATE FUNCTION public.shake() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF to_regclass('public.march') IS NULL THEN
            ALTER TABLE public.february DETACH PARTITION public.february_1;
            CREATE TABLE public.march (LIKE public.t INCLUDING ALL);
            INSERT INTO public.march VALUES (900, '2024-03-03', 'late', 1);
            ALTER TABLE public.t ATTACH PARTITION public.march FOR VALUES FROM ('2024-03-01') TO ('2024-04-01');
          END IF;
          RETURN NULL;
        END $$;
        CREATE TRIGGER shake AFTER DELETE ON old.january FOR EACH STATEMENT EXECUTE FUNCTION public.shake();
        """
    try await withHazardScenario(sql) { scenario in
      try scenario.configure(["partition: none", "hazards: [delete-trigger]"])
      let detached = try await scenario.count("public.february_1")
      let archived = try await scenario.archiver("archive")
      #expect(archived.output.contains("partition \"public\".\"february_1\" was detached"), "\(archived)")
      #expect(archived.output.contains("attached during the run: \"public\".\"march\""), "\(archived)")
      #expect(try await scenario.count("public.february_1") == detached)
      #expect(try await scenario.count() == 4)
      try await scenario.archiver("archive")
      #expect(try await scenario.count() == 3)
      try await scenario.archiver("verify", "--level", "database")
    }
  }

  @Test func `several workers share every leaf`() async throws {
    try await withHazardScenario(Self.tree) { scenario in
      try scenario.configure(["batch_size: 5", "workers: 3", "partition: month"])
      try await scenario.archiver("archive")
      #expect(try await scenario.count() == 3)
      try await scenario.archiver("verify", "--level", "database")
    }
  }

  @Test func `a run that is limited goes on where it stopped`() async throws {
    try await withHazardScenario(Self.tree) { scenario in
      try scenario.configure(["partition: none"])
      let first = try await scenario.archiver("archive", "--max-batches", "1", "--output", "json")
      #expect(first.output.contains("\"outcome\" : \"stopped\"") || first.output.contains("\"outcome\":\"stopped\""))
      #expect(try await scenario.count("old.january") == 0)
      #expect(try await scenario.count("public.february") > 0)
      try await scenario.archiver("archive")
      #expect(try await scenario.count() == 3)
    }
  }

  /// Without a key of its own, as partition managers make it: the leaves have one that lacks the partition key.
  static let keyedLeaves = """
    DROP TABLE public.t;
    CREATE TABLE public.t (id bigint NOT NULL, at timestamptz NOT NULL, v text) PARTITION BY RANGE (at);
    CREATE TABLE public.a PARTITION OF public.t (PRIMARY KEY (id)) FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
    CREATE TABLE public.b PARTITION OF public.t (PRIMARY KEY (id)) FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
    CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
    INSERT INTO public.t SELECT g % 30, timestamptz '2025-01-15 00:00:00+00' + g * interval '1 day', 'v' || g
      FROM generate_series(0, 40) AS g;
    """

  @Test func `the leaves' keys and the partition key do where the table has no key`() async throws {
    try await withHazardScenario(Self.keyedLeaves) { scenario in
      try scenario.configure(["partition: none"])
      let before = try await scenario.content()
      try await scenario.archiver("archive")
      #expect(try await scenario.count() == 0)
      #expect(try Self.manifests(scenario).allSatisfy { $0["primary_key"] as? [String] == ["id", "at"] })
      try await scenario.archiver("verify", "--level", "database")
      try await scenario.archiver("restore", "--table", "t")
      #expect(try await scenario.content() == before)
    }
  }

  @Test func `foreign tables among the partitions are left alone and told`() async throws {
    let foreign = """
      CREATE FOREIGN TABLE public.far PARTITION OF public.t FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
        SERVER nowhere;
      """
    try await withHazardScenario(Self.keyedLeaves + foreign) { scenario in
      try scenario.configure()
      let archived = try await scenario.archiver("archive")
      #expect(archived.output.contains("foreign tables are left alone: \"public\".\"far\""), "\(archived)")
      #expect(try await scenario.count("public.a") == 0)
      #expect(try await scenario.count("public.b") == 0)
    }
  }

  @Test(arguments: [
    ("a leaf without a key", "ALTER TABLE public.a DROP CONSTRAINT a_pkey"),
    ("another key in one leaf", "ALTER TABLE public.a DROP CONSTRAINT a_pkey, ADD PRIMARY KEY (id, at)"),
    ("a partition key that may be null", "ALTER TABLE public.t ALTER COLUMN at DROP NOT NULL"),
  ])
  func `leaves that do not agree on a key make none`(_ title: String, _ sql: String) async throws {
    try await withHazardScenario(Self.keyedLeaves + sql) { scenario in
      try scenario.configure()
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains("refused: no-primary-key"), "\(refused)")
      #expect(try await scenario.count() == 41)
    }
  }

  @Test func `a leaf without an index is named with the statement for it`() async throws {
    try await withHazardScenario(Self.keyedLeaves + "CREATE INDEX ON public.a (at, id)") { scenario in
      try scenario.configure()
      let archived = try await scenario.archiver("archive")
      #expect(archived.output.contains("in 1 of 2 partitions"), "\(archived)")
      #expect(archived.output.contains("CREATE INDEX CONCURRENTLY ON \"public\".\"b\" (\"at\", \"id\")"), "\(archived)")
    }
  }
}
