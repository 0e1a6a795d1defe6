import TestSupport
import Testing

/// Triggers and rules of the target that write something else than was archived.
struct RestoreInterferenceTests {
  private static let rows = """
    CREATE TABLE t (id int PRIMARY KEY, at timestamptz NOT NULL, name text);
    INSERT INTO t SELECT g, timestamptz '2024-05-05 00:00Z' + g * interval '1 minute', 'name ' || g
    FROM generate_series(1, 30) g;
    """

  struct Interference: Sendable, CustomTestStringConvertible {
    var name: String
    var sql: String
    var undo: String
    var testDescription: String { name }
  }

  private static func trigger(_ body: String, _ time: String) -> String {
    """
    CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN \(body) END$$;
    CREATE TRIGGER interfere \(time) ON t FOR EACH ROW EXECUTE FUNCTION interfere();
    """
  }

  static let interferences = [
    Interference(
      name: "a trigger before the row changes a value",
      sql: trigger("NEW.name := upper(NEW.name); RETURN NEW;", "BEFORE INSERT"),
      undo: "ALTER TABLE t DISABLE TRIGGER interfere"),
    Interference(
      name: "a trigger before the row changes its key",
      sql: trigger("NEW.id := NEW.id + 1000; RETURN NEW;", "BEFORE INSERT"),
      undo: "ALTER TABLE t DISABLE TRIGGER interfere"),
    Interference(
      name: "a trigger after the row changes it",
      sql: trigger("UPDATE public.t SET name = NULL WHERE id = NEW.id; RETURN NULL;", "AFTER INSERT"),
      undo: "ALTER TABLE t DISABLE TRIGGER interfere"),
    Interference(
      name: "a rule changes the rows",
      sql: "CREATE RULE interfere AS ON INSERT TO t DO ALSO UPDATE t SET name = 'gone' WHERE id = NEW.id",
      undo: "ALTER TABLE t DISABLE RULE interfere"),
    Interference(
      name: "a deferred trigger removes the row",
      sql: """
        CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS
          $$BEGIN DELETE FROM public.t WHERE id = NEW.id; RETURN NULL; END$$;
        CREATE CONSTRAINT TRIGGER interfere AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION interfere();
        """,
      undo: "ALTER TABLE t DISABLE TRIGGER interfere"),
    Interference(
      name: "a trigger fires on replicas, as which the database writes",
      sql: trigger("NEW.name := upper(NEW.name); RETURN NEW;", "BEFORE INSERT")
        + """
        ALTER TABLE t ENABLE REPLICA TRIGGER interfere;
        SELECT format('ALTER DATABASE %I SET session_replication_role = replica', current_database()) \\gexec
        """,
      undo: "ALTER TABLE t DISABLE TRIGGER interfere"),
  ]

  @Test(arguments: interferences)
  func `keeps the batch out when the rows would come back changed`(_ interference: Interference) async throws {
    try await withRestoreScenario(Self.rows, archives: false) { scenario in
      let before = try await scenario.content()
      try await scenario.archiver(["archive"])
      try await scenario.database.psql(interference.sql)
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("rows would not be what was archived"))
      #expect(result.errorOutput.contains("interfere"))
      #expect(try await scenario.content().hasPrefix("0|"))
      try await scenario.database.psql(interference.undo)
      try await scenario.restore()
      #expect(try await scenario.content() == before)
    }
  }

  @Test func `a rule that takes the rows away keeps the batch out`() async throws {
    try await withRestoreScenario(Self.rows) { scenario in
      try await scenario.database.psql("CREATE RULE interfere AS ON INSERT TO t DO INSTEAD NOTHING")
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("rule interfere"))
      let skipping = try await scenario.restore("--on-conflict", "skip", expecting: 65)
      #expect(skipping.errorOutput.contains("rule interfere"))
    }
  }

  @Test func `a trigger made while the rows go in keeps the batch out`() async throws {
    try await withRestoreScenario(Self.rows) { scenario in
      let database = scenario.database
      // Holds its lock until a restore waits for it.
      async let blocker = database.psql(
        """
        BEGIN;
        \(Self.trigger("NEW.name := upper(NEW.name); RETURN NEW;", "BEFORE INSERT"))
        DO $$BEGIN
          FOR i IN 1..600 LOOP
            PERFORM pg_sleep(0.05);
            EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted);
          END LOOP;
        END$$;
        COMMIT;
        """)
      while try await database.psql(
        "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND mode = 'ShareRowExclusiveLock'") == "0"
      {
        try await Task.sleep(for: .milliseconds(50))
      }
      let result = try await scenario.restore(expecting: 75)
      _ = try await blocker
      #expect(result.errorOutput.contains("trigger interfere"))
      #expect(try await scenario.content().hasPrefix("0|"))
      try await scenario.restore(expecting: 65)
    }
  }

  @Test func `rows changed in a subtransaction are not taken for older ones under skip`() async throws {
    try await withRestoreScenario(Self.rows) { scenario in
      try await scenario.database.psql(
        "INSERT INTO t VALUES (7, now(), 'mine');"
          + Self.trigger(
            """
            BEGIN UPDATE public.t SET name = 'changed' WHERE id = NEW.id;
            EXCEPTION WHEN division_by_zero THEN NULL; END; RETURN NULL;
            """, "AFTER INSERT"))
      let result = try await scenario.restore("--on-conflict", "skip", expecting: 65)
      #expect(result.errorOutput.contains("29 rows would not be what was archived"))
      #expect(try await scenario.database.psql("SELECT count(*), max(name) FROM t") == "1|mine")
    }
  }

  @Test func `a partition's own trigger counts`() async throws {
    try await withRestoreScenario(Self.rows) { scenario in
      try await scenario.database.psql(
        """
        CREATE TABLE parts (LIKE t, PRIMARY KEY (id)) PARTITION BY RANGE (id);
        CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
        CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.name := ''; RETURN NEW; END$$;
        CREATE TRIGGER interfere BEFORE INSERT ON parts_1 FOR EACH ROW EXECUTE FUNCTION interfere();
        """)
      try await scenario.restore("--into", "parts", expecting: 65)
      #expect(try await scenario.content("parts").hasPrefix("0|"))
    }
  }

  @Test func `rows that were there may differ under skip, and come right under overwrite`() async throws {
    try await withRestoreScenario(Self.rows, archives: false) { scenario in
      let before = try await scenario.content()
      try await scenario.archiver(["archive"])
      try await scenario.database.psql(
        "INSERT INTO t VALUES (7, now(), 'mine');"
          + Self.trigger("RETURN NEW;", "BEFORE INSERT OR UPDATE"))
      try await scenario.restore("--on-conflict", "skip")
      #expect(try await scenario.database.psql("SELECT count(*), max(name) FILTER (WHERE id = 7) FROM t") == "30|mine")
      try await scenario.restore("--on-conflict", "overwrite")
      #expect(try await scenario.content() == before)
      try await scenario.database.psql(
        "CREATE OR REPLACE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS "
          + "$$BEGIN IF TG_OP = 'UPDATE' THEN NEW.name := 'x'; END IF; RETURN NEW; END$$")
      try await scenario.restore("--on-conflict", "overwrite", expecting: 65)
      #expect(try await scenario.content() == before)
    }
  }

  @Test func `a trigger's function that needs a search path is told what to do`() async throws {
    try await withRestoreScenario(Self.rows, archives: false) { scenario in
      try await scenario.archiver(["archive"])
      try await scenario.database.psql(Self.trigger("PERFORM 1 FROM t; RETURN NEW;", "BEFORE INSERT"))
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("ALTER FUNCTION"))
      #expect(try await scenario.content().hasPrefix("0|"))
      try await scenario.database.psql("ALTER FUNCTION interfere() SET search_path = public")
      try await scenario.restore()
      #expect(try await scenario.content().hasPrefix("30|"))
    }
  }
}
