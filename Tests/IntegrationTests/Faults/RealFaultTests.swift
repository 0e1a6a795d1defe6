import Foundation
import TestSupport
import Testing

/// What PostgreSQL itself does to a batch, without a proxy's word: deadlocks, moved rows, limits of the role, full disks.
@Suite struct RealFaultTests {
  private static func left(_ scenario: FaultScenario, in table: String = "public.events") async throws -> String {
    try await scenario.database.psql("SELECT count(*) FROM \(table)")
  }

  /// Waits, on a proxy's thread, until `sql` gives `true`.
  private static func wait(for sql: String, _ url: String) {
    for _ in 0..<200 {
      if BlockingSQL.run("SELECT (\(sql))::text", url) == "true" { return }
      usleep(50_000)
    }
  }

  @Test func `a batch that a deadlock ends is begun anew`() async throws {
    try await withFaultScenario(rows: 40) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      let url = scenario.database.url
      let before = try await Self.deadlocks(scenario)
      scenario.faults.spoil(.delete, .answer) { _ in
        // Holds what the batch will want, and waits for a row that the batch holds, until nobody checks any more whether
        // that is a deadlock: who comes last is to be the one who finds it.
        BlockingSQL.run(
          """
          SET deadlock_timeout = '100ms'; BEGIN; LOCK TABLE archiver.batch IN SHARE ROW EXCLUSIVE MODE;
          SELECT 1 FROM public.events WHERE id = (SELECT min(id) FROM public.events) FOR UPDATE; COMMIT
          """, url, waits: false)
        Self.wait(
          for: """
            SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """, url)
        usleep(300_000)
        return .pass
      }
      let result = try await scenario.archiver("archive", "--verbose")
      #expect(scenario.faults.requests.count(where: Step.delete.matches) == 2, "\(result)")
      #expect(try await Self.deadlocks(scenario) > before)
      try await scenario.recover("deadlock")
      #expect(try await Self.left(scenario) == "0")
    }
  }

  private static func deadlocks(_ scenario: FaultScenario) async throws -> Int {
    // Statistics are written when a session ends, or a moment later.
    try await Task.sleep(for: .milliseconds(200))
    return Int(
      try await scenario.database.psql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
      ?? -1
  }

  @Test func `a partition that is detached between two of its batches is left alone`() async throws {
    try await withFaultScenario(rows: 0) { scenario in
      try await scenario.database.psql(
        """
        DROP TABLE public.events;
        CREATE TABLE public.events (id bigint PRIMARY KEY, created_at timestamptz NOT NULL) PARTITION BY RANGE (id);
        CREATE TABLE public.leaf PARTITION OF public.events FOR VALUES FROM (1) TO (100);
        INSERT INTO public.events SELECT g, timestamptz '2025-01-30 00:00+00' + g * interval '1 minute'
        FROM generate_series(1, 60) AS g;
        """)
      let url = scenario.database.url
      scenario.faults.spoil(.prepareRemoved, .answer) { _ in
        BlockingSQL.run("ALTER TABLE public.events DETACH PARTITION public.leaf", url)
        return .pass
      }
      let result = try await scenario.command(["archive", "--no-count"]).run()
      #expect((result.output + result.errorOutput).contains("was detached"), "\(result)")
      #expect(try await Self.left(scenario, in: "public.leaf") == "40")
      try await scenario.archiver("verify", "--level", "database")
    }
  }

  @Test func `a batch whose row moves to another partition in the middle of its fetch is begun anew`() async throws {
    try await withFaultScenario(rows: 0) { scenario in
      try await scenario.database.psql(
        """
        DROP TABLE public.events;
        CREATE TABLE public.events (
          id bigint, created_at timestamptz NOT NULL, kind text, region int, PRIMARY KEY (region, id)
        ) PARTITION BY LIST (region);
        CREATE TABLE public.first PARTITION OF public.events FOR VALUES IN (1);
        CREATE TABLE public.second PARTITION OF public.events FOR VALUES IN (2);
        CREATE INDEX ON public.events (created_at, region, id);
        INSERT INTO public.events SELECT g, timestamptz '2025-01-30 00:00+00' + g * interval '1 minute', 'k' || g, 1
        FROM generate_series(1, 40) AS g;
        DROP TABLE public.original; CREATE TABLE public.original AS SELECT * FROM public.events;
        """)
      // The scan of the first fetch rests at its first row, with a snapshot in which row 10 has not moved yet.
      try scenario.configure(table: [
        "partition: none", "where: \"id <> 1 OR pg_catalog.pg_sleep(0.7) IS NOT NULL\"",
      ])
      let url = scenario.database.url
      let sleepers = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
      scenario.faults.spoil(.fetch, .request) { _ in
        let change = "SET region = 2 WHERE id = 10"
        BlockingSQL.run(
          """
          DO $$ BEGIN WHILE NOT EXISTS (SELECT \(sleepers) AND pid <> pg_backend_pid()) LOOP
            PERFORM pg_sleep(0.02), pg_stat_clear_snapshot(); END LOOP; END $$;
          UPDATE public.events \(change); UPDATE public.original \(change)
          """, url, waits: false)
        Self.wait(for: "SELECT count(*) > 0 \(sleepers)", url)
        return .pass
      }
      let result = try await scenario.archiver("archive", "--no-count", "--verbose")
      #expect(result.errorOutput.contains("40001"), "\(result)")
      try await scenario.archiver("archive", "--no-count")
      try await scenario.recover("moved row")
      #expect(try await Self.left(scenario) == "0")
    }
  }

  @Test func `what the role's settings say does not cut a batch`() async throws {
    try await withFaultScenario(rows: 60) { scenario in
      // Made before, as a ledger in another session holds it locked meanwhile.
      try await scenario.archiver("archive", "--max-batches", "1")
      let settings =
        [
          "statement_timeout = '400ms'", "lock_timeout = '200ms'", "idle_in_transaction_session_timeout = '400ms'",
          "default_transaction_read_only = on",
          "default_transaction_isolation = 'serializable'", "synchronous_commit = off", "deadlock_timeout = '50ms'",
          "default_transaction_deferrable = on",
        ] + (TestServer.version >= 140_000 ? ["idle_session_timeout = '400ms'", "tcp_user_timeout = 500"] : [])
      try await scenario.database.psql(
        "BEGIN;" + settings.map { "ALTER ROLE archiver_test IN DATABASE \(scenario.database.name) SET \($0);" }.joined()
          + "COMMIT")
      try scenario.configure(table: [
        "partition: none", "max_rows_per_second: 20", "where: \"id <> 25 OR pg_catalog.pg_sleep(0.6) IS NOT NULL\"",
      ])
      let url = scenario.database.url
      let (upload, record) = (StepWatch(.upload, .answer), StepWatch(.record, .request))
      scenario.faults.install { moment in
        if upload.fits(moment) { usleep(700_000) }
        if record.fits(moment) {
          BlockingSQL.run(
            "SET statement_timeout = 0; SET default_transaction_read_only = off; BEGIN; LOCK TABLE archiver.batch; "
              + "SELECT pg_sleep(0.8); COMMIT", url, waits: false)
          usleep(300_000)
        }
        return .pass
      }
      let result = try await scenario.archiver("archive")
      #expect(upload.hasCome && record.hasCome)
      #expect(!result.errorOutput.contains("begun anew"), "\(result)")
      scenario.faults.install()
      try await scenario.archiver("recover")
      try await scenario.archiver("verify", "--level", "database")
      try await scenario.database.psql(
        "SET default_transaction_read_only = off; "
          + "ALTER ROLE archiver_test IN DATABASE \(scenario.database.name) RESET ALL")
      try await scenario.check(.settled, "the role's settings")
      #expect(try await Self.left(scenario) == "0")
    }
  }
}
