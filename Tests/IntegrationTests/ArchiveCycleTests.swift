import Foundation
import Hashing
import TestSupport
import Testing

/// The main job as a user runs it: archive, verify, restore, on a real server and real storage.
@Suite struct ArchiveCycleTests {
  @Test func `rows go to storage and come back with every column equal`() async throws {
    try await withArchiveScenario(rows: 2000) { scenario in
      let before = try await scenario.fingerprint()
      let result = try await scenario.archiver("archive")
      #expect(result.output.contains("2,000"), "\(result.output)")
      let left = try await scenario.database.psql(
        "SELECT count(*), count(*) FILTER (WHERE kind = 'fresh') FROM public.events")
      #expect(left == "50|50")
      try await scenario.archiver("verify")

      try await scenario.archiver("restore")
      let after = try await scenario.fingerprint()
      #expect(after == before)
    }
  }

  @Test func `every manifest agrees with its objects by hand`() async throws {
    try await withArchiveScenario(rows: 2000) { scenario in
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count >= 10)  // five days, batches of 300
      var total = 0
      for file in scenario.manifests {
        let manifest = try scenario.json(file)
        let counts = try #require(manifest["counts"] as? [String: Int])
        #expect(Set(counts.values).count == 1 && counts.count == 4)
        #expect(file.contains("/\(try #require(manifest["partition"] as? String))/"))
        for object in try #require(manifest["objects"] as? [[String: Any]]) {
          let path = scenario.directory.path + "/storage/" + (try #require(object["key"] as? String))
          let script =
            "sha256sum \"$0\" | cut -d' ' -f1; zcat \"$0\" | wc -l; zcat \"$0\" | sha256sum | cut -d' ' -f1"
          let shell = try await CommandRun(
            URL(fileURLWithPath: "/bin/sh"), ["-c", script, path], environment: ["PATH": "/usr/bin:/bin"]
          ).result()
          let sums = shell.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
          #expect(
            sums == [
              object["sha256"] as? String, (object["rows"] as? Int).map(String.init),
              object["content_sha256"] as? String,
            ])
          total += (object["rows"] as? Int) ?? 0
        }
      }
      #expect(total == 2000)
      #expect(!scenario.files.contains { $0.hasSuffix(".prepared.json") })
      let ledger = try await scenario.database.psql("SELECT count(*), sum(\"rows\") FROM archiver.batch")
      #expect(ledger == "\(scenario.manifests.count)|2000")
      let file = try #require(scenario.manifests.first)
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: scenario.directory.path + "/storage/" + file)))
      let known = try await scenario.database.psql(
        "SELECT count(*) FROM archiver.batch WHERE manifest_sha256 = '\(SHA256.hash(bytes.span).hex)'")
      #expect(known == "1")
    }
  }

  @Test func `a run leaves a record that names its manifests`() async throws {
    try await withArchiveScenario(rows: 500) { scenario in
      try await scenario.archiver("archive")
      let runs = scenario.files.filter { $0.hasPrefix("_runs/") }
      #expect(runs.count == 1)
      let record = try scenario.json(try #require(runs.first))
      let tables = try #require(record["tables"] as? [[String: Any]])
      let named = try #require(tables.first?["manifests"] as? [[String: String]]).compactMap { $0["key"] }
      #expect(named.sorted() == scenario.manifests)
      #expect(tables.first?["rows"] as? Int == 500)
    }
  }

  @Test func `a dry run writes nothing anywhere`() async throws {
    try await withArchiveScenario(rows: 700) { scenario in
      let before = try await scenario.database.psql("SELECT count(*), max(xmin::text::bigint) FROM public.events")
      let result = try await scenario.archiver("archive", "--dry-run")
      #expect(result.output.contains("700"))
      #expect(result.output.contains("DELETE FROM"))
      let after = try await scenario.database.psql("SELECT count(*), max(xmin::text::bigint) FROM public.events")
      #expect(after == before)
      #expect(scenario.files.isEmpty)
      let ledger = try await scenario.database.psql("SELECT to_regclass('archiver.batch') IS NULL")
      #expect(ledger == "t")
    }
  }

  @Test func `a locked row is skipped and reported, not waited for`() async throws {
    try await withArchiveScenario(rows: 700) { scenario in
      async let holder = scenario.database.psql(
        "BEGIN; SELECT 1 FROM public.events WHERE id IN (10, 400) FOR UPDATE; SELECT pg_sleep(8); COMMIT;")
      try await scenario.waitForSleepers()
      let began = ContinuousClock.now
      let result = try await scenario.archiver("archive")
      #expect(ContinuousClock.now - began < .seconds(5))
      #expect(result.output.contains("2 eligible rows"), "\(result.output)")
      let left = try await scenario.database.psql(
        "SELECT string_agg(id::text, ',' ORDER BY id) FROM public.events WHERE kind <> 'fresh'")
      #expect(left == "10,400")
      _ = try await holder
      try await scenario.archiver("archive")
      try await scenario.archiver("verify")
      let rest = try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind <> 'fresh'")
      #expect(rest == "0")
    }
  }

  @Test func `two archivers at once share a table without overlap`() async throws {
    try await withArchiveScenario(rows: 6000) { scenario in
      async let one = scenario.archiver("archive")
      async let two = scenario.archiver("archive", "--workers", "2")
      _ = try await (one, two)
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "50")
      #expect(try scenario.archivedIDs() == Array(1...6000))
      try await scenario.archiver("verify")
    }
  }

  @Test func `limits stop the run after whole batches and the next run goes on`() async throws {
    try await withArchiveScenario(rows: 2000) { scenario in
      try await scenario.archiver("archive", "--max-batches", "2")
      #expect(scenario.manifests.count == 2)
      try await scenario.archiver("archive", "--no-count")
      #expect(try scenario.archivedIDs() == Array(1...2000))
    }
  }

  @Test(arguments: [(SIGTERM, Int32(143)), (SIGINT, Int32(130))])
  func `a signal ends the run after the batch in hand`(signal: Int32, code: Int32) async throws {
    try await withArchiveScenario(rows: 4000) { scenario in
      try scenario.configure(table: "pace: 0.02")
      let run = try ArchiverCommand(["archive", "--config", scenario.configuration]).start()
      let deadline = ContinuousClock.now + .seconds(20)
      while scenario.manifests.count < 2, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(20))
      }
      run.send(signal: signal)
      let result = try await run.result()
      #expect(result.exitCode == code, "\(result)")
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind <> 'fresh'")
      let archived = try scenario.archivedIDs()
      #expect(!archived.isEmpty && Int(left) == 4000 - archived.count && left != "0")
      try await scenario.archiver("verify")
    }
  }

  @Test(arguments: 0..<4)
  func `a killed run loses nothing and the next one settles it`(round: Int) async throws {
    try await withArchiveScenario(rows: 4000) { scenario in
      let run = try ArchiverCommand(["archive", "--config", scenario.configuration, "--workers", "2"]).start()
      let deadline = ContinuousClock.now + .seconds(20)
      while scenario.manifests.count < 1 + round * 3, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(2))
      }
      run.send(signal: SIGKILL)
      _ = try await run.result()
      // The server notices the broken connections within its own time; recover waits for their locks.
      try await scenario.archiver("recover")
      try await scenario.archiver("archive")
      #expect(try scenario.archivedIDs() == Array(1...4000))
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "50")
      try await scenario.archiver("verify")
    }
  }

  @Test func `without a ledger the same holds`() async throws {
    try await withArchiveScenario(rows: 600) { scenario in
      try scenario.configure(table: "partition: month", database: "ledger: none")
      try await scenario.archiver("archive")
      #expect(try scenario.archivedIDs() == Array(1...600))
      #expect(scenario.manifests.allSatisfy { $0.contains("/dt=2025-01/") || $0.contains("/dt=2025-02/") })
      let ledger = try await scenario.database.psql("SELECT to_regclass('archiver.batch') IS NULL")
      #expect(ledger == "t")
    }
  }

  @Test func `restored rows are left alone while their hold lasts`() async throws {
    try await withArchiveScenario(rows: 400) { scenario in
      try await scenario.archiver("archive")
      try await scenario.archiver("restore", "--from", "2025-01-31", "--to", "2025-02-01")
      let restored = try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind <> 'fresh'")
      #expect(restored == "80")
      try await scenario.archiver("archive")
      let kept = try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind <> 'fresh'")
      #expect(kept == "80")
    }
  }
}

extension ArchiveScenario {
  /// Waits until a session of the database sleeps, with the locks it took before.
  func waitForSleepers() async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
      let count = try await database.psql(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' AND pid <> pg_backend_pid()
        """)
      if count == "1" { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("no session went to sleep")
  }

  /// The ids of all rows that committed batches hold, sorted; read with zcat, sharing no code with the writer.
  func archivedIDs() throws -> [Int] {
    var ids: [Int] = []
    for file in manifests {
      for object in try #require(try json(file)["objects"] as? [[String: Any]]) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/zcat")
        process.arguments = [directory.path + "/storage/" + (try #require(object["key"] as? String))]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        for line in data.split(separator: UInt8(ascii: "\n")) {
          let row = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
          ids.append(try #require(row["id"] as? Int))
        }
      }
    }
    return ids.sorted()
  }
}
