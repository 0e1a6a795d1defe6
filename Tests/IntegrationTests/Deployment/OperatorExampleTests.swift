import Foundation
import TestSupport
import Testing

/// What the pages tell an operator to write, run as it stands there.
@Suite struct OperatorExampleTests {
  @Test func `a where that leaves referenced rows out archives the others`() async throws {
    let line = try #require(try DocumentPage("docs/configuration.md").blocks("yaml").first { $0.hasPrefix("where:") })
    try await withArchiveScenario(rows: 40) { scenario in
      _ = try await scenario.database.psql(
        """
        CREATE TABLE public.invoices (order_id bigint REFERENCES public.events);
        INSERT INTO public.invoices VALUES (3), (7);
        """)
      try scenario.configure(table: line)
      try await scenario.archiver("archive")
      let left = try await scenario.database.psql("SELECT id FROM public.events WHERE kind <> 'fresh' ORDER BY id")
      #expect(left == "3\n7")
    }
  }

  @Test func `the statements of the operations page run`() async throws {
    let statements = try DocumentPage("docs/operations.md").inlineCode.filter {
      $0.wholeMatch(of: /(CREATE|ALTER|VACUUM) .*events.*/) != nil
    }
    #expect(statements.count == 3)
    try await withArchiveScenario(rows: 40) { scenario in
      for statement in statements { _ = try await scenario.database.psql(statement) }
    }
  }

  @Test func `the line for cron is a nightly run`() async throws {
    let line = try #require(
      try DocumentPage("docs/operations.md").inlineCode.first { $0.contains("archiver archive") && $0.hasPrefix("0 1") }
    )
    let fields = line.split(separator: " ", maxSplits: 5)
    #expect(fields.prefix(5) == ["0", "1", "*", "*", "*"])
    try await withArchiveScenario(rows: 40) { scenario in
      let command = String(fields[5]).replacing("/etc/archiver/archiver.yaml", with: scenario.configuration)
      let run = try await DocumentPage.shell(command, in: scenario.directory.path)
      #expect(run.exitCode == 0 && run.output.contains("complete") && run.errorOutput.isEmpty, "\(run)")
    }
  }

  @Test func `a person's rows leave the archive as the operations page tells, and the gap is seen`() async throws {
    try await withArchiveScenario(rows: 40) { scenario in
      try scenario.configure(table: "partition: none", batchSize: 1000)
      try await scenario.archiver("archive")
      let found = try await scenario.archiver("inspect", "rows", "--table", "events", "--where-key", "17")
      let batch = try #require(found.output.firstMatch(of: /"_batch_id":"([^"]+)"/)).1
      try await scenario.archiver("restore", "--batch", String(batch), "--hold-days", "0")
      _ = try await scenario.database.psql("DELETE FROM public.events WHERE id = 17")
      try await scenario.archiver("archive")
      for file in scenario.files where file.contains(batch) {
        try FileManager.default.removeItem(atPath: scenario.directory.path + "/storage/" + file)
      }
      let rows = try await scenario.archiver("inspect", "rows", "--table", "events")
      #expect(rows.output.split(separator: "\n").count == 39 && !rows.output.contains("{\"id\":17,"))
      let verified = try await scenario.archiver("verify", "--output", "json", expecting: 1)
      let findings = verified.output.matches(of: /"code":"([a-z-]+)"/).map { String($0.1) }
      #expect(Set(findings) == ["gap"], "\(verified)")
    }
  }

  @Test func `each command of the overview is there, and the completions and the man page are made`() async throws {
    let page = try DocumentPage("docs/cli.md").blocks("")
    try #require(page.count == 3)
    for line in page[0].split(separator: "\n") {
      let name = line.split(separator: " ")[1]
      let run = try await ArchiverCommand([String(name), "--help"]).run()
      #expect(run.exitCode == 0 && run.output.contains("USAGE: archiver \(name)"), "\(run)")
      guard line.contains("|") else { continue }
      let parts = line.split(separator: "|").map { $0.split(separator: " ") }
      for part in [parts[0][2]] + parts.dropFirst().map({ $0[0] }) {
        let sub = try await ArchiverCommand([String(name), String(part), "--help"]).run()
        #expect(sub.exitCode == 0 && sub.output.contains("USAGE: archiver \(name) \(part)"), "\(sub)")
      }
    }
    try await withTemporaryDirectory { directory in
      let program = try TestEnvironment.archiverBinary().path
      let script = page[1].replacing(/(?m)> +\S*\/(\S+)$/) { "> \($0.1)" }
        .replacing("scripts/man", with: "'\(Checkout.root.appending(path: "scripts/man").path)' '\(program)'")
      let run = try await DocumentPage.shell(
        script
          + "\nbash -n archiver; grep -q '#compdef archiver' _archiver; grep -q complete archiver.fish; mandoc archiver.1 >/dev/null",
        in: directory.path)
      #expect(run.exitCode == 0, "\(run)")
    }
  }

  @Test func `the alerts ask for metrics that a run and a verification write`() async throws {
    let rules = try Checkout.text("docs/examples/prometheus-alerts.yml").split(separator: "\n")
      .filter { $0.contains("expr:") }.joined(separator: "\n")
    let asked = Set(rules.matches(of: /archiver_[a-z_]+/).map { String($0.0) })
    #expect(asked.count >= 6)
    try await withArchiveScenario(rows: 40) { scenario in
      let file = scenario.directory.path + "/archiver.prom"
      try scenario.configure(top: "metrics_file: \(file)")
      try await scenario.archiver("archive")
      try await scenario.archiver("verify")
      let written = try String(contentsOfFile: file, encoding: .utf8)
      for name in asked {
        #expect(written.firstMatch(of: try Regex("(?m)^\(name)[ {]")) != nil, "\(name) in \(written)")
      }
    }
  }

  @Test func `the configurations under scripts are good ones`() async throws {
    let cronJob = try Checkout.text("scripts/deploy/kubernetes/cronjob.yaml")
    let mapped = try #require(
      cronJob.components(separatedBy: "  archiver.yaml: |\n").last?.components(separatedBy: "\n---\n").first)
    try await withTemporaryDirectory { directory in
      for text in [try Checkout.text("scripts/deploy/local/archiver.yaml"), mapped] {
        let indent = text.prefix { $0 == " " }
        let path = try directory.write(
          text.split(separator: "\n").map { $0.hasPrefix(indent) ? String($0.dropFirst(indent.count)) : String($0) }
            .joined(separator: "\n"), to: "archiver.yaml")
        let run = try await ArchiverCommand(
          ["config", "validate", "--config", path], environment: ["APP_DB_PASSWORD": "x"]
        ).run()
        #expect(run.exitCode == 0 && run.output.contains("good (1 database, 1 table"), "\(run)")
      }
    }
  }
}
