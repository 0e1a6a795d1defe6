import Foundation
import TestSupport
import Testing

/// An accepted hazard lets its effect happen; it never lets a row be deleted unarchived, or be archived and stay.
@Suite struct AcceptedHazardTests {
  static let reinserting = """
    CREATE FUNCTION public.back() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO public.t SELECT OLD.*; RETURN NULL; END';
    """

  @Test(arguments: [
    (
      "a rule that deletes from another table", "delete-rule",
      """
      CREATE TABLE public.o AS SELECT id FROM public.t;
      CREATE RULE elsewhere AS ON DELETE TO public.t DO INSTEAD DELETE FROM public.o WHERE o.id = old.id
      """
    ),
    (
      "a trigger that puts the row back", "delete-trigger",
      reinserting + "CREATE TRIGGER back AFTER DELETE ON public.t FOR EACH ROW EXECUTE FUNCTION public.back()"
    ),
    (
      "a deferred trigger that puts the row back", "delete-trigger",
      reinserting
        + """
        CREATE CONSTRAINT TRIGGER back AFTER DELETE ON public.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
          EXECUTE FUNCTION public.back()
        """
    ),
    (
      "a cascade whose trigger puts the row back", "foreign-key-action",
      """
      CREATE TABLE public.c (t_id bigint REFERENCES public.t ON DELETE CASCADE, at timestamptz);
      INSERT INTO public.c SELECT id, at FROM public.t;
      CREATE FUNCTION public.back() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO public.t VALUES (OLD.t_id, OLD.at); RETURN NULL; END';
      CREATE TRIGGER back AFTER DELETE ON public.c FOR EACH ROW EXECUTE FUNCTION public.back()
      """
    ),
  ])
  func `rows that a delete does not remove are not archived`(
    _ title: String, _ hazard: String, _ sql: String
  ) async throws {
    try await withHazardScenario(sql) { scenario in
      try scenario.configure(["hazards: [\(hazard)]"])
      let before = try await scenario.content()
      let failed = try await scenario.archiver("archive", expecting: 1)
      #expect(failed.errorOutput.contains("20 rows have keys that were just deleted"), "\(failed)")
      #expect(failed.errorOutput.contains("hint: an accepted trigger, rule or foreign key action"), "\(failed)")
      #expect(try await scenario.content() == before)
      #expect(!scenario.files(of: "public.t").contains { $0.hasSuffix(".manifest.json") })
      #expect(try await scenario.count("public.sound") == 0)
    }
  }

  /// A function that takes young rows, which the run does not archive.
  static func taking(_ statement: String) -> String {
    """
    INSERT INTO public.t SELECT g, now(), 'young' FROM generate_series(201, 220) AS g;
    CREATE FUNCTION public.take() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN \(statement); RETURN NULL; END$$;
    """
  }

  static let partitioned = """
    DROP TABLE public.t; CREATE TABLE public.t (id bigint, at timestamptz, v text, PRIMARY KEY (id, at))
      PARTITION BY RANGE (at);
    CREATE TABLE public.p PARTITION OF public.t FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
    CREATE TABLE public.q PARTITION OF public.t DEFAULT; INSERT INTO public.t SELECT * FROM public.sound;
    """

  @Test(arguments: [
    (
      "a trigger that deletes other rows", "delete-trigger",
      taking("DELETE FROM public.t WHERE id = OLD.id + 200")
        + "CREATE TRIGGER take AFTER DELETE ON public.t FOR EACH ROW EXECUTE FUNCTION public.take()"
    ),
    (
      "a deferred trigger that deletes other rows", "delete-trigger",
      taking("DELETE FROM public.t WHERE id = OLD.id + 200")
        + """
        CREATE CONSTRAINT TRIGGER take AFTER DELETE ON public.t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
          EXECUTE FUNCTION public.take()
        """
    ),
    (
      "a rule whose trigger deletes other rows", "delete-rule",
      taking("DELETE FROM public.t WHERE id = NEW.id + 200")
        + """
        CREATE TABLE public.o (id bigint);
        CREATE TRIGGER take AFTER INSERT ON public.o FOR EACH ROW EXECUTE FUNCTION public.take();
        CREATE RULE note AS ON DELETE TO public.t DO ALSO INSERT INTO public.o VALUES (old.id)
        """
    ),
    (
      "a cascade whose trigger deletes other rows", "foreign-key-action",
      taking("DELETE FROM public.t WHERE id = OLD.t_id + 200")
        + """
        CREATE TABLE public.c (t_id bigint REFERENCES public.t ON DELETE CASCADE);
        INSERT INTO public.c SELECT id FROM public.sound;
        CREATE TRIGGER take AFTER DELETE ON public.c FOR EACH ROW EXECUTE FUNCTION public.take()
        """
    ),
    (
      "a trigger that deletes from another partition", "delete-trigger",
      partitioned + taking("DELETE FROM public.q WHERE id = OLD.id + 200")
        + "CREATE TRIGGER take AFTER DELETE ON public.p FOR EACH ROW EXECUTE FUNCTION public.take()"
    ),
    (
      "a trigger that empties another partition", "delete-trigger",
      partitioned + taking("TRUNCATE public.q")
        + "CREATE TRIGGER take AFTER DELETE ON public.p FOR EACH STATEMENT EXECUTE FUNCTION public.take()"
    ),
    (
      "a trigger that drops another partition", "delete-trigger",
      partitioned + taking("DROP TABLE public.q")
        + "CREATE TRIGGER take AFTER DELETE ON public.p FOR EACH STATEMENT EXECUTE FUNCTION public.take()"
    ),
  ])
  func `a delete that takes other rows of the table is rolled back`(
    _ title: String, _ hazard: String, _ sql: String
  ) async throws {
    try await withHazardScenario(sql) { scenario in
      try scenario.configure(["hazards: [\(hazard)]"])
      let before = try await scenario.content()
      #expect(try await scenario.count() == 40)
      let failed = try await scenario.archiver("archive", expecting: 1)
      #expect(
        failed.errorOutput.contains("all of it is rolled back") || failed.errorOutput.contains("the batch is rolled"))
      #expect(failed.errorOutput.contains("hint: an accepted trigger, rule or foreign key action"), "\(failed)")
      #expect(try await scenario.content() == before)
      #expect(!scenario.files(of: "public.t").contains { $0.hasSuffix(".manifest.json") })
      #expect(try await scenario.count("public.sound") == 0)
    }
  }

  @Test func `a trigger that changes other rows, and deletes elsewhere, has its way`() async throws {
    let sql =
      Self.taking("UPDATE public.t SET v = 'seen' WHERE id = OLD.id + 200; DELETE FROM public.o WHERE id = OLD.id")
        + """
        CREATE TABLE public.o AS SELECT id FROM public.t;
        CREATE TRIGGER take AFTER DELETE ON public.t FOR EACH ROW EXECUTE FUNCTION public.take()
        """
    try await withHazardScenario(sql) { scenario in
      try scenario.configure(["hazards: [delete-trigger]"])
      try await scenario.archiver("archive")
      #expect(try await scenario.count("public.t WHERE v = 'seen'") == 20)
      #expect(try await scenario.count("public.o") == 20)
    }
  }

  @Test func `an accepted trigger is refused where the server does not count deleted rows`() async throws {
    let sql =
      Self.taking("NULL")
        + """
        CREATE TRIGGER take AFTER DELETE ON public.t FOR EACH ROW EXECUTE FUNCTION public.take();
        SELECT format('ALTER DATABASE %I SET track_counts = off', current_database()) \\gexec
        """
    try await withHazardScenario(sql) { scenario in
      try scenario.configure(["hazards: [delete-trigger]"])
      let refused = try await scenario.archiver("archive", expecting: 1)
      let refusal = try #require(HazardScenario.refusal(refused), "\(refused)")
      #expect(refusal.error.contains("track_counts is off") && !refusal.hint.contains("hazards:"), "\(refusal)")
      #expect(try await scenario.count() == 40)
      #expect(try await scenario.count("public.sound") == 0)
    }
  }

  @Test func `rows that a policy shows and does not let be locked are told apart from locked ones`() async throws {
    let sql = """
      GRANT SELECT, DELETE, UPDATE ON public.t TO {role}; ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
      CREATE POLICY seen ON public.t FOR SELECT USING (true);
      CREATE POLICY changed ON public.t FOR UPDATE USING (id % 2 = 0);
      CREATE POLICY removed ON public.t FOR DELETE USING (true)
      """
    try await withHazardScenario(sql, asRole: true) { scenario in
      try scenario.configure(["hazards: [row-security]"])
      let result = try await scenario.archiver("archive")
      #expect(try await scenario.count() == 10)
      #expect((result.output + result.errorOutput).contains("10 eligible rows are locked by others, or came late"))
      #expect((result.output + result.errorOutput).contains("Or a policy lets them be seen"), "\(result)")
    }
  }

  /// Row 1 is eligible and referenced by one that is not.
  static let child = "INSERT INTO public.t VALUES (99, now(), 'young', 1)"

  @Test(arguments: [
    ("ON DELETE CASCADE", "deletes its rows"), ("ON DELETE SET NULL", "sets its columns to null"),
    ("ON DELETE SET DEFAULT", "sets its columns to their defaults"),
  ])
  func `an action on rows of the table itself cannot be accepted, and the way out leads on`(
    _ action: String, _ effect: String
  ) async throws {
    let key = "ALTER TABLE public.t ADD CONSTRAINT tree FOREIGN KEY (parent) REFERENCES public.t"
    let sql = "ALTER TABLE public.t ADD COLUMN parent bigint; \(key) \(action); \(Self.child)"
    try await withHazardScenario(sql) { scenario in
      try scenario.configure(["hazards: [foreign-key-action]"])
      let before = try await scenario.content()
      let refused = try await scenario.archiver("archive", expecting: 1)
      let refusal = try #require(HazardScenario.refusal(refused), "\(refused)")
      #expect(refusal.error.contains(effect) && refusal.error.contains("reaches rows of this table"))
      #expect(refusal.hint.contains("make foreign key tree of public.t ON DELETE NO ACTION"))
      #expect(!refusal.hint.contains("hazards:"))
      #expect(try await scenario.content() == before)

      try await scenario.database.psql("ALTER TABLE public.t DROP CONSTRAINT tree; \(key) ON DELETE NO ACTION")
      let condition = try #require(refusal.hint.firstRange(of: /where: ".*"/).map { String(refusal.hint[$0]) })
      try scenario.configure([condition])
      try await scenario.archiver("archive")
      #expect(try await scenario.database.psql("SELECT string_agg(id::text, ',' ORDER BY id) FROM public.t") == "1,99")
    }
  }

  @Test(arguments: [
    """
    CREATE TABLE public.c (id int PRIMARY KEY, t_id bigint REFERENCES public.t ON DELETE CASCADE);
    ALTER TABLE public.t ADD COLUMN c_id int CONSTRAINT ring REFERENCES public.c ON DELETE SET NULL
    """,
    """
    DROP TABLE public.t; CREATE TABLE public.t (id bigint, at timestamptz, PRIMARY KEY (id, at))
      PARTITION BY RANGE (at);
    CREATE TABLE public.p PARTITION OF public.t FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
    CREATE TABLE public.q PARTITION OF public.t DEFAULT; INSERT INTO public.t VALUES (1, '2025-01-01');
    ALTER TABLE public.q ADD CONSTRAINT ring FOREIGN KEY (id, at) REFERENCES public.p ON DELETE CASCADE
    """,
  ])
  func `nor can one that comes back to the table by way of others`(_ sql: String) async throws {
    try await withHazardScenario(sql) { scenario in
      try scenario.configure(["hazards: [foreign-key-action]"])
      let refused = try await scenario.archiver("archive", expecting: 1)
      let refusal = try #require(HazardScenario.refusal(refused), "\(refused)")
      #expect(refusal.hint.contains("make foreign key ring of public."), "\(refusal)")
      #expect(!refusal.hint.contains("hazards:"))
    }
  }

  @Test func `the way out of a key that forbids the delete is never the table itself`() async throws {
    let sql = """
      ALTER TABLE public.t ADD COLUMN parent bigint CONSTRAINT tree REFERENCES public.t; \(Self.child)
      """
    try await withHazardScenario(sql) { scenario in
      try scenario.configure()
      let refused = try await scenario.archiver("archive", expecting: 1)
      let refusal = try #require(HazardScenario.refusal(refused), "\(refused)")
      #expect(refusal.hint.hasPrefix("hint: leave the referenced rows out with where: "), "\(refusal)")
    }
  }

  /// The sound table is refused as well: the setting is the connection's.
  @Test(arguments: [
    ("ALTER DATABASE %I SET session_replication_role = replica", "ALTER DATABASE "),
    ("ALTER ROLE {role} SET session_replication_role = replica", "ALTER ROLE "),
    ("ALTER ROLE {role} IN DATABASE %I SET session_replication_role = replica", " IN DATABASE "),
  ])
  func `a role that passes as a replica is refused, and the statement of the hint is enough`(
    _ setting: String, _ part: String
  ) async throws {
    let sql = """
      CREATE TABLE public.c (t_id bigint REFERENCES public.t); GRANT SELECT, DELETE, UPDATE ON public.t TO {role};
      SELECT format('\(setting)', current_database()) \\gexec
      """
    try await withHazardScenario(sql, asRole: true) { scenario in
      try scenario.configure()
      let refused = try await scenario.archiver("archive", expecting: 1)
      let refusal = try #require(HazardScenario.refusal(refused), "\(refused)")
      #expect(
        refusal.error.hasPrefix("error: refused: replica-role (app.public.t): session_replication_role is replica"))
      #expect(refusal.hint.contains(part), "\(refusal)")
      #expect(try await scenario.count() == 20)
      try await scenario.database.psql(String(refusal.hint.dropFirst("hint: run ".count)))
      try await scenario.archiver("archive")
      #expect(try await scenario.count() == 0)
    }
  }
}
