import Foundation
import TestSupport
import Testing

/// Superseded batches that the ledger has: the database went back to an earlier time, and then forth again.
@Suite struct JourneyTests {
  /// One batch that was superseded while the database was at an earlier time; then its entry is in the ledger again, as it
  /// was. `away` is run at the earlier time, `back` afterwards.
  private static func withJourney(
    away: [String] = [], back: String, _ body: (ArchiveScenario, _ batch: String, _ mark: String) async throws -> Void
  ) async throws {
    try await TimeTravelTests.withArchivedRows { scenario, batch in
      _ = try await scenario.database.psql("CREATE TABLE public.entries AS SELECT * FROM archiver.batch")
      try await TimeTravelTests.goBack(scenario)
      try await scenario.archiver("recover", "--rows-came-back")
      for command in away { try await scenario.archiver(command) }
      _ = try await scenario.database.psql(
        "BEGIN; \(back); DELETE FROM archiver.batch; INSERT INTO archiver.batch TABLE public.entries; COMMIT")
      try await body(scenario, batch, try #require(scenario.files.first { $0.hasSuffix("_\(batch).superseded.json") }))
    }
  }

  @Test func `rows in the table stand for a superseded batch when their content is the same`() async throws {
    try await Self.withJourney(back: "SELECT") { scenario, batch, _ in
      let dry = try await scenario.archiver("archive", "--dry-run")
      #expect(dry.output.contains("is to be taken out of the ledger"), "\(dry)")
      #expect(try await scenario.database.psql("SELECT count(*) FROM archiver.batch") == "1")
      let told = try await scenario.archiver("archive")
      #expect(told.output.contains("is taken out of the ledger"), "\(told)")
      #expect(try await scenario.database.psql("SELECT count(*) FROM archiver.batch") == "1")
      try await scenario.archiver("verify", "--level", "database")
      try await TimeTravelTests.checkRestored(scenario)
    }
  }

  @Test(arguments: [("note = 'new'", 100), ("note = CASE WHEN id = 50 THEN 'new' ELSE note END", 1)])
  func `rows with its keys and times, but another content, do not stand for a superseded batch`(
    _ change: String, _ count: Int
  ) async throws {
    try await Self.withJourney(back: "UPDATE public.events SET \(change) WHERE kind <> 'fresh'") {
      scenario, batch, mark in
      let doubt = try await scenario.archiver("recover", expecting: 1)
      #expect(doubt.output.contains("\(count) of its 100 rows are neither in the table nor"), "\(doubt)")
      #expect(doubt.output.contains(mark), "\(doubt)")
      try await scenario.archiver("archive", expecting: 1)
      #expect(try await scenario.database.psql("SELECT count(*) FROM archiver.batch") == "1")
      // The way out, to its end.
      try scenario.remove(mark)
      if count < 100 {
        let refused = try await scenario.archiver("archive", expecting: 1)
        #expect(refused.errorOutput.contains("(99 of its 100 rows)"), "\(refused)")
        let differing = try await scenario.archiver("recover", "--rows-came-back", expecting: 1)
        #expect(differing.output.contains("1 of its 100 rows") && differing.output.contains("--on-conflict overwrite"))
        try await scenario.archiver(
          "restore", "--batch", batch, "--on-conflict", "overwrite", "--hold-days", "0")
      }
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 2)
      try await scenario.archiver("archive")
    }
  }

  @Test func `a later batch that cannot be read holds nothing, and ends no run`() async throws {
    try await Self.withJourney(away: ["archive"], back: "SELECT") { scenario, batch, mark in
      let later = try #require(
        scenario.files.first { $0.hasSuffix(".jsonl.gz") && !$0.hasSuffix("/\(batch).jsonl.gz") })
      try scenario.directory.write("damaged", to: "storage/" + later)
      let doubt = try await scenario.archiver("recover", expecting: 1)
      #expect(doubt.output.contains("100 of its 100 rows") && doubt.output.contains(mark), "\(doubt)")
    }
  }

  @Test func `a superseded batch that cannot be read is a finding, and there is a way out`() async throws {
    try await Self.withJourney(away: ["archive"], back: "SELECT") { scenario, batch, mark in
      try scenario.directory.write(
        "damaged", to: "storage/" + #require(scenario.files.first { $0.hasSuffix("/\(batch).jsonl.gz") }))
      for command in ["recover", "archive"] {
        let doubt = try await scenario.archiver(command, expecting: 1)
        #expect((doubt.output + doubt.errorOutput).contains("cannot be read"), "\(doubt)")
        #expect((doubt.output + doubt.errorOutput).contains(mark), "\(doubt)")
      }
      try scenario.remove(mark)
      try await scenario.archiver("archive")
    }
  }

  @Test func `a mark that is not sound settles nothing`() async throws {
    try await Self.withJourney(away: ["archive"], back: "SELECT") { scenario, batch, mark in
      try scenario.edit(mark) { $0["manifest_sha256"] = String(repeating: "0", count: 64) }
      let doubt = try await scenario.archiver("recover", expecting: 1)
      #expect(doubt.output.contains("it is of another manifest than the batch has"), "\(doubt)")
      #expect(try await scenario.database.psql("SELECT count(*) FROM archiver.batch") == "1")
    }
  }

  @Test func `rows that were archived under another partition are found`() async throws {
    try await TimeTravelTests.withArchivedRows { scenario, batch in
      _ = try await scenario.database.psql("CREATE TABLE public.entries AS SELECT * FROM archiver.batch")
      try await TimeTravelTests.goBack(scenario)
      try await scenario.archiver("recover", "--rows-came-back")
      try scenario.configure(table: "partition: day")
      try await scenario.archiver("archive")
      _ = try await scenario.database.psql(
        "DELETE FROM archiver.batch; INSERT INTO archiver.batch TABLE public.entries")
      let told = try await scenario.archiver("recover")
      #expect(told.output.contains("is taken out of the ledger"), "\(told)")
    }
  }

  @Test func `a superseded batch that the ledger has is in doubt until its mark is removed`() async throws {
    try await TimeTravelTests.withArchivedRows { scenario, batch in
      _ = try await scenario.database.psql("CREATE TABLE public.entries AS SELECT * FROM archiver.batch")
      try await TimeTravelTests.goBack(scenario)
      try await scenario.archiver("recover", "--rows-came-back")
      // Forth again, to a copy of the database that has the batch.
      _ = try await scenario.database.psql(
        "BEGIN; DELETE FROM public.events WHERE kind <> 'fresh'; INSERT INTO archiver.batch TABLE public.entries; COMMIT"
      )
      let mark = try #require(scenario.files.first { $0.hasSuffix("_\(batch).superseded.json") })
      let doubt = try await scenario.archiver("recover", expecting: 1)
      #expect(doubt.output.contains(mark), "\(doubt)")
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains(mark), "\(refused)")
      try scenario.remove(mark)
      try await scenario.archiver("archive")
      let rows = try await scenario.archiver("inspect", "rows")
      #expect(rows.output.split(separator: "\n").count == 100)
    }
  }

  @Test func `after a second journey the batch that holds the same rows stands for the superseded one`() async throws {
    try await TimeTravelTests.withArchivedRows { scenario, batch in
      _ = try await scenario.database.psql("CREATE TABLE public.entries AS SELECT * FROM archiver.batch")
      try await TimeTravelTests.goBack(scenario)
      try await scenario.archiver("recover", "--rows-came-back")
      try await scenario.archiver("archive")
      _ = try await scenario.database.psql(
        "DELETE FROM archiver.batch; INSERT INTO archiver.batch TABLE public.entries")
      let told = try await scenario.archiver("recover")
      #expect(told.output.contains(batch) && told.output.contains("is taken out of the ledger"), "\(told)")
      // Its entry has gone over.
      #expect(
        try await scenario.database.psql(
          "SELECT count(*), count(*) FILTER (WHERE batch_id = '\(batch)') FROM archiver.batch")
          == "1|0")
      try await scenario.archiver("verify", "--level", "database")
      // It is settled for good: no run reads its object again.
      let object = try #require(scenario.files.first { $0.hasSuffix("/\(batch).jsonl.gz") })
      try scenario.directory.write("damaged", to: "storage/" + object)
      let quiet = try await scenario.archiver("recover")
      #expect(quiet.output == "nothing to settle\n", "\(quiet)")
      let next = try await scenario.archiver("archive")
      #expect(!next.output.contains("note:"), "\(next)")
      let rows = try await scenario.archiver("inspect", "rows")
      #expect(rows.output.split(separator: "\n").count == 100)
      try await TimeTravelTests.checkRestored(scenario)
    }
  }

  @Test func `after a second journey a batch of other rows with its keys does not stand for a superseded one`()
    async throws
  {
    try await TimeTravelTests.withArchivedRows { scenario, batch in
      _ = try await scenario.database.psql("CREATE TABLE public.entries AS SELECT * FROM archiver.batch")
      try await TimeTravelTests.goBack(scenario)
      try await scenario.archiver("recover", "--rows-came-back")
      _ = try await scenario.database.psql("UPDATE public.events SET note = 'changed' WHERE id <= 40")
      try await scenario.archiver("archive")
      _ = try await scenario.database.psql(
        "DELETE FROM archiver.batch; INSERT INTO archiver.batch TABLE public.entries")
      let doubt = try await scenario.archiver("recover", expecting: 1)
      #expect(doubt.output.contains("60 of its rows are then in") && doubt.output.contains(batch), "\(doubt)")
    }
  }
}
