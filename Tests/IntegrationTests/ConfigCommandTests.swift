import Foundation
import TestSupport
import Testing

/// `archiver config`, and what every command does with bad input.
@Suite struct ConfigCommandTests {
  @Test func `a bad file has all its errors told at once`() async throws {
    try await withTemporaryDirectory { directory in
      let path = try directory.write(
        """
        version: 1
        storage: {url: "ftp://nowhere"}
        databases:
          - name: app
            url: postgresql://archiver:s3cret@127.0.0.1/app
            tables:
              - {name: events, timestamp_column: created_at, batch_size: 0, retention: 3}
        """, to: "bad.yaml")
      for command in [["config", "validate"], ["archive"], ["config", "show"]] {
        let result = try await ArchiverCommand(command + ["-c", path]).run()
        #expect(result.exitCode == 78)
        let errors = result.errorOutput.split(separator: "\n").filter { $0.hasPrefix("error: ") }
        #expect(errors.count == 3, "\(result)")
        #expect(result.errorOutput.contains("bad.yaml:7"))
        #expect(result.errorOutput.contains("batch_size"))
        #expect(!result.errorOutput.contains("s3cret"))
      }
    }
  }

  @Test func `show fills in defaults and hides secrets`() async throws {
    try await withTemporaryDirectory { directory in
      let path = try directory.write(
        """
        version: 1
        storage: {url: "file:///srv/archive"}
        databases:
          - name: app
            url: postgresql://archiver:s3cret@127.0.0.1/app
            tables: [{name: events, timestamp_column: created_at}]
        """, to: "good.yaml")
      let shown = try await ArchiverCommand(["config", "show", "-c", path]).run()
      #expect(shown.exitCode == 0)
      #expect(shown.output.contains("batch_size: 10000"))
      #expect(!shown.output.contains("s3cret"))
      let good = try await ArchiverCommand(["config", "validate"], environment: ["ARCHIVER_CONFIG": path]).run()
      #expect(good.exitCode == 0, "\(good)")
      let schema = try await ArchiverCommand(["config", "schema"]).run()
      #expect(try JSONSerialization.jsonObject(with: Data(schema.outputBytes)) is [String: Any])
    }
  }

  @Test func `validate with connect tries everything`() async throws {
    try await withArchiveScenario(rows: 10) { scenario in
      let good = try await scenario.archiver("config", "validate", "--connect")
      #expect(good.output.contains("good"))
      #expect(!scenario.files.contains { $0.contains("check") || $0.contains("probe") })
      try scenario.configure(table: "primary_key: [created_at]")
      let bad = try await scenario.archiver("config", "validate", "--connect", expecting: 78)
      #expect(bad.errorOutput.contains("primary key"))
    }
  }

  @Test func `validate with connect tries the condition and the time zone`() async throws {
    let cases: [(line: String, problem: String?)] = [
      ("where: kind <> 'buy' AND (amount > 1 OR amount IS NULL)", nil), ("where: nope > 1", "cannot use where:"),
      ("where: kind <>", "cannot use where:"), ("where: kind + 1 = 2", "cannot use where:"),
      ("where: id = 'seven'", "cannot use where:"), ("time_zone: Europe/Nowhere", "cannot use time_zone:"),
    ]
    try await withArchiveScenario(rows: 10) { scenario in
      for (line, problem) in cases {
        try scenario.configure(table: line)
        let result = try await scenario.archiver("config", "validate", "--connect", expecting: problem == nil ? 0 : 78)
        #expect(
          problem.map { result.errorOutput.contains($0) && result.errorOutput.contains("hint: ") } ?? true, "\(line)")
      }
    }
  }

  @Test(arguments: [
    ["archive", "--nonsense"], ["nonsense"], ["archive", "--workers", "0"], ["archive", "--max-duration", "soon"],
    ["verify", "--from", "yesterday"], ["archive", "--output", "xml"],
  ])
  func `bad usage is 64`(arguments: [String]) async throws {
    let result = try await ArchiverCommand(arguments).run()
    #expect(result.exitCode == 64, "\(result)")
    #expect(result.errorOutput.contains("--help"))
  }

  @Test func `validate answers in JSON as well`() async throws {
    try await withArchiveScenario(rows: 10) { scenario in
      let good = try await scenario.archiver("config", "validate", "--output", "json")
      let object = try #require(try JSONSerialization.jsonObject(with: Data(good.outputBytes)) as? [String: Any])
      #expect(object["tables"] as? Int == 1 && object["connected"] as? Bool == false)
      #expect((object["problems"] as? [Any])?.isEmpty == true)
    }
  }

  @Test func `a filter that matches nothing is a configuration error that names what there is`() async throws {
    try await withArchiveScenario(rows: 10) { scenario in
      let result = try await scenario.archiver("archive", "--table", "events", "--table", "evnts", expecting: 78)
      #expect(result.errorOutput.contains("--table evnts") && result.errorOutput.contains("app.public.events"))
      #expect(scenario.files.isEmpty)
    }
  }

  @Test func `help and version are no errors`() async throws {
    for arguments in [["--help"], [], ["archive", "--help"], ["--version"]] {
      let result = try await ArchiverCommand(arguments).run()
      #expect(result.exitCode == 0)
      #expect(!result.output.isEmpty)
    }
  }
}
