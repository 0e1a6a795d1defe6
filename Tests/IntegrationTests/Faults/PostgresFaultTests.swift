import Foundation
import TestSupport
import Testing

/// Whatever becomes of the connection or the transaction, no row is lost, and what cannot be known is settled.
@Suite struct PostgresFaultTests {
  static let cases: [FaultCase] =
    [Step.begin, .fetch, .delete, .record].flatMap { step in
      [
        FaultCase("connection cut before \(step)", step, .request) { _ in .reset },
        FaultCase("connection cut after \(step)", step, .answer) { _ in .reset },
      ]
    } + [
      FaultCase("connection cut within the fetch", .fetch, .answer) { _ in .cut(after: 300) },
      FaultCase("COMMIT never sent", .commit, .request, code: 1) { _ in .reset },
      FaultCase("COMMIT's answer lost", .commit, .answer, code: 1) { _ in .reset },
      FaultCase("COMMIT answered with ROLLBACK", .commit, .request, code: 1) { _ in Self.commitAnswered("ROLLBACK") },
      FaultCase("COMMIT answered with what is no answer to it", .commit, .request, code: 1) { _ in
        Self.commitAnswered("SELECT 1")
      },
      FaultCase("serialization failure in the fetch", .fetch, .request) { _ in .postgresError("40001") },
      FaultCase("two deadlocks in the delete", .delete, .request, times: 2) { _ in .postgresError("40P01") },
      FaultCase("deadlocks without end", .delete, .request, times: FaultCase.always, code: 75) { _ in
        .postgresError("40P01")
      },
      FaultCase("lock timeout", .delete, .request, times: FaultCase.always, code: 75) { _ in .postgresError("55P03") },
      FaultCase("disk full", .record, .request, times: FaultCase.always, code: 69) { _ in .postgresError("53100") },
    ]

  /// What a server answers to COMMIT when a statement had failed is no error, but another tag: ROLLBACK.
  private static func commitAnswered(_ tag: String) -> FaultProxy.Action {
    .answer(
      FaultProxy.Action.postgresMessage("C", Array("\(tag)\0".utf8))
        + FaultProxy.Action.postgresMessage("Z", Array("I".utf8)))
  }

  /// Without a ledger, only what happens from its step on differs; the long form tries everything.
  static let withoutLedger = cases.filter { item in
    TestEnvironment.isThorough || [Step.record, .commit].contains { $0.description == item.step.description }
  }

  @Test(arguments: cases.map { ($0, LedgerUse.ledger) } + withoutLedger.map { ($0, .none) })
  func `a batch is begun anew, or fails as a whole, or is settled`(
    _ item: FaultCase, _ ledger: LedgerUse
  ) async throws {
    try await withFaultScenario(rows: 30, ledger: ledger) { scenario in
      scenario.faults.spoil(item.step, item.phase, times: item.times, item.action)
      let result = try await scenario.archiver("archive", expecting: item.code, comment: item.name)
      let errorCount = result.errorOutput.split(separator: "\n").count { $0.hasPrefix("error: ") }
      #expect(errorCount == (item.code == 0 ? 0 : 1), "\(result)")
      try await scenario.recover(item.name)
      try await scenario.archiver("archive", comment: item.name)
      try await scenario.check(.settled, item.name)
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "0")
    }
  }

  @Test func `a terminated backend costs an attempt, not the run`() async throws {
    try await withFaultScenario(rows: 30) { scenario in
      let url = scenario.database.url
      scenario.faults.spoil(.delete, .request) { _ in
        BlockingSQL.run(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'archiver %'", url)
        return .pass
      }
      try await scenario.archiver("archive")
      try await scenario.recover("pg_terminate_backend")
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "0")
    }
  }

  @Test(arguments: [
    "ADD COLUMN extra text DEFAULT 'unread'", "DROP COLUMN active", "ALTER COLUMN kind TYPE varchar(90)",
  ])
  func `a table altered between two batches loses nothing`(_ change: String) async throws {
    try await withFaultScenario(rows: 60) { scenario in
      let url = scenario.database.url
      scenario.faults.spoil(.prepareRemoved, .answer) { _ in
        BlockingSQL.run("ALTER TABLE public.events \(change)", url)
        return .pass
      }
      try await scenario.archiver("archive", expecting: 1)
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "40")
      scenario.faults.install()
      try await scenario.archiver("recover")
      try await scenario.archiver("archive")
      try await scenario.archiver("verify")
    }
  }

  private static let noteFunction = """
    CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
    """

  /// What is there before the run, and what comes between two batches. Replaced objects keep their OID.
  static let changes = [
    (
      "a new trigger", noteFunction,
      "CREATE TRIGGER note BEFORE DELETE ON public.events FOR EACH ROW EXECUTE FUNCTION public.note()"
    ),
    (
      "a replaced trigger",
      noteFunction + "CREATE TRIGGER note BEFORE INSERT ON public.events FOR EACH ROW EXECUTE FUNCTION public.note()",
      """
      CREATE OR REPLACE TRIGGER note BEFORE DELETE ON public.events FOR EACH ROW EXECUTE FUNCTION public.note()
      """
    ),
    ("a new rule", "", "CREATE RULE keep AS ON DELETE TO public.events DO ALSO SELECT 1"),
    (
      "a replaced rule", "CREATE RULE keep AS ON UPDATE TO public.events DO ALSO SELECT 1",
      "CREATE OR REPLACE RULE keep AS ON DELETE TO public.events DO ALSO SELECT 1"
    ),
    ("a constraint", "", "ALTER TABLE public.events ADD CONSTRAINT low CHECK (id < 40) NOT VALID"),
    (
      "a foreign key", "CREATE TABLE public.c (e_id bigint)",
      "ALTER TABLE public.c ADD FOREIGN KEY (e_id) REFERENCES public.events ON DELETE CASCADE"
    ),
  ].filter { TestServer.version >= 140_000 || !$0.2.contains("OR REPLACE TRIGGER") }

  @Test(arguments: changes)
  func `what is made or replaced between two batches does not act unseen`(
    _ title: String, _ before: String, _ change: String
  ) async throws {
    try await withFaultScenario(rows: 60) { scenario in
      try await scenario.database.psql(before)
      let url = scenario.database.url
      scenario.faults.spoil(.prepareRemoved, .answer) { _ in
        BlockingSQL.run(change, url)
        return .pass
      }
      let result = try await scenario.archiver("archive", expecting: 1)
      #expect(result.errorOutput.contains("the table was altered during the run"), "\(result)")
      #expect(try await scenario.database.psql("SELECT count(*) FROM public.events") == "40")
      scenario.faults.install()
      try await scenario.check(.settled, title)
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func `a batch in doubt ends with 1, whatever signal came`(_ signal: Int32) async throws {
    try await withFaultScenario(rows: 30) { scenario in
      let faults = scenario.faults
      // Twice: the second one must not claim that a COMMIT under way is rolled back.
      faults.spoil(.commit, .answer) { _ in
        faults.strike(signal)
        usleep(30_000)
        faults.strike(signal)
        usleep(30_000)
        return .reset
      }
      let run = try scenario.command(["archive"]).start()
      faults.aim(at: run)
      let result = try await run.result()
      #expect(result.exitCode == 1, "\(result)")
      #expect(result.errorOutput.contains("not known whether the batch was committed"), "\(result)")
      #expect(result.errorOutput.contains("unless its COMMIT is under way"), "\(result)")
      try await scenario.recover("in doubt after a signal")
    }
  }

  @Test func `a transaction left idle too long by a slow storage is rolled back`() async throws {
    try await withFaultScenario(rows: 30) { scenario in
      try scenario.configure(table: ["partition: none", "transaction_timeout: 1s"])
      scenario.faults.spoil(.upload, .answer) { _ in
        usleep(1_800_000)
        return .pass
      }
      try await scenario.archiver("archive", expecting: 75)
      try await scenario.recover("idle timeout")
    }
  }

  @Test func `a locked table is given up when the time is over`() async throws {
    try await withFaultScenario(rows: 30) { scenario in
      try scenario.configure(table: ["partition: none", "transaction_timeout: 1s"])
      scenario.faults.spoil(.begin, .answer) { [url = scenario.database.url] _ in
        BlockingSQL.run("BEGIN; LOCK TABLE public.events; SELECT pg_sleep(4); COMMIT", url, waits: false)
        BlockingSQL.run(
          """
          DO $$ BEGIN
            WHILE NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'public.events'::regclass
              AND mode = 'AccessExclusiveLock' AND granted) LOOP PERFORM pg_sleep(0.02); END LOOP;
          END $$
          """, url)
        return .pass
      }
      try await scenario.archiver("archive", expecting: 75)
      try await scenario.recover("lock timeout")
    }
  }
}
