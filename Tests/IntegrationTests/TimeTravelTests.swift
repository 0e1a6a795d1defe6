import Foundation
import TestSupport
import Testing

/// A database that went back to an earlier time is told, and its rows are not archived into a second copy silently.
@Suite struct TimeTravelTests {
  /// One archived batch, whose rows are put aside in `public.copy`.
  static func withArchivedRows(_ body: (ArchiveScenario, _ batch: String) async throws -> Void) async throws {
    try await withArchiveScenario(rows: 100) { scenario in
      try scenario.configure(table: "partition: none")
      _ = try await scenario.database.psql(
        "CREATE TABLE public.copy AS SELECT * FROM public.events WHERE kind <> 'fresh'")
      try await scenario.archiver("archive")
      let manifest = try #require(scenario.manifests.first)
      let batch = try #require(try scenario.json(manifest)["batch_id"] as? String)
      try await body(scenario, batch)
    }
  }

  /// As a database of an earlier time would have it.
  static func goBack(_ scenario: ArchiveScenario, rows condition: String = "true") async throws {
    _ = try await scenario.database.psql(
      "BEGIN; DELETE FROM archiver.batch; INSERT INTO public.events OVERRIDING SYSTEM VALUE "
        + "SELECT * FROM public.copy WHERE \(condition); COMMIT")
  }

  @Test func `rows that came back refuse the table until their batches are superseded`() async throws {
    try await Self.withArchivedRows { scenario, batch in
      try await Self.goBack(scenario)
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains("the database has gone back in time"), "\(refused)")
      #expect(refused.errorOutput.contains(batch) && refused.errorOutput.contains("--rows-came-back"))
      #expect(scenario.manifests.count == 1)
      // Without the option, recover does not touch committed batches.
      let plain = try await scenario.archiver("recover")
      #expect(plain.output == "nothing to settle\n")
      let marked = try await scenario.archiver("recover", "--rows-came-back", "--output", "json")
      #expect(marked.output.contains(#""outcome":"superseded""#), "\(marked)")
      #expect(scenario.files.contains { $0.hasSuffix("_\(batch).superseded.json") })
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 2)
      for level in ["full", "database"] {
        let verified = try await scenario.archiver("verify", "--level", level)
        #expect(verified.output.contains("1 superseded batch is left out"), "\(verified)")
      }
      let rows = try await scenario.archiver("inspect", "rows")
      #expect(rows.output.split(separator: "\n").count == 100)
      let again = try await scenario.archiver("recover", "--rows-came-back")
      #expect(again.output == "nothing to settle\n", "\(again)")
      try await Self.checkRestored(scenario)
    }
  }

  /// What the archive gives back is what was there at first.
  static func checkRestored(_ scenario: ArchiveScenario) async throws {
    try await scenario.archiver("restore")
    #expect(try await scenario.fingerprint() == scenario.fingerprint("public.copy"))
  }

  /// Keys that are there again do not make rows that are there again: ids given anew, and rows changed before they were
  /// archived.
  @Test(arguments: [
    ("UPDATE public.events SET note = 'changed' WHERE id <= 7", 7),
    ("UPDATE public.events SET created_at = created_at - interval '1 day', kind = 'other' WHERE kind <> 'fresh'", 100),
    ("UPDATE public.events SET note = NULL, tags = NULL WHERE id = 4", 1),
    ("UPDATE public.events SET amount = amount::text::numeric(12,2) + 0.01 WHERE id = 5", 1),
    ("ALTER TABLE public.events DROP COLUMN note", 100),
  ])
  func `rows of another content are not taken for those that came back`(_ change: String, _ count: Int) async throws {
    try await Self.withArchivedRows { scenario, batch in
      try await Self.goBack(scenario)
      _ = try await scenario.database.psql(change)
      try await scenario.archiver("archive", expecting: 1)
      let doubt = try await scenario.archiver("recover", "--rows-came-back", expecting: 1)
      #expect(doubt.output.contains("\(count) of its 100 rows are in the database with another content"), "\(doubt)")
      #expect(!scenario.files.contains { $0.hasSuffix(".superseded.json") })
      #expect(scenario.manifests.count == 1)
      guard !change.hasPrefix("ALTER") else { return }
      try await scenario.archiver("restore", "--batch", batch, "--on-conflict", "overwrite")
      #expect(try await scenario.fingerprint() == scenario.fingerprint("public.copy"))
      try await scenario.archiver("recover", "--rows-came-back")
    }
  }

  @Test func `a column that was added since does not make other rows of them`() async throws {
    try await Self.withArchivedRows { scenario, batch in
      try await Self.goBack(scenario)
      _ = try await scenario.database.psql("ALTER TABLE public.events ADD COLUMN more int DEFAULT 7")
      try await scenario.archiver("recover", "--rows-came-back")
      #expect(scenario.files.contains { $0.hasSuffix("_\(batch).superseded.json") })
    }
  }

  @Test func `a restore from before the database went back explains no rows`() async throws {
    try await Self.withArchivedRows { scenario, batch in
      try await scenario.archiver("restore", "--hold-days", "0")
      // An older batch's entry stays, and the rows are as they were before they were archived.
      _ = try await scenario.database.psql(
        "UPDATE archiver.batch SET batch_id = '01000000-0000-7000-8000-000000000000'; "
          + "UPDATE public.events SET note = 'before' WHERE kind <> 'fresh'")
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains("the database has gone back in time"), "\(refused)")
      #expect(refused.errorOutput.contains(batch) && scenario.manifests.count == 1)
      let doubt = try await scenario.archiver("recover", "--rows-came-back", expecting: 1)
      #expect(doubt.output.contains("100 of its 100 rows"), "\(doubt)")
    }
  }

  @Test func `rows restored and archived anew need no explanation where the ledger has their batch`() async throws {
    try await Self.withArchivedRows { scenario, _ in
      try await scenario.archiver("restore", "--hold-days", "0")
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 2)
      let quiet = try await scenario.archiver("recover", "--rows-came-back")
      #expect(quiet.output == "nothing to settle\n", "\(quiet)")
    }
  }

  @Test func `batches of another server are named as such`() async throws {
    try await Self.withArchivedRows { scenario, batch in
      try await Self.goBack(scenario)
      let manifest = try #require(scenario.manifests.first)
      try scenario.edit(manifest) { document in
        var source = document["source"] as? [String: Any] ?? [:]
        source["system_identifier"] = "4711"
        document["source"] = source
      }
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains("on another server, 4711"), "\(refused)")
    }
  }

  @Test func `when only some rows came back, nothing is superseded until the others are restored`() async throws {
    try await Self.withArchivedRows { scenario, batch in
      try await Self.goBack(scenario, rows: "id % 10 > 0")
      try await scenario.archiver("archive", expecting: 1)
      let doubt = try await scenario.archiver("recover", "--rows-came-back", expecting: 1)
      #expect(doubt.output.contains("only some of its 100 rows"), "\(doubt)")
      #expect(!scenario.files.contains { $0.hasSuffix(".superseded.json") })
      try await scenario.archiver("restore", "--batch", batch, "--on-conflict", "skip")
      try await scenario.archiver("recover", "--rows-came-back")
      #expect(scenario.files.contains { $0.hasSuffix("_\(batch).superseded.json") })
      try await scenario.archiver("archive")
    }
  }

  @Test func `a ledger that was cleared is warned of, and no more`() async throws {
    try await Self.withArchivedRows { scenario, batch in
      _ = try await scenario.database.psql("DELETE FROM archiver.batch")
      let warned = try await scenario.archiver("archive")
      #expect(warned.output.contains("was the ledger cleared?") && warned.output.contains(batch), "\(warned)")
      // Rows that a restore put back are no sign of another time.
      try await scenario.archiver("restore")
      try await scenario.archiver("archive")
      let marked = try await scenario.archiver("recover", "--rows-came-back")
      #expect(marked.output.contains("did not come back"), "\(marked)")
      #expect(!scenario.files.contains { $0.hasSuffix(".superseded.json") })
    }
  }

  @Test func `a batch that the ledger lost is warned of until it is entered again`() async throws {
    try await withArchiveScenario(rows: 100) { scenario in
      try scenario.configure(table: "partition: none", batchSize: 50)
      try await scenario.archiver("archive")
      let archive = GoodArchive(directory: scenario.directory)
      let manifest = try #require(archive.manifests.last)
      let batch = archive.batch(of: manifest)
      _ = try await scenario.database.psql("DELETE FROM archiver.batch WHERE batch_id = '\(batch)'")
      for _ in 1...2 {
        _ = try await scenario.database.psql(
          "INSERT INTO public.events (created_at, kind) VALUES ('2025-03-01', 'late')")
        let warned = try await scenario.archiver("archive")
        #expect(warned.output.contains("was the ledger cleared?") && warned.output.contains(batch), "\(warned)")
      }
      let found = try await scenario.archiver("verify", "--level", "database", expecting: 1)
      #expect(found.output.contains("ledger") && found.output.contains(batch), "\(found)")
      let document = try scenario.json(manifest)
      let fields = ["run_id", "committed_at"].compactMap { document[$0] as? String }
      _ = try await scenario.database.psql(
        """
        INSERT INTO archiver.batch VALUES
          ('\(batch)', '\(fields[0])', 'public.events', 50, '\(try archive.sha256(manifest))', '\(fields[1])')
        """)
      let quiet = try await scenario.archiver("archive")
      #expect(!quiet.output.contains("was the ledger cleared?"), "\(quiet)")
      try await scenario.archiver("verify", "--level", "database")
    }
  }

  @Test func `batches from before the ledger's oldest entry are not looked at`() async throws {
    try await Self.withArchivedRows { scenario, _ in
      _ = try await scenario.database.psql(
        "DELETE FROM archiver.batch; INSERT INTO public.events (created_at, kind) VALUES ('2025-02-01', 'late')")
      try await scenario.archiver("archive")
      let quiet = try await scenario.archiver("archive")
      #expect(!quiet.output.contains("was the ledger cleared?"), "\(quiet)")
    }
  }

  @Test(arguments: [("ledger: none", "ledger: archiver"), ("ledger: before", "ledger: after")])
  func `rows that came back are seen though the ledger is another since`(before: String, after: String) async throws {
    try await withArchiveScenario(rows: 100) { scenario in
      try scenario.configure(table: "partition: none", database: before)
      _ = try await scenario.database.psql(
        "CREATE TABLE public.copy AS SELECT * FROM public.events WHERE kind <> 'fresh'")
      try await scenario.archiver("archive")
      try scenario.configure(table: "partition: none", database: after)
      try await scenario.archiver("archive")
      _ = try await scenario.database.psql(
        "INSERT INTO public.events OVERRIDING SYSTEM VALUE SELECT * FROM public.copy"
      )
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains("the database has gone back in time"), "\(refused)")
      #expect(scenario.manifests.count == 1)
    }
  }

  @Test func `an old batch that came back is seen behind many that did not`() async throws {
    try await withArchiveScenario(rows: 100) { scenario in
      try scenario.configure(table: "partition: none", batchSize: 5)
      _ = try await scenario.database.psql(
        "CREATE TABLE public.copy AS SELECT * FROM public.events WHERE kind <> 'fresh'")
      try await scenario.archiver("archive")
      try #require(scenario.manifests.count == 20)
      try await Self.goBack(scenario, rows: "id <= 5")
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains("the database has gone back in time"), "\(refused)")
    }
  }

  @Test func `a batch archived by another primary key is in doubt, not looked for`() async throws {
    try await Self.withArchivedRows { scenario, _ in
      _ = try await scenario.database.psql(
        "DELETE FROM archiver.batch; ALTER TABLE public.events DROP CONSTRAINT events_pkey; "
          + "ALTER TABLE public.events ADD PRIMARY KEY (id, created_at)")
      let doubt = try await scenario.archiver("recover", "--rows-came-back", expecting: 1)
      #expect(doubt.output.contains("archived by another primary key"), "\(doubt)")
      let warned = try await scenario.archiver("archive")
      #expect(warned.output.contains("1 had another primary key"), "\(warned)")
    }
  }

  @Test func `row security that is accepted is no hindrance to settling`() async throws {
    try await Self.withArchivedRows { scenario, _ in
      try await Self.goBack(scenario)
      try await scenario.database.withRole { role in
        _ = try await scenario.database.psql(
          "GRANT SELECT, DELETE, UPDATE ON public.events TO \(role.name); GRANT USAGE ON SCHEMA archiver TO \(role.name); "
            + "GRANT SELECT, INSERT ON archiver.batch TO \(role.name); ALTER TABLE public.events ENABLE ROW LEVEL SECURITY; "
            + "CREATE POLICY seen ON public.events USING (true)")
        let url = try scenario.database.url(for: role)
        try scenario.configure(table: "partition: none\nhazards: [row-security]")
        let text = try String(contentsOfFile: scenario.configuration, encoding: .utf8)
        try scenario.directory.write(text.replacing(scenario.database.url, with: url), to: "archiver.yaml")
        let refused = try await scenario.archiver("archive", expecting: 1)
        #expect(refused.errorOutput.contains("the database has gone back in time"), "\(refused)")
        try await scenario.archiver("recover", "--rows-came-back")
        try await scenario.archiver("archive")
      }
    }
  }
}
