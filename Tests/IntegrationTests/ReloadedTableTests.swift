import Foundation
import TestSupport
import Testing

/// A table that was loaded alone from an older dump, beside a ledger that knows its batches, or without any ledger.
@Suite struct ReloadedTableTests {
  /// One archived batch, whose rows are put aside in `public.copy`.
  private static func withArchivedRows(
    ledger: String = "ledger: archiver", _ body: (ArchiveScenario, _ batch: String) async throws -> Void
  ) async throws {
    try await withArchiveScenario(rows: 100) { scenario in
      try scenario.configure(table: "partition: none", database: ledger)
      _ = try await scenario.database.psql(
        "CREATE TABLE public.copy AS SELECT * FROM public.events WHERE kind IS DISTINCT FROM 'fresh'")
      try await scenario.archiver("archive")
      let manifest = try #require(scenario.manifests.first)
      try await body(scenario, try #require(try scenario.json(manifest)["batch_id"] as? String))
    }
  }

  private static func reload(
    _ scenario: ArchiveScenario, rows condition: String = "true", time: String = "created_at"
  ) async throws {
    _ = try await scenario.database.psql(
      "UPDATE public.copy SET created_at = \(time); INSERT INTO public.events OVERRIDING SYSTEM VALUE "
        + "SELECT * FROM public.copy WHERE \(condition)")
  }

  @Test(arguments: ["ledger: archiver", "ledger: none"])
  func `a reloaded table is refused until the batches are superseded whose rows are all there`(
    _ ledger: String
  ) async throws {
    try await Self.withArchivedRows(ledger: ledger) { scenario, batch in
      try await Self.reload(scenario)
      for arguments in [["archive", "--dry-run"], ["archive"]] {
        let refused = try await ArchiverCommand(arguments + ["--config", scenario.configuration]).run()
        #expect(refused.exitCode == 1, "\(refused)")
        #expect(refused.errorOutput.contains("archived rows are in the table again"), "\(refused)")
        #expect(refused.errorOutput.contains(batch) && refused.errorOutput.contains("--rows-came-back"))
      }
      #expect(scenario.manifests.count == 1)
      let marked = try await scenario.archiver("recover", "--rows-came-back", "--output", "json")
      #expect(marked.output.contains(#""outcome":"superseded""#), "\(marked)")
      let quiet = try await scenario.archiver("recover", "--rows-came-back")
      #expect(quiet.output == "nothing to settle\n", "\(quiet)")
      try await scenario.archiver("verify", "--level", "database")
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 2)
      try await scenario.archiver("verify", "--level", "database")
      try await scenario.archiver("archive")
      try await scenario.archiver("verify")
      let rows = try await scenario.archiver("inspect", "rows")
      #expect(rows.output.split(separator: "\n").count == 100)
    }
  }

  @Test func `when only some rows were reloaded, the table is refused and nothing superseded`() async throws {
    try await Self.withArchivedRows { scenario, batch in
      try await Self.reload(scenario, rows: "id NOT BETWEEN 20 AND 60")
      try await scenario.archiver("archive", expecting: 1)
      let doubt = try await scenario.archiver("recover", "--rows-came-back", expecting: 1)
      #expect(doubt.output.contains("only some of its 100 rows"), "\(doubt)")
      #expect(!scenario.files.contains { $0.hasSuffix(".superseded.json") })
      // The way out: the archive has them.
      _ = try await scenario.database.psql("DELETE FROM public.events WHERE id NOT BETWEEN 20 AND 60")
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 1)
    }
  }

  @Test(arguments: ["DELETE FROM public.events WHERE id = 50", "UPDATE public.events SET note = 'new' WHERE id = 50"])
  func `rows may change between the recovery of a reloaded table and its next run`(_ change: String) async throws {
    try await Self.withArchivedRows { scenario, _ in
      try await Self.reload(scenario)
      try await scenario.archiver("recover", "--rows-came-back")
      _ = try await scenario.database.psql(change)
      let expected = try await scenario.fingerprint()
      try await scenario.archiver("archive")
      try await scenario.archiver("verify", "--level", "database")
      try await scenario.archiver("restore")
      #expect(try await scenario.fingerprint() == expected)
    }
  }

  @Test func `a reload whose middle was archived anew is superseded for both places`() async throws {
    try await Self.withArchivedRows { scenario, batch in
      try await Self.reload(scenario, rows: "id BETWEEN 20 AND 60")
      try await scenario.archiver("archive")
      try await Self.reload(scenario, rows: "id NOT BETWEEN 20 AND 60")
      try await scenario.archiver("archive", expecting: 1)
      let marked = try await scenario.archiver("recover", "--rows-came-back")
      #expect(marked.output.contains("are all in the table or in"), "\(marked)")
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 3)
      try await scenario.archiver("verify", "--level", "database")
      let rows = try await scenario.archiver("inspect", "rows")
      #expect(rows.output.split(separator: "\n").count == 100)
    }
  }

  /// As totals of a day are, which a later count puts in the place of the archived ones.
  @Test(arguments: [("true", 0), ("id IN (1, 100)", 98), ("id = 100", 99)])
  func `a row that is written again with its key and time is no reload`(
    _ changed: String, _ equalCount: Int
  ) async throws {
    try await Self.withArchivedRows { scenario, _ in
      _ = try await scenario.database.psql("UPDATE public.copy SET amount = coalesce(amount, 0) + 1 WHERE \(changed)")
      try await Self.reload(scenario)
      let quiet = try await scenario.archiver("recover", "--rows-came-back")
      #expect(quiet.output == "nothing to settle\n", "\(quiet)")
      let expected = try await scenario.fingerprint()
      // Those that are equal to the archived ones, edge or not, will be in two batches.
      for arguments in [["archive", "--dry-run"], ["archive"]] {
        let told = try await ArchiverCommand(arguments + ["--config", scenario.configuration]).run()
        #expect(told.exitCode == 0, "\(told)")
        #expect(told.output.contains("(\(equalCount) of its 100 rows)") == (equalCount > 0), "\(told)")
        #expect(told.output.contains("was the table loaded from an older dump?") == (equalCount > 0), "\(told)")
      }
      #expect(scenario.manifests.count == 2)
      try await scenario.archiver("restore")
      #expect(try await scenario.fingerprint() == expected)
    }
  }

  /// The other edge is enough to look at the batch.
  @Test(arguments: [
    "DELETE FROM public.events WHERE id = 1",
    "UPDATE public.events SET created_at = created_at - interval '1 hour' WHERE id = 100",
  ])
  func `a reloaded table whose first or last row has changed since is told before it is archived`(
    _ change: String
  ) async throws {
    try await Self.withArchivedRows { scenario, batch in
      try await Self.reload(scenario)
      _ = try await scenario.database.psql(change)
      let told = try await scenario.archiver("archive", "--dry-run")
      #expect(told.output.contains("\(batch) (99 of its 100 rows)"), "\(told)")
    }
  }

  @Test func `a role that may not take a batch out of the ledger is told what to grant, and changes nothing`()
    async throws
  {
    try await Self.withArchivedRows { scenario, _ in
      try await Self.reload(scenario)
      try await scenario.database.withRole { role in
        _ = try await scenario.database.psql(
          "GRANT SELECT, DELETE, UPDATE ON public.events TO \(role.name); GRANT USAGE ON SCHEMA archiver TO \(role.name); "
            + "GRANT SELECT, INSERT ON archiver.batch TO \(role.name)")
        let url = try scenario.database.url(for: role)
        let text = try String(contentsOfFile: scenario.configuration, encoding: .utf8)
        try scenario.directory.write(text.replacing(scenario.database.url, with: url), to: "archiver.yaml")
        let before = scenario.files
        let refused = try await scenario.archiver("recover", "--rows-came-back", expecting: 77)
        let grant = try #require(refused.errorOutput.firstMatch(of: /run: (GRANT .*), then this again/)).1
        #expect(scenario.files == before)
        #expect(try await scenario.database.psql("SELECT count(*) FROM archiver.batch") == "1")
        _ = try await scenario.database.psql(String(grant))
        let marked = try await scenario.archiver("recover", "--rows-came-back")
        #expect(marked.output.contains("the batch is ignored from now on"), "\(marked)")
      }
    }
  }

  @Test func `keys that other rows have by now refuse nothing, and supersede nothing`() async throws {
    try await Self.withArchivedRows { scenario, batch in
      try await Self.reload(scenario, time: "created_at + interval '1 hour'")
      let marked = try await scenario.archiver("recover", "--rows-came-back")
      #expect(marked.output == "nothing to settle\n", "\(marked)")
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 2)
      #expect(!scenario.files.contains { $0.hasSuffix(".superseded.json") })
    }
  }

  @Test func `rows that a restore put back are archived again`() async throws {
    try await Self.withArchivedRows { scenario, _ in
      try await scenario.archiver("restore", "--hold-days", "0")
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 2)
    }
  }

  @Test func `a dry run tells of a database that went back, and makes and settles nothing`() async throws {
    try await Self.withArchivedRows { scenario, batch in
      try scenario.unsettle(try #require(scenario.manifests.first))
      let before = scenario.files
      let told = try await scenario.archiver("archive", "--dry-run")
      #expect(told.output.contains("batches that are not settled yet: 1"), "\(told)")
      #expect(scenario.files == before)
      try await scenario.archiver("recover")
      // The ledger's whole schema is gone, as in a database from before the first run.
      _ = try await scenario.database.psql("DROP SCHEMA archiver CASCADE")
      try await Self.reload(scenario)
      let refused = try await scenario.archiver("archive", "--dry-run", expecting: 1)
      #expect(refused.errorOutput.contains("the database has gone back in time"), "\(refused)")
      #expect(refused.errorOutput.contains(batch) && refused.output.contains("eligible rows  100"), "\(refused)")
      #expect(try await scenario.database.psql("SELECT to_regnamespace('archiver') IS NULL") == "t")
    }
  }
}
