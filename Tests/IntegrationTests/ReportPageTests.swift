import ArchiveModel
import Foundation
import TestSupport
import Testing

/// `verify --report` as people see it: opened in headless Chromium on a desk, a phone and paper.
@Suite struct ReportPageTests {
  /// What one screen shows; see `Tests/Browser/look_at_page.py`.
  private struct Look: Decodable {
    var title: String
    var text: String
    var headings: [String]
    var verdictTop: Double
    /// Pixels that the page is wider than its window.
    var overflow: Double
    var sticking: [String]
    var lowestContrast: Double
    var smallestFont: Double
    var background: String
    /// Width and height.
    var bars: [[Double]]
    var overlappingLabels: Bool
    var findings: Int
    var scripts: Int
    var loaded: [String]
    var foreign: [String]
    var requests: [String]
    var complaints: [String]
    var dialogs: Int
  }

  private func look(at page: String) async throws -> [String: Look] {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Browser/look_at_page.py")
    let run = try CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"), ["python3", script.path, page],
      environment: ArchiverCommand.cleanEnvironment.merging(["HOME": NSTemporaryDirectory()]) { $1 })
    let result = try await run.result()
    try #require(result.exitCode == 0, "\(result)")
    return try JSONDecoder().decode([String: Look].self, from: Data(result.outputBytes))
  }

  /// What must hold on every screen, whatever the archive holds.
  private func expectSound(_ looks: [String: Look], page: String) {
    #expect(looks.keys.sorted() == ["desk-dark", "desk-light", "paper", "phone-dark", "phone-light"])
    for (screen, look) in looks {
      #expect(look.overflow <= 0 && look.sticking.isEmpty, "\(screen): \(look.sticking)")
      #expect(look.requests == ["file://" + page] && look.loaded.isEmpty, "\(screen)")
      #expect(look.scripts == 0 && look.foreign.isEmpty && look.dialogs == 0, "\(screen): \(look.foreign)")
      #expect(look.complaints.isEmpty, "\(screen): \(look.complaints)")
      // WCAG 2.1's AA.
      #expect(look.lowestContrast >= 4.5, "\(screen)")
      #expect(look.smallestFont >= (screen == "paper" ? 9 : 11), "\(screen)")
      #expect(look.verdictTop < 120, "the verdict is on \(screen)'s first view")
      #expect(look.bars.allSatisfy { $0[0] >= 1 && $0[1] >= 1 } && !look.overlappingLabels, "\(screen)")
    }
    #expect(looks["desk-light"]?.background == "rgb(255, 255, 255)")
    #expect(looks["desk-dark"]?.background != "rgb(255, 255, 255)")
    #expect(looks["paper"]?.background == "rgb(255, 255, 255)", "nobody prints a dark page")
  }

  @Test func `a good archive's page says so, and shows totals, chart, tables, head and what to do by hand`()
    async throws
  {
    try await GoodArchive.withCopy { archive in
      let page = archive.directory.path + "/report.html"
      let (_, summary) = try await archive.verify("--report", page)
      let looks = try await look(at: page)
      expectSound(looks, page: page)
      for look in looks.values {
        #expect(look.title == "Archive verification: OK")
        #expect(
          look.headings == [
            "Archive verification", "Findings", "Rows by month", "Tables", "The head to keep", "Check it by hand",
            "This verification",
          ])
        #expect(look.findings == 0 && look.bars.count == 1)
        let head = try #require(summary.heads.first)
        let parts = [
          "OK: 4 batches, 4 objects, 40 rows", "app.public.events", "2025-01-30T00:00:00Z", head.sha256, head.key,
          "sha256sum BATCH.jsonl.gz", "zcat BATCH.jsonl.gz | wc -l", "openssl pkeyutl -verify", archive.url,
        ]
        for part in parts { #expect(look.text.contains(part), "\(part)") }
      }
    }
  }

  @Test func `what the page says to do by hand passes a good archive, and tells what was done to one`() async throws {
    try await GoodArchive.withCopy { archive in
      try archive.supersede(archive.manifests[1])
      let page = archive.directory.path + "/report.html"
      let summary = try await archive.verify("--report", page).summary
      let section = try #require(
        try String(contentsOfFile: page, encoding: .utf8).split(separator: "<section id=\"by-hand\">").last)
      let commands = section.matches(of: /<pre[^>]*>([^<]*)<\/pre>/).map { match in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
          .reduce(String(match.output.1)) { $0.replacing($1.0, with: $1.1) }
      }
      try #require(commands.count == 8)
      func run(_ index: Int, _ name: String = "", _ value: String = "", in folder: String = "") async throws -> String {
        try await CommandRun(
          URL(fileURLWithPath: "/usr/bin/env"),
          ["bash", "-c", name.isEmpty ? commands[index] : commands[index].replacing(name, with: value)],
          environment: ArchiverCommand.cleanEnvironment,
          workingDirectory: URL(fileURLWithPath: archive.path(folder))
        ).result().output
      }
      for index in 0..<4 { #expect(try await run(index).isEmpty, "\(commands[index])") }
      let (manifest, last) = (archive.manifests[1], try #require(archive.runRecords.last))
      #expect(try await run(4, "MARKER", archive.marker(.superseded, of: manifest)) == last + "\n")
      let head = try #require(summary.heads.first?.sha256)
      #expect(try await run(5, "HEAD", head) == "\(head)  \(last)\n")
      let folder = (manifest as NSString).deletingLastPathComponent
      let object = try archive.manifest(manifest).objects[0]
      let batch = try await run(6, "BATCH", archive.batch(of: manifest), in: folder).split(separator: "\n")
      #expect(batch.count == 4 && batch[0].hasPrefix(object.sha256) && batch[1].hasPrefix(object.contentSHA256))
      #expect(batch.dropFirst(2).first == "\(object.rows)", "\(batch)")

      try archive.supersede(archive.manifests[0], isNamed: false)
      #expect(try await run(3).hasSuffix("  \(archive.marker(.superseded, of: archive.manifests[0]))\n"))
      try archive.remove(object.key)
      #expect(try await run(0).contains("\(object.key): FAILED"))
      try archive.remove(manifest)
      #expect(try await run(1).contains("\(manifest): FAILED"))
      try archive.remove(archive.runRecords[0])
      #expect(try await run(2).contains(".json: FAILED"))
    }
  }

  @Test func `a bad archive's page shows every finding, and what a hostile archive says is text`() async throws {
    try await GoodArchive.withCopy { archive in
      let hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
      let folder = hostile.replacing("=", with: "%3D").replacing("/", with: "%2F")
      let batch = "01990000-0000-7000-8000-000000000000"
      try archive.put("db=app/schema=public/table=\(folder)/dt=2025-01-30/\(batch).jsonl.gz", Data("x".utf8))
      try archive.changeManifest(archive.manifests[0]) {
        $0.objects[0].key = "../</style><b>'\"&amp;\u{202e}\u{1b}[2J" + String(repeating: "long", count: 200)
      }
      try archive.remove(archive.objects[2])
      let page = archive.directory.path + "/report.html"
      let findings = try await archive.verify("--report", page).findings
      let looks = try await look(at: page)
      expectSound(looks, page: page)
      #expect(findings.count >= 3)
      for look in looks.values {
        #expect(look.title == "Archive verification: NOT OK" && look.findings == findings.count)
        #expect(look.text.contains("app.public.\(hostile)"))
        #expect(look.text.contains("</style><b>'\"&amp;\\u{202e}\\u{1b}[2J"))
        // A key is laid out with places where it may be broken, which are no part of its text.
        for finding in findings where !finding.key.contains("script") {
          for part in [finding.code, finding.key, finding.meaning.replacing("`", with: "")] {
            #expect(look.text.contains(part), "\(part)")
          }
        }
      }
    }
  }
}
