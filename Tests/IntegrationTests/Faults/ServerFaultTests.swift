import Foundation
import Synchronization
import TestSupport
import Testing

/// The whole server goes away in the middle of a run, or commits without its standby.
@Suite struct ServerFaultTests {
  /// Runs `body` with a table on a server of its own behind a proxy, archived to a directory.
  private static func withServer(
    ledger: LedgerUse = .ledger,
    _ body: (ThrowawayCluster, FaultScript, String, TemporaryDirectory) async throws -> Void
  ) async throws {
    try await withThrowawayCluster { cluster in
      try await withTemporaryDirectory { directory in
        let faults = FaultScript()
        try await withFaultProxy(to: cluster.url, wire: .postgres, script: faults.act) { url in
          BlockingSQL.run(
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
                \(ledger.rawValue)
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

  static let moments: [(step: Step, phase: FaultProxy.Phase)] = [
    (.delete, .request), (.record, .request), (.commit, .request), (.commit, .answer),
  ]

  @Test(
    arguments: moments,
    LedgerUse.allCases)
  func `a server that crashes in the middle of a run is gone on with by the next`(
    _ moment: (step: Step, phase: FaultProxy.Phase), _ ledger: LedgerUse
  ) async throws {
    try await Self.withServer(ledger: ledger) { cluster, faults, configuration, directory in
      let gate = Gate()
      faults.spoil(moment.step, moment.phase, gate.hold)
      let run = try ArchiverCommand(["archive", "--config", configuration]).start()
      _ = try await gate.arrival()
      try await cluster.crash()
      try await cluster.start()
      gate.open()
      let result = try await run.result()
      #expect([1, 69, 75].contains(result.exitCode), "\(result)")
      let options = ledger == .none ? ["--no-ledger"] : []
      try await Self.check(cluster, directory, options + ["--moment"])
      for command in ["recover", "archive"] {
        let next = try await archiver(command, "--config", configuration)
        #expect(next.exitCode == 0, "\(next)")
        try await Self.check(cluster, directory, options + (command == "archive" ? ["--private"] : []))
      }
      let left = BlockingSQL.run("SELECT count(*) FROM public.events", cluster.url)
      #expect(left == "0")
    }
  }

  @Test func `a COMMIT whose wait for the standby was cancelled is in doubt, and settled`() async throws {
    try await Self.withServer { cluster, faults, configuration, directory in
      // The first run makes the ledger, which would wait for the standby as well.
      let first = try await archiver("archive", "--max-batches", "1", "--config", configuration)
      #expect(first.exitCode == 0, "\(first)")
      BlockingSQL.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'", cluster.url)
      BlockingSQL.run("SELECT pg_reload_conf()", cluster.url)
      let url = cluster.url
      faults.spoil(.commit, .request) { _ in
        Thread.detachNewThread {
          for _ in 0..<100 {
            let cancelled = BlockingSQL.run(
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
      BlockingSQL.run("ALTER SYSTEM RESET synchronous_standby_names", cluster.url)
      BlockingSQL.run("SELECT pg_reload_conf()", cluster.url)
      faults.install()
      try await Self.check(cluster, directory, ["--moment"])
      let next = try await archiver("archive", "--config", configuration)
      #expect(next.exitCode == 0, "\(next)")
      try await Self.check(cluster, directory, [])
    }
  }
}
