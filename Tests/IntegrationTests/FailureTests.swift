import Foundation
import TestSupport
import Testing

/// What goes wrong outside gets its exit code and one clear message, without secrets.
@Suite struct FailureTests {
  /// A configuration with one thing wrong.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var url: @Sendable (String) -> String = { $0 }
    var table = "events"
    var column = "created_at"
    var storage: String?
    let code: Int32
    let message: String
    var testDescription: String { name }

    init(
      _ name: String, url: @escaping @Sendable (String) -> String = { $0 }, table: String = "events",
      column: String = "created_at", storage: String? = nil, code: Int32, message: String
    ) {
      (self.name, self.url, self.table, self.column) = (name, url, table, column)
      (self.storage, self.code, self.message) = (storage, code, message)
    }
  }

  static func s3(
    bucket: String = "{bucket}", key: String = "{key}", secret: String = "{secret}", endpoint: String = "{endpoint}"
  )
    -> String
  {
    """
      url: s3://\(bucket)/failures
      region: us-east-1
      endpoint: \(endpoint)
      access_key_id: \(key)
      secret_access_key: \(secret)
      max_attempts: 2
    """
  }

  static let cases: [Case] = [
    Case("wrong password", url: { $0.replacing(/:[^:@\/]+@/, with: ":hunter2@") }, code: 77, message: "password"),
    Case("refused port", url: { $0.replacing(/@127.0.0.1:\d+/, with: "@127.0.0.1:1") }, code: 69, message: "app"),
    Case("missing database", url: { $0.replacing(/\/[^\/]*$/, with: "/nowhere") }, code: 78, message: "nowhere"),
    Case("missing table", table: "evnts", code: 78, message: "evnts"),
    Case("missing column", column: "created", code: 78, message: "created"),
    Case("no time in the column", column: "note", code: 78, message: "note"),
    Case("missing bucket", storage: s3(bucket: "no-such-bucket"), code: 78, message: "no-such-bucket"),
    Case("wrong secret", storage: s3(secret: "hunter2"), code: 77, message: "signature"),
    Case("unreachable endpoint", storage: s3(endpoint: "http://127.0.0.1:1"), code: 69, message: "127.0.0.1"),
  ]

  @Test(arguments: cases)
  func `gets its exit code and one clear message`(_ item: Case) async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      let server = try TestEnvironment.s3()
      let storage = (item.storage ?? "  url: \(scenario.storageURL)")
        .replacing("{bucket}", with: server.bucket).replacing("{key}", with: server.accessKeyID)
        .replacing("{secret}", with: server.secretAccessKey).replacing("{endpoint}", with: server.endpoint)
      let text = """
        version: 1
        storage:
        \(storage)
        databases:
          - name: app
            url: \(item.url(scenario.database.url))
            tables:
              - name: \(item.table)
                timestamp_column: \(item.column)
        """
      _ = try scenario.directory.write(text, to: "archiver.yaml")
      let result = try await scenario.archiver("archive", expecting: item.code)
      let lines = result.errorOutput.split(separator: "\n")
      let errors = lines.filter { $0.hasPrefix("error: ") }
      #expect(errors.count == 1, "\(result)")
      #expect(errors.first?.contains(item.message) == true, "\(result)")
      #expect(lines.contains { $0.hasPrefix("run: ") })
      for secret in ["hunter2", server.secretAccessKey] where !server.accessKeyID.contains(secret) {
        #expect(!result.output.contains(secret) && !result.errorOutput.contains(secret))
      }
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind <> 'fresh'")
      #expect(left == "20")
    }
  }

  @Test(arguments: [
    ["config", "validate", "--connect"], ["archive"], ["archive", "--dry-run"], ["recover"], ["restore"],
    ["verify", "--level", "database"],
  ])
  func `a server that is too old is refused by every command that asks it`(command: [String]) async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      let asked = try await withServer(at: scenario.database.url, reporting: "10.23") { url in
        let text = try String(contentsOfFile: scenario.configuration, encoding: .utf8)
        try scenario.directory.write(text.replacing(scenario.database.url, with: url), to: "archiver.yaml")
        let result = try await ArchiverCommand(command + ["--config", scenario.configuration]).run()
        #expect(result.exitCode == 78, "\(result)")
        #expect(
          result.errorOutput.contains("the server reports 10.23, and PostgreSQL 11 is the oldest that will do"),
          "\(result)")
        #expect(result.errorOutput.contains("hint: upgrade the server"), "\(result)")
      }
      #expect(asked.isEmpty)
      #expect(try await scenario.database.psql("SELECT count(*) FROM public.events") == left)
    }
  }

  @Test func `a refused table does not stop the others`() async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      _ = try await scenario.database.psql("CREATE TABLE public.keyless AS SELECT * FROM public.events")
      let text = try String(contentsOfFile: scenario.configuration, encoding: .utf8)
      _ = try scenario.directory.write(
        text.replacing(
          "      - name: events", with: "      - {name: keyless, timestamp_column: created_at}\n      - name: events"),
        to: "archiver.yaml")
      let result = try await scenario.archiver("archive", expecting: 1)
      #expect(result.errorOutput.contains("no-primary-key"))
      let left = try await scenario.database.psql(
        "SELECT (SELECT count(*) FROM public.events), (SELECT count(*) FROM public.keyless)")
      #expect(left == "50|70")
    }
  }

  @Test func `a cascade is refused unless it is accepted by name`() async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      _ = try await scenario.database.psql(
        "CREATE TABLE public.child (id bigint REFERENCES public.events ON DELETE CASCADE); INSERT INTO public.child VALUES (3)"
      )
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains("foreign-key-action"))
      try scenario.configure(table: "hazards: [foreign-key-action]")
      try await scenario.archiver("archive")
    }
  }

  @Test func `a reference that forbids the delete fails the table and keeps every row`() async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      _ = try await scenario.database.psql(
        "CREATE TABLE public.child (id bigint REFERENCES public.events); INSERT INTO public.child VALUES (3)")
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains("child"))
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind <> 'fresh'")
      #expect(left == "20")
      #expect(
        !scenario.files.contains { $0.hasPrefix("db=") && $0.hasSuffix(".jsonl.gz") } || scenario.manifests.count > 0)
    }
  }

  @Test func `a role that may not make the ledger is told what to run`() async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      try await scenario.database.withRole { role in
        _ = try await scenario.database.psql(
          "GRANT SELECT, DELETE, UPDATE ON public.events TO \(role.name); REVOKE CREATE ON DATABASE \(scenario.database.name) FROM PUBLIC"
        )
        let url = try scenario.database.url(for: role)
        let text = try String(contentsOfFile: scenario.configuration, encoding: .utf8)
        _ = try scenario.directory.write(text.replacing(scenario.database.url, with: url), to: "archiver.yaml")
        let result = try await scenario.archiver("archive", expecting: 77)
        #expect(result.errorOutput.contains("CREATE TABLE IF NOT EXISTS \"archiver\".batch"))
        #expect(!result.errorOutput.contains(role.password))
      }
    }
  }

  @Test func `a row that will not be deleted rolls its batch back, objects and all`() async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      _ = try await scenario.database.psql(
        """
        CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN IF OLD.id = 3 THEN RETURN NULL; END IF; RETURN OLD; END';
        CREATE TRIGGER keep BEFORE DELETE ON public.events FOR EACH ROW EXECUTE FUNCTION public.keep()
        """)
      try scenario.configure(table: "hazards: [delete-trigger]\npartition: none")
      let result = try await scenario.archiver("archive", expecting: 1)
      #expect(result.errorOutput.contains("the delete does not match the batch"))
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind <> 'fresh'")
      #expect(left == "20")
      #expect(!scenario.files.contains { $0.hasPrefix("db=") })
    }
  }

  private static let held = "mode = 'AccessExclusiveLock' AND granted"

  /// Whether a session has, or waits for, such a lock on the table.
  private func isThere(_ lock: String, in database: ThrowawayDatabase) async throws -> Bool {
    try await database.psql(
      """
      SELECT count(*) FROM pg_locks WHERE relation = 'public.events'::regclass AND \(lock)
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      """) != "0"
  }

  /// Waits until a session has, or waits for, such a lock on the table; half a minute at most.
  private func wait(for lock: String, of database: ThrowawayDatabase) async throws {
    for _ in 0..<600 {
      guard try await !isThere(lock, in: database) else { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("no session came to such a lock: \(lock)")
  }

  /// Runs `body` while another session has the table for itself, for a minute at most.
  private func withLockedTable(_ scenario: ArchiveScenario, _ body: () async throws -> Void) async throws {
    let database = scenario.database
    try await database.psql("CREATE TABLE held AS SELECT 1")
    async let holder = database.psql(
      """
      BEGIN;
      LOCK TABLE public.events IN ACCESS EXCLUSIVE MODE;
      DO $$BEGIN
        FOR i IN 1..1200 LOOP PERFORM pg_sleep(0.05); EXIT WHEN NOT EXISTS (SELECT FROM held); END LOOP;
      END$$;
      COMMIT
      """)
    while try await database.psql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted") == "0"
    {
      try await Task.sleep(for: .milliseconds(50))
    }
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
    try await database.psql("DELETE FROM held")
    _ = try await holder
    try outcome.get()
  }

  @Test func `a table that somebody locks is waited for as long as a transaction may last, or until a signal`()
    async throws
  {
    try await withArchiveScenario(rows: 20) { scenario in
      try scenario.configure(table: "transaction_timeout: 1s")
      try await withLockedTable(scenario) {
        let result = try await scenario.archiver("archive", expecting: 75)
        #expect(result.errorOutput.contains("lock timeout"), "\(result)")
        try scenario.configure(table: "transaction_timeout: 10m")
        let run = try ArchiverCommand(["archive", "-c", scenario.configuration]).start()
        try await wait(for: "NOT granted", of: scenario.database)
        run.send(signal: SIGTERM)
        let stopped = try await run.result()
        #expect(stopped.exitCode == 143 && stopped.output.contains("stopped"), "\(stopped)")
        let isHeld = try await isThere(Self.held, in: scenario.database)
        #expect(isHeld, "the run ended only when the table was free")
      }
      try await scenario.archiver("archive")
    }
  }
}
