import Foundation
import TestSupport
import Testing

/// What monitoring is told of a run: the metrics file and the webhook.
@Suite struct RunNoticeTests {
  @Test func `the metrics of runs are what Prometheus's own checker takes`() async throws {
    try await withArchiveScenario(rows: 700) { scenario in
      let path = scenario.directory.path + "/archiver.prom"
      try scenario.configure(top: "metrics_file: \(path)")
      try await scenario.archiver("archive", "--dry-run")
      #expect(!FileManager.default.fileExists(atPath: path), "a dry run writes nothing")
      try await scenario.archiver("archive")
      try await scenario.database.psql("CREATE RULE r AS ON DELETE TO public.events DO ALSO SELECT 1")
      try await scenario.archiver("archive", expecting: 1)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      for line in [
        #"archiver_rows_archived_total{database="app",schema="public",table="events"} 700"#,
        #"archiver_table_failures_total{database="app",schema="public",table="events"} 1"#,
        #"archiver_runs_total{code="0"} 1"#, #"archiver_runs_total{code="1"} 1"#, "archiver_last_run_exit_code 1",
      ] {
        #expect(text.contains(line + "\n"), "\(line) in\n\(text)")
      }
      for step in ["fetch", "upload", "verify", "delete", "commit", "manifest"] {
        let line = text.split(separator: "\n").first { $0.contains("step=\"\(step)\"") }
        let seconds = line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
        #expect(seconds > 0 && seconds < 60, "\(step): \(line ?? "missing")")
      }
      let checked = try await Checkout.run(
        "bash", "-c", "\"$(scripts/lib/lint_tools.sh promtool)\" check metrics <\"$0\"", path)
      #expect(checked.exitCode == 0, "\(checked)\n\(text)")
    }
  }

  @Test func `metrics that cannot be written change nothing but the log`() async throws {
    try await withArchiveScenario(rows: 10) { scenario in
      try scenario.configure(top: "metrics_file: /nonexistent/archiver.prom")
      let result = try await scenario.archiver("archive")
      #expect(result.errorOutput.contains("the metrics file was not written"), "\(result)")
    }
  }

  @Test func `a storage that is not there is told as well`() async throws {
    try await withArchiveScenario(rows: 10) { scenario in
      let path = scenario.directory.path + "/archiver.prom"
      try scenario.configure(top: "metrics_file: \(path)")
      let text = try String(contentsOfFile: scenario.configuration, encoding: .utf8)
      try scenario.directory.write("", to: "file")
      try scenario.directory.write(
        text.replacing("url: \(scenario.storageURL)", with: "url: file://\(scenario.directory.path)/file/x"),
        to: "archiver.yaml")
      let run = try await ArchiverCommand(["archive", "-c", scenario.configuration]).run()
      #expect(run.exitCode != 0)
      let metrics = try String(contentsOfFile: path, encoding: .utf8)
      #expect(metrics.contains("archiver_last_run_exit_code \(run.exitCode)\n"), "\(run)\n\(metrics)")
    }
  }

  @Test func `the webhook gets the summary, without secrets`() async throws {
    try await withArchiveScenario(rows: 50) { scenario in
      let server = try Self.receiver(answering: 200, in: scenario.directory)
      try await server.wait(for: "port ")
      let port = try await Self.port(of: server, in: scenario.directory)
      try scenario.configure(top: "webhook: {url: \"http://127.0.0.1:\(port)/hook?token=sesame\"}")
      try await scenario.archiver("archive")
      let body = try Data(contentsOf: scenario.directory.file("body"))
      let object = try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
      #expect(
        object["exit_code"] as? Int == 0 && object["run_id"] is String && object["command"] as? String == "archive")
      #expect((object["tables"] as? [[String: Any]])?.first?["rows"] as? Int == 50)
      let text = String(decoding: body, as: UTF8.self)
      #expect(!text.contains("sesame") && !text.contains("secret"))
      server.send(signal: SIGTERM)
    }
  }

  @Test func `a verify of the whole archive is told, and one of a part is not`() async throws {
    try await withArchiveScenario(rows: 50) { scenario in
      let server = try Self.receiver(answering: 200, in: scenario.directory)
      try await server.wait(for: "port ")
      let port = try await Self.port(of: server, in: scenario.directory)
      let path = scenario.directory.path + "/archiver.prom"
      try scenario.configure(top: "metrics_file: \(path)\nwebhook: {url: \"http://127.0.0.1:\(port)/hook\"}")
      try await scenario.archiver("archive")
      try await scenario.archiver("verify")
      let sound = try String(contentsOfFile: path, encoding: .utf8)
      for line in [
        "archiver_verify_findings 0", "archiver_last_run_exit_code 0", "archiver_verify_last_run_exit_code 0",
      ] {
        #expect(sound.contains(line + "\n"), "\(line) in\n\(sound)")
      }
      let object = try #require(scenario.files.first { $0.hasSuffix(".jsonl.gz") })
      try FileManager.default.removeItem(atPath: scenario.directory.path + "/storage/" + object)
      try await scenario.archiver("verify", "--table", "events", expecting: 1)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == sound)
      try await scenario.archiver("verify", expecting: 1)
      let damaged = try String(contentsOfFile: path, encoding: .utf8)
      #expect(damaged.contains("archiver_verify_findings 1\n"), "\(damaged)")
      let kept = #"archiver_verify_last_success_timestamp_seconds{level="full"}"#
      #expect(
        damaged.split(separator: "\n").filter { $0.hasPrefix(kept) }
          == sound.split(separator: "\n").filter { $0.hasPrefix(kept) })
      let body = try Data(contentsOf: scenario.directory.file("body"))
      let told = try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
      #expect(told["command"] as? String == "verify" && told["exit_code"] as? Int == 1)
      #expect((told["findings"] as? [[String: Any]])?.first?["code"] as? String == "missing-object", "\(told)")
      server.send(signal: SIGTERM)
    }
  }

  @Test(arguments: [500, 404])
  func `a webhook that fails never fails the run`(status: Int) async throws {
    try await withArchiveScenario(rows: 50) { scenario in
      let server = try Self.receiver(answering: status, in: scenario.directory)
      try await server.wait(for: "port ")
      let port = try await Self.port(of: server, in: scenario.directory)
      try scenario.configure(top: "webhook: {url: \"http://127.0.0.1:\(port)/sesame\"}")
      let result = try await scenario.archiver("archive")
      #expect(
        result.errorOutput.contains("it answered \(status)") && !result.errorOutput.contains("sesame"), "\(result)")
      server.send(signal: SIGTERM)
    }
  }

  /// A server that keeps the last body in the file `body` and its port in the file `port`.
  private static func receiver(answering status: Int, in directory: TemporaryDirectory) throws -> CommandRun {
    let program = """
      import http.server, sys
      class Handler(http.server.BaseHTTPRequestHandler):
          def do_POST(self):
              body = self.rfile.read(int(self.headers["content-length"]))
              open(sys.argv[1] + "/body", "wb").write(body)
              self.send_response(int(sys.argv[2]))
              self.send_header("content-length", "0")
              self.end_headers()
          def log_message(self, *arguments): pass
      server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
      open(sys.argv[1] + "/port", "w").write(str(server.server_port))
      print("port", server.server_port, flush=True)
      server.serve_forever()
      """
    return try CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", program, directory.path, "\(status)"],
      environment: ArchiverCommand.cleanEnvironment)
  }

  private static func port(of server: CommandRun, in directory: TemporaryDirectory) async throws -> String {
    try String(contentsOf: directory.file("port"), encoding: .utf8)
  }
}
