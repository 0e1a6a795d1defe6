import Foundation
import TestSupport
import Testing

/// What the program writes on its streams, and how signals end it.
@Suite struct CommandOutputTests {
  @Test func `every log line and the result carry the run`() async throws {
    try await withArchiveScenario(rows: 700) { scenario in
      let result = try await scenario.archiver("archive", "-v", "--output", "json")
      let report = try #require(try JSONSerialization.jsonObject(with: Data(result.outputBytes)) as? [String: Any])
      let runID = try #require(report["run_id"] as? String)
      let lines = result.errorOutput.split(separator: "\n")
      #expect(lines.count >= 5)
      for line in lines {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        #expect(object?["run_id"] == runID, "\(line)")
      }
    }
  }

  @Test(arguments: [
    (["archive", "--config", "/nonexistent/archiver.yaml"], Int32(78), "configuration"),
    (["verify", "--storage", "file:///nonexistent/archive"], 78, "configuration"),
    (["inspect", "list", "--storage", "nonsense"], 78, "configuration"),
  ])
  func `where a document was asked for, errors come as one`(
    arguments: [String], code: Int32, category: String
  ) async throws {
    let result = try await ArchiverCommand(arguments + ["--output", "json"]).run()
    #expect(result.exitCode == code, "\(result)")
    let document = try #require(try JSONSerialization.jsonObject(with: Data(result.outputBytes)) as? [String: Any])
    let errors = try #require(document["errors"] as? [[String: String]])
    #expect(errors.count == 1 && errors[0]["category"] == category, "\(errors)")
    #expect(result.errorOutput.contains("error: \(errors[0]["message"] ?? "none")"), "\(result)")
    #expect(result.errorOutput.contains("run: \(document["run_id"] ?? "none")"), "\(result)")
  }

  @Test func `a run without trouble writes nothing on standard error`() async throws {
    try await withArchiveScenario(rows: 700) { scenario in
      let archived = try await scenario.archiver("archive")
      let verified = try await scenario.archiver("verify")
      #expect(archived.errorOutput == "" && verified.errorOutput == "")
    }
  }

  /// How a shell can spoil the streams, and the exit code.
  @Test(arguments: [
    (">&-", Int32(0)), ("2>&-", 0), ("<&- >&- 2>&-", 0), (">/dev/full", 1), ("| head -c 5; exit ${PIPESTATUS[0]}", 0),
  ])
  func `spoiled standard streams never crash it, and lost results are an error`(
    redirection: String, code: Int32
  ) async throws {
    let shell = try await CommandRun(
      URL(fileURLWithPath: "/bin/bash"),
      ["-c", "\"$0\" config schema \(redirection)", TestEnvironment.archiverBinary().path],
      environment: ArchiverCommand.cleanEnvironment
    ).result()
    #expect(shell.exitCode == code, "\(shell)")
  }

  @Test func `a second signal rolls the batch in hand back`() async throws {
    try await withArchiveScenario(rows: 200) { scenario in
      _ = try await scenario.database.psql(
        """
        CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM pg_catalog.pg_sleep(60); RETURN NULL; END';
        CREATE TRIGGER slow BEFORE DELETE ON public.events EXECUTE FUNCTION public.slow();
        """)
      try scenario.configure(table: "hazards: [delete-trigger]")
      let run = try ArchiverCommand(["archive", "-c", scenario.configuration]).start()
      let deadline = ContinuousClock.now + .seconds(20)
      var sleeping = "0"
      while sleeping == "0", ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(50))
        sleeping = try await scenario.database.psql(
          "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
      }
      #expect(sleeping == "1")
      let began = ContinuousClock.now
      run.send(signal: SIGINT)
      try await run.wait(for: "stopping after the batch in hand")
      run.send(signal: SIGINT)
      let result = try await run.result()
      #expect(result.exitCode == 130, "\(result)")
      #expect(ContinuousClock.now - began < .seconds(30))
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind <> 'fresh'")
      #expect(left == "200" && scenario.manifests.isEmpty)
      try await scenario.archiver("recover")
      #expect(!scenario.files.contains { $0.hasPrefix("db=") }, "\(scenario.files)")
    }
  }
}
