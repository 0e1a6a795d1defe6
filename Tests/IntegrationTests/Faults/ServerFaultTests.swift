import Foundation
import Synchronization
import TestSupport
import Testing

/// The whole server goes away in the middle of a run, or commits without its standby.
@Suite struct ServerFaultTests {
  /// Runs `body` with a table on a server of its own behind a proxy, archived to a directory.
  private static func withServer(
    _ body: (ThrowawayCluster, FaultScript, String, TemporaryDirectory) async throws -> Void
  ) async throws {
    try await withThrowawayCluster { cluster in
      try await withTemporaryDirectory { directory in
        let faults = FaultScript()
        try await withFaultProxy(to: cluster.url, wire: .postgres, script: faults.act) { url in
          try psql(
            """
            \(FaultScenario.schema);
            INSERT INTO public.events (created_at, kind) SELECT timestamptz '2025-01-30 00:00+00', 'k' || g
            FROM generate_series(1, 60) AS g;
            INSERT INTO public.original SELECT * FROM public.events
            """, cluster.url)
          try directory.write(
            """
            version: 1
            storage: {url: "file://\(directory.path)/storage"}
            databases:
              - name: app
                url: \(url)
                tables:
                  - {name: events, timestamp_column: created_at, batch_size: 20, partition: none}
            """, to: "archiver.yaml")
          try await body(cluster, faults, directory.path + "/archiver.yaml", directory)
        }
      }
    }
  }

  private static func check(_ cluster: ThrowawayCluster, _ directory: TemporaryDirectory, _ options: [String])
    async throws
  {
    let result = try await Checker.run(storage: directory.path + "/storage", database: cluster.url, options)
    #expect(result.exitCode == 0, "\(result)")
  }

  @Test(arguments: [Step.delete, .ledger, .commit])
  func `a server that crashes in the middle of a run is gone on with by the next`(_ step: Step) async throws {
    try await Self.withServer { cluster, faults, configuration, directory in
      let (crashes, crash) = AsyncStream.makeStream(of: Void.self)
      let isOver = DispatchSemaphore(value: 0)
      faults.spoil(step, .request) { _ in
        crash.yield()
        isOver.wait()
        return .pass
      }
      let run = try ArchiverCommand(["archive", "--config", configuration]).start()
      for await _ in crashes { break }
      try await cluster.crash()
      try await cluster.start()
      isOver.signal()
      let result = try await run.result()
      #expect([1, 69, 75].contains(result.exitCode), "\(result)")
      try await Self.check(cluster, directory, ["--moment"])
      for command in ["recover", "archive"] {
        let next = try await archiver(command, "--config", configuration)
        #expect(next.exitCode == 0, "\(next)")
        try await Self.check(cluster, directory, command == "archive" ? ["--private"] : [])
      }
      let left = try Self.psql("SELECT count(*) FROM public.events", cluster.url)
      #expect(left == "0")
    }
  }

  @Test func `a COMMIT whose wait for the standby was cancelled is in doubt, and settled`() async throws {
    try await Self.withServer { cluster, faults, configuration, directory in
      // The first run makes the ledger, which would wait for the standby as well.
      let first = try await archiver("archive", "--max-batches", "1", "--config", configuration)
      #expect(first.exitCode == 0, "\(first)")
      try Self.psql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", cluster.url)
      try Self.psql("SELECT pg_reload_conf()", cluster.url)
      let url = cluster.url
      faults.spoil(.commit, .request) { _ in
        Thread.detachNewThread {
          for _ in 0..<100 {
            let cancelled = try? Self.psql(
              "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", url)
            if cancelled != "0" { return }
            usleep(50_000)
          }
        }
        return .pass
      }
      let result = try await archiver("archive", "--config", configuration)
      #expect(result.exitCode == 1, "\(result)")
      #expect(result.errorOutput.contains("not known whether the batch was committed"), "\(result)")
      try Self.psql("ALTER SYSTEM RESET synchronous_standby_names", cluster.url)
      try Self.psql("SELECT pg_reload_conf()", cluster.url)
      faults.install()
      try await Self.check(cluster, directory, ["--moment"])
      let next = try await archiver("archive", "--config", configuration)
      #expect(next.exitCode == 0, "\(next)")
      try await Self.check(cluster, directory, [])
    }
  }

  /// Runs SQL and gives its output; blocks, so that a proxy's thread can call it.
  @discardableResult
  private static func psql(_ sql: String, _ url: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
