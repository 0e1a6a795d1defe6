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
      // Before the rows are archived anew, the mark that hides their first copy stands because they are in the table.
      try await scenario.archiver("recover")
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 2)
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
