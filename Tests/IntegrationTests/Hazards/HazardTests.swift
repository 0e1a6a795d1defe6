import Foundation
import TestSupport
import Testing

/// Hazards are found before anything is touched, told with cause and way out, and stop only their own table.
@Suite struct HazardTests {
  @Test(arguments: HazardCase.all)
  func `is refused, and passes only where it can be accepted`(_ item: HazardCase) async throws {
    try await withHazardScenario(item.sql, asRole: item.asRole, options: item.options) { scenario in
      let lines = ["schema: \(item.schema)"]
      try scenario.configure(lines)
      let before = item.isReadable ? try await scenario.content(item.table) : ""
      let refused = try await scenario.archiver("archive", expecting: 1)
      let refusal = try #require(HazardScenario.refusal(refused), "\(refused)")
      #expect(refusal.error.hasPrefix("error: refused: \(item.hazard) (app.\(item.table)): "))
      #expect(refusal.hint.hasPrefix("hint: "))
      for part in item.says { #expect((refusal.error + refusal.hint).contains(part), "\(refusal)") }
      if item.isReadable { #expect(try await scenario.content(item.table) == before) }
      #expect(scenario.files(of: item.table).isEmpty)
      #expect(try await scenario.count("public.sound") == 0)
      if item.isFirst {
        // Who only asks is told the same.
        for question in [["config", "validate", "--connect"], ["archive", "--dry-run"]] {
          let told = try await scenario.archiver(question, expecting: 1)
          #expect(HazardScenario.refusal(told).map { $0 == refusal } == true, "\(told)")
        }
      }

      guard let accepted = item.accepted else {
        #expect(!refusal.hint.contains("hazards:"))
        return
      }
      #expect(refusal.hint.contains("accept it with hazards: [\(item.hazard)]"))
      let count = try await scenario.count(item.table)
      try scenario.configure(lines + ["hazards: [\(item.hazard)]"])
      let archived = try await scenario.archiver("archive")
      #expect(archived.output.contains("accepted hazard \(item.hazard)"), "\(archived)")
      #expect(try await scenario.count(item.table) == count - accepted)
    }
  }

  @Test func `all the hazards of a table are told at once`() async throws {
    let sql = HazardCase.trigger("AFTER DELETE ON public.t FOR EACH ROW") + "; ALTER TABLE public.t ADD COLUMN _raw int"
    try await withHazardScenario(sql) { scenario in
      try scenario.configure()
      let refusal = try #require(HazardScenario.refusal(try await scenario.archiver("archive", expecting: 1)))
      #expect(refusal.error.hasPrefix("error: refused: reserved-column, delete-trigger (app.public.t): "))
    }
  }

  @Test func `a table of the catalog is none to archive`() async throws {
    try await withHazardScenario { scenario in
      try scenario.configure(["schema: pg_catalog"], name: "pg_statistic")
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains("refused: not-a-table (app.pg_catalog.pg_statistic): it is a table of the"))
    }
  }

  @Test func `rows that are referenced stay when the condition of the hint is used`() async throws {
    let sql = """
      CREATE TABLE public.c (t_id bigint REFERENCES public.t); INSERT INTO public.c VALUES (3), (4)
      """
    try await withHazardScenario(sql) { scenario in
      try scenario.configure()
      let refusal = try #require(HazardScenario.refusal(try await scenario.archiver("archive", expecting: 1)))
      let condition = try #require(refusal.hint.firstRange(of: /where: ".*"/).map { String(refusal.hint[$0]) })
      try scenario.configure([condition])
      let archived = try await scenario.archiver("archive")
      #expect(archived.output.contains("no eligible row is now"), "\(archived)")
      #expect(try await scenario.database.psql("SELECT string_agg(id::text, ',' ORDER BY id) FROM public.t") == "3,4")
    }
  }

  @Test func `what the role may not look at is told, and the server has the last word`() async throws {
    let sql = """
      GRANT SELECT, DELETE, UPDATE ON public.t TO {role};
      CREATE TABLE public.c (t_id bigint REFERENCES public.t); INSERT INTO public.c VALUES (3)
      """
    try await withHazardScenario(sql, asRole: true) { scenario in
      try scenario.configure()
      let tried = try await scenario.archiver("archive", "--dry-run")
      #expect(tried.output.contains("whether there are any cannot be told"), "\(tried)")
      let failed = try await scenario.archiver("archive", expecting: 1)
      #expect(failed.errorOutput.contains("rows of the batch are still referenced"), "\(failed)")
      #expect(try await scenario.count() == 20)
    }
  }

  @Test(arguments: HazardCase.roles.filter { $0.hazard == "missing-privilege" })
  func `the GRANT of the hint is enough`(_ item: HazardCase) async throws {
    try await withHazardScenario(item.sql, asRole: true) { scenario in
      try scenario.configure(["schema: \(item.schema)"])
      let refusal = try #require(HazardScenario.refusal(try await scenario.archiver("archive", expecting: 1)))
      try await scenario.database.psql(String(refusal.hint.dropFirst("hint: run ".count)))
      try await scenario.archiver("archive")
      #expect(try await scenario.count(item.table) == 0)
    }
  }

  private static let harmless = [
    ("a disabled trigger", HazardCase.effects[0].sql + "; ALTER TABLE public.t DISABLE TRIGGER audit"),
    ("a trigger for replicas", HazardCase.effects[0].sql + "; ALTER TABLE public.t ENABLE REPLICA TRIGGER audit"),
    ("a trigger on INSERT", HazardCase.trigger("AFTER INSERT ON public.t FOR EACH ROW")),
    ("valid constraints", "ALTER TABLE public.t ADD CHECK (id > 0)"),
    ("a publication without deletes", "CREATE PUBLICATION feed FOR TABLE public.t WITH (publish = 'insert')"),
    ("policies that the role passes by", "ALTER TABLE public.t ENABLE ROW LEVEL SECURITY"),
  ]

  /// Constraints that came with 18.
  private static let harmlessSince18 = [
    ("a check that is not enforced", "ALTER TABLE public.t ADD CHECK (id < 0) NOT ENFORCED"),
    (
      "a foreign key that is not enforced",
      "CREATE TABLE public.o (v text PRIMARY KEY); ALTER TABLE public.t ADD FOREIGN KEY (v) REFERENCES public.o NOT ENFORCED"
    ),
    (
      "a foreign key to it that is not enforced",
      """
      CREATE TABLE public.c (t_id bigint REFERENCES public.t ON DELETE CASCADE NOT ENFORCED, u_id bigint REFERENCES public.t
        NOT ENFORCED);
      INSERT INTO public.c VALUES (3, 4)
      """
    ),
    (
      "a composite value of NULLs under a NOT NULL that was never validated",
      """
      CREATE TYPE public.pair AS (a int, b int); ALTER TABLE public.t ADD COLUMN p public.pair DEFAULT '(,1)';
      UPDATE public.t SET p = '(,)' WHERE id = 3; ALTER TABLE public.t ADD CONSTRAINT told NOT NULL p NOT VALID
      """
    ),
  ]

  @Test(arguments: harmless + (TestServer.version >= 180_000 ? harmlessSince18 : []))
  func `what does no harm is no hazard`(_ title: String, _ sql: String) async throws {
    try await withHazardScenario(sql) { scenario in
      try scenario.configure()
      let archived = try await scenario.archiver("archive")
      #expect(!archived.output.contains("note:"), "\(archived)")
      #expect(try await scenario.count() == 0)
    }
  }

  @Test(arguments: [
    ("no index", "DROP INDEX public.t_at_id_idx", "no index leads with at", "CREATE INDEX CONCURRENTLY ON"),
    (
      "an index of no order", "DROP INDEX public.t_at_id_idx; CREATE INDEX ON public.t USING brin (at)", "no index",
      "at"
    ),
    (
      "published deletes", "CREATE PUBLICATION feed FOR TABLE public.t", "publication feed",
      "ALTER PUBLICATION feed SET"
    ),
    (
      "inheritance children",
      "CREATE TABLE public.child () INHERITS (public.t); INSERT INTO public.child VALUES (99, '2025-01-01', 'c')",
      "tables inherit from it", "public.child"
    ),
  ])
  func `what is no more than odd is told in a note`(
    _ title: String, _ sql: String, _ note: String, _ wayOut: String
  ) async throws {
    try await withHazardScenario(sql) { scenario in
      try scenario.configure()
      for result in [
        try await scenario.archiver("config", "validate", "--connect"),
        try await scenario.archiver("archive", "--dry-run"), try await scenario.archiver("archive"),
      ] {
        let line = result.output.split(separator: "\n").first {
          $0.hasPrefix("note: app.public.t: ") && $0.contains(note)
        }
        #expect(line?.contains(wayOut) == true, "\(result)")
      }
      #expect(try await scenario.count("ONLY public.t") == 0)
      // Children are a table of their own.
      if sql.contains("INHERITS") { #expect(try await scenario.count() == 1) }
    }
  }

  @Test(arguments: ["no-index", "published-delete"])
  func `an accepted oddity is told no more`(_ name: String) async throws {
    let sql = "DROP INDEX public.t_at_id_idx; CREATE PUBLICATION feed FOR TABLE public.t"
    try await withHazardScenario(sql) { scenario in
      try scenario.configure(["hazards: [\(name)]"])
      let archived = try await scenario.archiver("archive")
      let other = name == "no-index" ? "published-delete" : "no index"
      #expect(archived.output.split(separator: "\n").filter { $0.hasPrefix("note: ") }.count == 1, "\(archived)")
      #expect(archived.output.contains(other))
    }
  }
}
