import Foundation
import TestSupport
import Testing

/// The commands that the pages show, run as they stand there, with the pages' example names put in place of real ones.
@Suite struct DocumentExampleTests {
  @Test func `the README's daily commands work`() async throws {
    let commands = try #require(
      try DocumentPage("README.md").blocks("sh").last { $0.contains("config validate --connect") })
    try await withArchiveScenario(rows: 500) { scenario in
      let before = try await scenario.fingerprint()
      let run = try await DocumentPage.shell(
        commands.replacing("--from 2025-01-31 --to 2025-02-01", with: "--from 2025-01-01 --to 2025-03-01"),
        in: scenario.directory.path, environment: ["ARCHIVER_CONFIG": scenario.configuration])
      #expect(run.exitCode == 0 && run.output.contains("OK: ") && run.output.contains("eligible rows  500"), "\(run)")
      #expect(try await scenario.fingerprint() == before)
    }
  }

  @Test(arguments: ["README.md", "docs/configuration.md"])
  func `the configuration shown first is a good one`(page: String) async throws {
    let text = try #require(try DocumentPage(page).blocks("yaml").first { $0.contains("databases:") })
    try await withTemporaryDirectory { directory in
      let path = try directory.write(text, to: "archiver.yaml")
      let run = try await ArchiverCommand(
        ["config", "validate", "--config", path], environment: ["APP_DB_PASSWORD": "x"]
      ).run()
      #expect(run.exitCode == 0, "\(run)")
    }
  }

  @Test func `the commands that say what a configuration is work`() async throws {
    let page = try DocumentPage("docs/configuration.md").blocks("")
    let commands = page.prefix(2).joined(separator: "\n")
    try #require(commands.contains("config show") && commands.contains("> archiver.schema.json"))
    try await withArchiveScenario(rows: 10) { scenario in
      let run = try await DocumentPage.shell(
        commands, in: scenario.directory.path, environment: ["ARCHIVER_CONFIG": scenario.configuration])
      #expect(run.exitCode == 0, "\(run)")
      #expect(FileManager.default.fileExists(atPath: scenario.directory.path + "/archiver.schema.json"))
    }
  }

  @Test func `the audit's checks by hand pass on a sound archive and find what is damaged`() async throws {
    let blocks = try DocumentPage("docs/audit.md").blocks("sh")
    try #require(blocks.count == 15)
    try await withArchiveScenario(rows: 500) { scenario in
      let key = scenario.directory.path + "/signing.pem"
      try await scenario.archiver("config", "keygen", key)
      try scenario.configure(top: "signing_key_file: \(key)")
      try await scenario.archiver("archive", "--max-batches", "2")
      let first = try await scenario.archiver("verify").output
      let head = try #require(first.firstMatch(of: /head ([0-9a-f]{64}) of/)).1
      try await scenario.archiver("archive")
      let manifest = try #require(scenario.manifests.first { $0.contains("/dt=2025-01-31/") })
      let batch = try #require(try scenario.json(manifest)["batch_id"] as? String)
      let storage = scenario.directory.path + "/storage"
      let texts = blocks.map {
        $0.replacing("aws s3 sync s3://acme-archive/prod archive", with: "cp -a storage archive")
          .replacing("s3://acme-archive/prod --region eu-west-1", with: "file://\(storage)")
          .replacing("BATCH", with: batch).replacing("3f1c…", with: head)
      }
      let folder = scenario.directory.path
      #expect(try await DocumentPage.shell(texts[0], in: folder).exitCode == 0)
      let verified = try await DocumentPage.shell(texts[1], in: folder)
      #expect(verified.exitCode == 0 && FileManager.default.fileExists(atPath: folder + "/audit.html"), "\(verified)")
      let one = try await DocumentPage.shell(texts[2], in: folder + "/archive")
      #expect(one.exitCode == 0 && one.output.contains("\(batch).jsonl.gz: OK"), "\(one)")
      let lines = one.output.split(separator: "\n")
      #expect(lines.filter { $0 == "\"\(batch)\"" || $0 == batch }.count == 1, "\(one)")
      for (number, text) in texts.enumerated().dropFirst(3) {
        let prints = number == 9 || number == 10  // the newest record, and the kept head
        let run = try await DocumentPage.shell(text, in: folder + "/archive")
        #expect(run.exitCode == 0 && run.output.isEmpty == !prints, "\(text)\n\(run)")
      }

      let object = try #require(try (scenario.json(manifest)["objects"] as? [[String: Any]])?.first?["key"] as? String)
      try Data("other".utf8).write(to: URL(fileURLWithPath: folder + "/archive/" + object))
      #expect(try await DocumentPage.shell(texts[3], in: folder + "/archive").exitCode != 0)
      let marker = manifest.replacing(".manifest.json", with: ".superseded.json")
      try Data().write(to: URL(fileURLWithPath: folder + "/archive/" + marker))
      #expect(try await DocumentPage.shell(texts[6], in: folder + "/archive").output == "BAD \(marker)\n")
      #expect(
        try await DocumentPage.shell(texts[7], in: folder + "/archive").output == "\(marker): BAD, no run record\n")
      try Data().write(to: URL(fileURLWithPath: folder + "/archive/_runs/2025-01.json.sig"))
      #expect(
        try await DocumentPage.shell(texts[12], in: folder + "/archive").output == "ALONE ./_runs/2025-01.json.sig\n")
      let stranger = object.replacing(".jsonl.gz", with: "-02.jsonl.gz")
      try Data().write(to: URL(fileURLWithPath: folder + "/archive/" + stranger))
      #expect(try await DocumentPage.shell(texts[14], in: folder + "/archive").output == stranger + "\n")
      try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/archive/" + manifest))
      #expect(try await DocumentPage.shell(texts[4], in: folder + "/archive").exitCode != 0)
      #expect(try await DocumentPage.shell(texts[11], in: folder + "/archive").output.contains("BAD "))
      #expect(try await !DocumentPage.shell(texts[13], in: folder + "/archive").output.isEmpty)
    }
  }

  @Test func `what the format's page does with jq, zcat and psql works`() async throws {
    let blocks = try DocumentPage("docs/archive-format.md").blocks("sh")
    try #require(blocks.count == 5)
    try await withArchiveScenario(rows: 500) { scenario in
      let before = try await scenario.database.psql(
        "SELECT count(*), md5(string_agg(id || created_at::text, ',' ORDER BY id)) FROM public.events WHERE created_at >= '2025-01-31Z' AND created_at < '2025-02-01Z'"
      )
      try scenario.configure(batchSize: 500)
      try await scenario.archiver("archive")
      let manifest = try #require(scenario.manifests.first { $0.contains("/dt=2025-01-31/") })
      let batch = try #require(try scenario.json(manifest)["batch_id"] as? String)
      let texts = blocks.map { $0.replacing("BATCH", with: batch) }
      let folder = scenario.directory.path + "/storage"
      for text in texts.dropLast() {
        let run = try await DocumentPage.shell(text, in: folder)
        #expect(run.exitCode == 0, "\(text)\n\(run)")
        if text.contains(".id == 17") { #expect(run.output.hasPrefix("{\"id\":17,"), "\(run)") }
      }
      let loaded = try await DocumentPage.shell(
        texts[4].replacing("psql ", with: "psql -v ON_ERROR_STOP=1 \"$URL\" ")
          .replacing("INTO events (id, created_at)", with: "INTO events (id, created_at) OVERRIDING SYSTEM VALUE"),
        in: folder + "/" + manifest.split(separator: "/").dropLast().joined(separator: "/"),
        environment: ["URL": scenario.database.url])
      #expect(loaded.exitCode == 0, "\(loaded)")
      let after = try await scenario.database.psql(
        "SELECT count(*), md5(string_agg(id || created_at::text, ',' ORDER BY id)) FROM public.events WHERE created_at < '2025-03-01'"
      )
      #expect(after == before)
    }
  }

  @Test func `the restore drill and the move of an archive work`() async throws {
    let blocks = try DocumentPage("docs/operations.md").blocks("bash")
    try #require(blocks.count == 2)
    try await withArchiveScenario(rows: 500) { scenario in
      try await scenario.archiver("archive")
      try await withThrowawayDatabase { scratch in
        let drill = try await DocumentPage.shell(
          blocks[0].replacing("2025-02-01", with: "2025-02-28"), in: scenario.directory.path,
          environment: ["ARCHIVER_CONFIG": scenario.configuration, "SCRATCH_URL": scratch.url])
        #expect(drill.exitCode == 0 && drill.output.contains("  500\n"), "\(drill)")
      }
      let storage = scenario.directory.path + "/storage"
      let moved = try await DocumentPage.shell(
        blocks[1].replacing("aws s3 sync s3://old-archive/prod s3://new-archive/prod", with: "cp -a \(storage) new")
          .replacing("s3://new-archive/prod --region eu-west-1", with: "file://\(scenario.directory.path)/new"),
        in: scenario.directory.path)
      #expect(moved.exitCode == 0 && moved.output.contains("OK: "), "\(moved)")
    }
  }
}
