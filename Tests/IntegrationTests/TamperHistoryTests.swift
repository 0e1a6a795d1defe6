import ArchiveModel
import Foundation
import Hashing
import TestSupport
import Testing

/// What only a kept head or the database can tell, and archives of a thousand batches.
@Suite struct TamperHistoryTests {
  @Test func `a kept head tells that the newest run was taken away, which nothing else can`() async throws {
    try await GoodArchive.withCopy { archive in
      let kept = try await archive.verify().summary.heads.map(\.sha256)
      let early = try archive.sha256(archive.runRecords[0])
      #expect(try await archive.verify("--since-head", early, "--since-head", kept[0]).findings.isEmpty)

      let newest = archive.runRecords[2]
      for manifest in try archive.runRecord(newest).tables.flatMap(\.manifests) {
        try archive.remove(try archive.manifest(manifest.key).objects[0].key)
        try archive.remove(manifest.key)
      }
      try archive.remove(newest)
      #expect(try await archive.verify().findings.isEmpty)
      #expect(try await archive.verify("--since-head", early).findings.isEmpty)
      let findings = try await archive.verify("--since-head", kept[0]).findings
      #expect(findings.map(\.code) == ["gap"])
      #expect(findings.first?.expected.contains(kept[0]) == true)
    }
  }

  @Test func `a head covers everything before it, however well the rest was forged`() async throws {
    try await GoodArchive.withCopy { archive in
      let kept = try archive.sha256(archive.runRecords[2])
      try archive.forgeLines(archive.objects[0]) { $0[2] = $0[2].replacing("row ", with: "cow ") }
      #expect(try await archive.verify().findings.isEmpty, "without a head or a key, nothing tells")
      #expect(try await archive.verify("--since-head", kept).findings.map(\.code) == ["gap"])
    }
  }

  @Test func `two writers at once make two heads, which the next run follows`() async throws {
    try await GoodArchive.withCopy { archive in
      // As if the third run had not yet seen the second's record.
      let first = archive.runRecords[0]
      try archive.changeRunRecord(archive.runRecords[2]) { record in
        record.previous = [.init(key: first, sha256: try archive.sha256(first))]
      }
      let (findings, summary) = try await archive.verify()
      #expect(findings.isEmpty)
      #expect(summary.heads.map(\.key) == Array(archive.runRecords[1...]))
    }
  }

  @Test func `a head is about the whole archive`() async throws {
    let head = String(repeating: "a", count: 64)
    for part in [["--sample", "1/2"], ["--from", "2025-01-01"], ["--table", "events"], ["--database", "app"]] {
      let result = try await ArchiverCommand(
        ["verify", "--storage", "file:///nowhere", "--since-head", head] + part
      ).run()
      #expect(result.exitCode == 64, "\(result)")
    }
  }

  /// What the database's side of it can show; all but the first are invisible in storage.
  static let database: [(name: String, sql: String, codes: [String])] = [
    ("nothing", "SELECT", []),
    (
      "a ledger row removed",
      "DELETE FROM archiver.batch WHERE batch_id = (SELECT max(batch_id::text)::uuid FROM archiver.batch)", ["ledger"]
    ),
    (
      "a ledger row altered",
      "UPDATE archiver.batch SET manifest_sha256 = repeat('0', 64) WHERE batch_id = (SELECT max(batch_id::text)::uuid FROM archiver.batch)",
      ["ledger"]
    ),
    (
      "a ledger row without a manifest",
      "INSERT INTO archiver.batch SELECT md5(random()::text)::uuid, run_id, \"table\", \"rows\", manifest_sha256, committed_at FROM archiver.batch LIMIT 1",
      ["ledger"]
    ),
    (
      "an archived row put back",
      "INSERT INTO public.events (id, created_at) OVERRIDING SYSTEM VALUE VALUES (3, now())", ["in-database"]
    ),
  ]

  @Test(arguments: database.indices) func `tampering with the database is found`(index: Int) async throws {
    let (name, sql, codes) = Self.database[index]
    try await withArchiveScenario(rows: 40) { scenario in
      try await scenario.archiver("archive")
      _ = try await scenario.database.psql(sql)
      let result = try await scenario.archiver(
        "verify", "--level", "database", "--output", "json", expecting: codes.isEmpty ? 0 : 1)
      let found = try result.output.split(separator: "\n").dropLast().map {
        try JSONDecoder().decode(GoodArchive.Finding.self, from: Data($0.utf8))
      }
      #expect(found.map(\.code) == codes, "\(name): \(found)")
    }
  }

  @Test func `of a batch of many rows each that is in the database is counted, restored ones apart`() async throws {
    try await withArchiveScenario(rows: 25_000) { scenario in
      try scenario.configure(table: "partition: none", batchSize: 100_000)
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 1)
      try await scenario.archiver("verify", "--level", "database")
      try await scenario.archiver("restore", "--where-key", "9", "--where-key", "20500")
      try await scenario.archiver("verify", "--level", "database")
      _ = try await scenario.database.psql(
        """
        INSERT INTO public.events (id, created_at) OVERRIDING SYSTEM VALUE
        SELECT g, now() FROM unnest(ARRAY[1, 10000, 10001, 20001, 25000]) AS g
        """)
      let result = try await scenario.archiver("verify", "--level", "database", "--output", "json", expecting: 1)
      #expect(result.output.contains("\"found\":\"5 of 25000 keys\"") && result.output.contains("2 more were restored"))
    }
  }

  @Test func `a marker that hides a batch which the database did delete is found`() async throws {
    try await withArchiveScenario(rows: 40) { scenario in
      try await scenario.archiver("archive")
      let manifest = try #require(scenario.manifests.first)
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: scenario.directory.path + "/storage/" + manifest)))
      let written = try ArchiveDocument.decode(Manifest.self, from: bytes, formats: [Manifest.format])
      let marker = SupersededMarker(
        tool: "test", batchID: written.batchID, runID: written.runID, supersededAt: written.archivedAt,
        manifestSHA256: SHA256.hash(bytes.span).hex,
        server: ServerIdentity(systemIdentifier: nil, databaseOID: 1, timeline: nil, startedAt: written.archivedAt))
      try scenario.directory.write(
        String(decoding: try ArchiveDocument.encode(marker), as: UTF8.self),
        to: "storage/" + manifest.replacing(".manifest.json", with: ".superseded.json"))
      let hidden = try await scenario.archiver("verify", "--output", "json", expecting: 1)
      #expect(hidden.output.contains("superseded.json") && !hidden.output.contains("\"code\":\"ledger\""), "\(hidden)")
      let result = try await scenario.archiver("verify", "--level", "database", "--output", "json", expecting: 1)
      #expect(result.output.contains("\"code\":\"ledger\"") && result.output.contains("superseded"), "\(result)")
    }
  }

  @Test func `batches that no run record names are told in a note`() async throws {
    try await GoodArchive.withCopy { archive in
      try archive.remove(archive.runRecords[2])
      let (findings, summary) = try await archive.verify()
      #expect(findings.isEmpty)
      #expect(summary.notes.contains { $0.hasPrefix("2 batches are named by no run record") }, "\(summary)")
    }
  }

  /// What is done to a run that was cut short before it wrote its record: `recover`, or the next run.
  @Test(arguments: [false, true], ["archive", "recover"])
  func `batches of a run that was cut short are named by the next, and missed from then on`(
    isInDoubt: Bool, command: String
  ) async throws {
    try await withArchiveScenario(rows: 40) { scenario in
      try scenario.configure(batchSize: 10)
      try await scenario.archiver("archive", "--max-batches", "1")
      try await scenario.archiver("archive", "--max-batches", "2")
      let records = scenario.files.filter { $0.hasPrefix("_runs/") }
      let named = try scenario.json(records[1])["tables"] as? [[String: Any]]
      let manifests = (named?[0]["manifests"] as? [[String: String]] ?? []).compactMap { $0["key"] }
      try #require(manifests.count == 2)
      // The two batches of the second run stay, its record does not.
      try scenario.remove(records[1])
      if isInDoubt { try scenario.unsettle(manifests[1]) }
      try await scenario.archiver(command)
      let sound = try await scenario.archiver("verify", "--output", "json")
      #expect(!sound.output.contains("named by no run record"), "\(sound)")
      let heads = sound.output.matches(of: /"heads":\[\{/)
      #expect(heads.count == 1, "\(sound)")
      for manifest in manifests {
        try scenario.remove(manifest)
        try scenario.remove(manifest.replacing("/_", with: "/").replacing(".manifest.json", with: ".jsonl.gz"))
      }
      let found = try await scenario.archiver("verify", "--output", "json", expecting: 1)
      #expect(found.output.matches(of: /"code":"gap"/).count == 2, "\(found)")
      #expect(try await scenario.archiver("recover").output == "nothing to settle\n")
    }
  }
}
