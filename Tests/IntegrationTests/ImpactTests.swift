import Foundation
import TestSupport
import Testing

/// The limits on when and how fast batches begin, on a real server.
@Suite struct ImpactTests {
  @Test func `no batch begins while the pause file exists`() async throws {
    try await withArchiveScenario(rows: 900) { scenario in
      let pause = scenario.directory.path + "/pause"
      try scenario.configure(table: "pause_file: \(pause)")
      try scenario.directory.write("", to: "pause")
      let run = try ArchiverCommand(["archive", "-c", scenario.configuration]).start()
      try await run.wait(for: "no batch begins")
      try await Task.sleep(for: .milliseconds(300))
      #expect(scenario.manifests.isEmpty)
      try FileManager.default.removeItem(atPath: pause)
      let result = try await run.result()
      #expect(result.exitCode == 0 && scenario.manifests.count >= 3, "\(result)")
      #expect(result.errorOutput.contains(pause) && result.errorOutput.contains("batches begin again"))
    }
  }

  @Test func `a paused run still hears a signal and its own time limit`() async throws {
    try await withArchiveScenario(rows: 300) { scenario in
      try scenario.configure(table: "pause_file: \(scenario.configuration)")
      let run = try ArchiverCommand(["archive", "-c", scenario.configuration]).start()
      try await run.wait(for: "no batch begins")
      run.send(signal: SIGTERM)
      #expect(try await run.result().exitCode == 143)
      let limited = try await scenario.archiver("archive", "--max-duration", "1s")
      #expect(limited.output.contains("stopped") && scenario.manifests.isEmpty, "\(limited)")
    }
  }

  /// Whole hours around now, in a zone far from UTC, as the server has it.
  @Test(arguments: [(-1, 2, true), (2, 4, false)])
  func `outside the window nothing is archived`(from: Int, to: Int, isInside: Bool) async throws {
    try await withArchiveScenario(rows: 300) { scenario in
      func hour(_ offset: Int) async throws -> String {
        try await scenario.database.psql(
          "SELECT to_char((clock_timestamp() AT TIME ZONE 'Asia/Kolkata') + interval '\(offset) hours', 'HH24:MI')")
      }
      let window = "\(try await hour(from))-\(try await hour(to))"
      try scenario.configure(table: "window: \"\(window)\"\ntime_zone: Asia/Kolkata")
      let result = try await scenario.archiver("archive")
      #expect(scenario.manifests.isEmpty == !isInside, "\(result)")
      #expect(result.output.contains("outside the window \(window)") == !isInside, "\(result)")
      #expect(result.output.contains(isInside ? "complete" : "stopped"), "\(result)")
    }
  }

  @Test func `no more rows a second than allowed`() async throws {
    try await withArchiveScenario(rows: 1000) { scenario in
      try scenario.configure(table: "max_rows_per_second: 400")
      let began = ContinuousClock.now
      try await scenario.archiver("archive")
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      // Every batch is followed by its rest.
      #expect(seconds >= 2.5, "\(seconds) s for 1000 rows")
    }
  }

  @Test func `a role that cannot see replicas may not be asked to wait for them`() async throws {
    try await withArchiveScenario(rows: 10) { scenario in
      try await scenario.database.withRole { role in
        try await scenario.database.psql(
          "GRANT SELECT, DELETE, UPDATE ON public.events TO \(role.name); GRANT CREATE ON DATABASE \(scenario.database.name) TO \(role.name)"
        )
        let configuration = try String(contentsOfFile: scenario.configuration, encoding: .utf8)
          .replacing(scenario.database.url, with: try scenario.database.url(for: role))
          .replacing("batch_size: 300", with: "batch_size: 300\n        max_replica_lag: 5s")
        try scenario.directory.write(configuration, to: "archiver.yaml")
        let refused = try await scenario.archiver("archive", expecting: 1)
        #expect(refused.errorOutput.contains("GRANT pg_monitor TO"), "\(refused)")
        try await scenario.database.psql("GRANT pg_monitor TO \(role.name)")
        // Without a replica the limit has no effect.
        try await scenario.archiver("archive")
        #expect(!scenario.manifests.isEmpty)
      }
    }
  }
}
