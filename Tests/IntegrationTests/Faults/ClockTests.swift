import Foundation
import TestSupport
import Testing

/// A wrong clock of the machine that archives changes nothing: the database's counts.
@Suite struct ClockTests {
  /// What shifts the wall clock of a program by so many seconds; the library is built into `folder`.
  private static func environment(_ shift: Int, _ folder: String) async throws -> [String: String] {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Clock/shifted_clock.c").standardizedFileURL.path
    let library = folder + "/shifted_clock.so"
    let built = try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"), ["clang", "-shared", "-fPIC", "-o", library, source],
      environment: ArchiverCommand.cleanEnvironment
    ).result()
    try #require(built.exitCode == 0, "\(built)")
    return ["LD_PRELOAD": library, "CLOCK_SHIFT": "\(shift)"]
  }

  @Test(arguments: [-3600, 86_400])
  func `a clock that is wrong archives, settles and verifies rightly`(_ shift: Int) async throws {
    try await withArchiveScenario(rows: 400) { scenario in
      let began = Date.now
      let environment = try await Self.environment(shift, scenario.directory.path)
      func run(_ arguments: String...) async throws -> CommandResult {
        let result = try await ArchiverCommand(
          arguments + ["--config", scenario.configuration], environment: environment
        ).run()
        #expect(result.exitCode == 0, "\(arguments): \(result)")
        return result
      }
      try scenario.configure(table: "partition: none", batchSize: 100)
      // A right clock before the wrong one: afterwards it has been set back, or forward.
      try await scenario.archiver("archive", "--max-batches", "1")
      _ = try await run("archive", "--max-batches", "1")
      let wrong = try #require(scenario.manifests.last)
      try scenario.unsettle(wrong)
      let settled = try await run("recover")
      #expect(settled.output.contains("it was committed"), "\(settled)")
      _ = try await run("archive")
      _ = try await run("verify", "--level", "database")
      try await scenario.archiver("verify", "--level", "database")
      #expect(try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind <> 'fresh'") == "0")
      let batches = scenario.manifests
      #expect(batches.count == 4)
      var shifted = 0
      for batch in batches {
        let document = try scenario.json(batch)
        // The run's id, which is this machine's, shows that the clock was wrong indeed.
        let id = try #require(document["run_id"] as? String).replacing("-", with: "").prefix(12)
        let milliseconds = Double(try #require(UInt64(id, radix: 16)))
        let lead = milliseconds / 1000 - began.timeIntervalSince1970
        if abs(lead - Double(shift)) < 300 { shifted += 1 }
        for name in ["archived_at", "committed_at"] {
          let time = try #require(document[name] as? String)
          let date = try Date(time, strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true))
          #expect(date.timeIntervalSince(began) > -60 && date.timeIntervalSince(began) < 300, "\(name) \(time)")
        }
      }
      #expect(shifted == 3)
    }
  }
}
