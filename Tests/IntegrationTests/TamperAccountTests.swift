import ArchiveModel
import Foundation
import TestSupport
import Testing

/// What the documents of an archive say of one another is compared, and what does not agree is told with its place.
@Suite struct TamperAccountTests {
  @Test func `a kept head that is gone is told with the place where it was looked for`() async throws {
    try await GoodArchive.withCopy { archive in
      let head = try archive.sha256(archive.runRecords[2])
      try archive.remove(archive.runRecords[2])
      let finding = try #require(try await archive.verify("--since-head", head).findings.first)
      #expect(finding.code == "gap" && finding.key == "_runs/" && finding.expected.contains(head), "\(finding)")
    }
  }

  @Test func `rows that every document forgets are missed by the run's own count of its table`() async throws {
    try await GoodArchive.withCopy { archive in
      try archive.forgeLines(archive.objects[1]) { $0.remove(at: 4) }
      let manifest = try #require(archive.manifests.first { $0.contains(archive.batch(of: archive.objects[1])) })
      try archive.changeManifest(manifest) { manifest in
        manifest.objects[0].rows = 9
        manifest.counts = .init(database: 9, fetched: 9, stored: 9, deleted: 9)
      }
      try archive.reseal()
      let finding = try #require(try await archive.verify().findings.first { $0.key.hasPrefix("_runs/") })
      #expect(finding.code == "manifest" && finding.table == "app.public.events", "\(finding)")
      #expect(finding.expected.hasPrefix("10 rows in the manifests") && finding.found == "9 rows", "\(finding)")
    }
  }

  @Test func `a run that counts less than nothing is found`() async throws {
    try await GoodArchive.withCopy { archive in
      try archive.changeRunRecord(archive.runRecords[2]) { $0.tables[0].rows = -5 }
      let finding = try #require(try await archive.verify().findings.first)
      #expect(finding.code == "manifest" && finding.found == "-5" && finding.key == archive.runRecords[2], "\(finding)")
    }
  }

  @Test(arguments: [ArchiveLayout.Document.aborted, .superseded])
  func `a manifest under a marker's name is no document of a newer version`(
    document: ArchiveLayout.Document
  ) async throws {
    try await GoodArchive.withCopy { archive in
      let manifest = archive.manifests[1]
      try archive.put(archive.marker(document, of: manifest), try archive.data(manifest))
      let findings = try await archive.verify().findings
      #expect(findings.map(\.code) == ["manifest"], "\(findings)")
      #expect(findings.first?.found.contains("archiver-manifest/1") == true, "\(findings)")
    }
  }

  @Test func `a manifest that names another row as its first or last is found`() async throws {
    for change: @Sendable (inout Manifest) -> Void in [{ $0.range.first.key = ["99"] }, { $0.range.last.key = ["1"] }] {
      try await GoodArchive.withCopy { archive in
        try archive.changeManifest(archive.manifests[1], change)
        try archive.reseal()
        let findings = try await archive.verify().findings
        #expect(findings.map(\.code) == ["range"] && findings.first?.key == archive.manifests[1], "\(findings)")
      }
    }
  }

  @Test(arguments: [(AbortedMarker.Evidence.transactionStatus, ["manifest"]), (.rowsFound, [])])
  func `a marker beside a manifest is found where both cannot be true, and noted elsewhere`(
    evidence: AbortedMarker.Evidence, codes: [String]
  ) async throws {
    try await GoodArchive.withCopy { archive in
      let manifest = try archive.manifest(archive.manifests[1])
      let marker = AbortedMarker(
        tool: "test", batchID: manifest.batchID, runID: manifest.runID, markedAt: manifest.archivedAt,
        evidence: evidence,
        server: ServerIdentity(systemIdentifier: nil, databaseOID: 1, timeline: nil, startedAt: manifest.archivedAt))
      let key = archive.marker(.aborted, of: archive.manifests[1])
      try archive.put(key, Data(try ArchiveDocument.encode(marker)))
      let (findings, summary) = try await archive.verify()
      #expect(findings.map(\.code) == codes && findings.allSatisfy { $0.key == key }, "\(findings)")
      #expect(summary.notes.contains { $0.contains(key) } == codes.isEmpty, "\(summary.notes)")
    }
  }

  @Test(arguments: [
    ["inspect", "list"], ["inspect", "rows"], ["inspect", "stats"], ["inspect", "ddl", "--engine", "duckdb"],
    ["verify"],
    ["restore", "--target", "postgresql://nobody@127.0.0.1:1/none"],
  ])
  func `where there is no archive, no command finds it empty`(command: [String]) async throws {
    try await GoodArchive.withCopy { archive in
      let result = try await ArchiverCommand(command + ["--storage", archive.url + "/db=app"]).run()
      #expect(result.exitCode == 65 && result.errorOutput.contains("there is no archive here"), "\(result)")
    }
  }

  @Test func `inspect says which batches are left out`() async throws {
    try await GoodArchive.withCopy { archive in
      try archive.supersede(archive.manifests[1])
      let batch = archive.batch(of: archive.manifests[1])
      let storage = ["--storage", archive.url]
      for command in [["list"], ["list", "--batches"], ["stats"]] {
        let result = try await ArchiverCommand(["inspect"] + command + storage).run()
        #expect(result.output.contains("note: 1 superseded batch is left out"), "\(result)")
        #expect(result.output.contains(batch) && result.exitCode == 0, "\(result)")
      }
      let rows = try await ArchiverCommand(["inspect", "rows"] + storage).run()
      #expect(rows.output.split(separator: "\n").count == 30 && rows.errorOutput.contains(batch), "\(rows)")
      let json = try await ArchiverCommand(["inspect", "list", "--output", "json"] + storage).run()
      #expect(json.output.contains(#""superseded":1"#), "\(json)")
    }
  }

  @Test(arguments: [
    [], ["--table", "public.events"], ["--database", "app", "--from", "2025-01-30", "--to", "2025-01-31T12:00:00Z"],
  ])
  func `the verdict says what was left out`(filters: [String]) async throws {
    try await GoodArchive.withCopy { archive in
      let page = archive.directory.path + "/report.html"
      let options = filters.joined(separator: " ").replacing("2025-01-30", with: "2025-01-30T00:00:00Z")
      let text = try await ArchiverCommand(["verify", "--storage", archive.url, "--report", page] + filters).run()
      let json = try await ArchiverCommand(["verify", "--storage", archive.url, "--output", "json"] + filters).run()
      let html = try String(contentsOfFile: page, encoding: .utf8)
      #expect(text.exitCode == 0 && json.exitCode == 0, "\(text)")
      let verdict = try #require(text.output.split(separator: "\n").last)
      if filters.isEmpty {
        #expect(!verdict.contains("only") && html.contains("<dd>the whole archive</dd>"))
        #expect(json.output.contains("\"selection\":[]"), "\(json)")
      } else {
        #expect(verdict.contains("level full, only \(options), "), "\(verdict)")
        #expect(html.contains("<dt>Selection</dt><dd>only \(options); nothing else was looked at</dd>"))
        #expect(json.output.contains("\"selection\":[\"\(filters[0]) "), "\(json)")
      }
    }
  }

  @Test func `a sample says what it cannot find`() async throws {
    try await GoodArchive.withCopy { archive in
      let notes = try await archive.verify("--sample", "1/2").summary.notes
      #expect(notes.contains { $0.contains("a key is in two parts") }, "\(notes)")
    }
  }

  @Test func `the report says whether signatures and a kept head were looked at`() async throws {
    try await GoodArchive.withCopy { archive in
      let page = archive.directory.path + "/report.html"
      let head = try archive.sha256(archive.runRecords[2])
      _ = try await archive.verify("--report", page)
      let without = try String(contentsOfFile: page, encoding: .utf8)
      #expect(without.contains("no trusted key was given") && without.contains("none was given"))
      _ = try await archive.verify("--report", page, "--since-head", head)
      #expect(try String(contentsOfFile: page, encoding: .utf8).contains("<dt>Kept head</dt><dd>\(head)</dd>"))
    }
  }
}
