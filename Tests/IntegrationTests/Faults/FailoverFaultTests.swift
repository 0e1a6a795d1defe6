import Foundation
import TestSupport
import Testing

/// A standby takes over in the middle of a run, with all that was committed or without the last of it.
@Suite(.enabled(if: TestServer.version >= 130_000, "a standby without a restart is cut off since 13"))
struct FailoverFaultTests {
  /// When the primary goes: after the second batch has its manifest, or when nobody has heard what became of its COMMIT.
  enum Moment: String, Sendable, CaseIterable {
    case betweenBatches, commitUnanswered
  }

  /// That the last commit is there is the easier half.
  @Test(arguments: Moment.allCases, TestEnvironment.isThorough ? [true, false] : [false])
  func `a standby that takes over is gone on with, and never a second copy made unasked`(
    _ moment: Moment, hasLastCommit: Bool
  ) async throws {
    try await withThrowawayCluster { cluster in
      try await withTemporaryDirectory { directory in
        let faults = FaultScript()
        BlockingSQL.run(
          """
          \(FaultScenario.schema)
          INSERT INTO public.events (created_at, kind) SELECT timestamptz '2025-01-30 00:00+00', 'k' || g
          FROM generate_series(1, 60) AS g;
          INSERT INTO public.original SELECT * FROM public.events
          """, cluster.url)
        let proxy = try FaultProxy(to: cluster.port, wire: .postgres, script: faults.act)
        try await cluster.withStandby { standby in
          try directory.write(
            """
            version: 1
            storage: {url: "file://\(directory.path)/storage"}
            databases:
              - name: app
                url: postgresql://archiver_test@127.0.0.1:\(proxy.port),127.0.0.1:\(standby.port)/postgres?target_session_attrs=read-write
                tables:
                  - {name: events, timestamp_column: created_at, batch_size: 20, partition: none}
            """, to: "archiver.yaml")
          let run = { (arguments: [String]) in
            try await ArchiverCommand(arguments + ["--config", directory.path + "/archiver.yaml"]).run()
          }
          let first = try await run(["archive", "--max-batches", "1"])
          #expect(first.exitCode == 0, "\(first)")
          try await standby.catchUp()
          if !hasLastCommit { try await standby.cutOff() }
          let gate = Gate()
          let phase: FaultProxy.Phase = moment == .betweenBatches ? .request : .answer
          let step = moment == .betweenBatches ? Step.begin : .commit
          let watch = StepWatch(step, phase, times: moment == .betweenBatches ? 2 : 1)
          faults.install { moment in watch.fits(moment) && watch.hasCome ? gate.hold(moment) : .pass }
          let archiving = try ArchiverCommand(["archive", "--config", directory.path + "/archiver.yaml"]).start()
          _ = try await gate.arrival()
          if hasLastCommit { try await standby.catchUp() }
          try await cluster.crash()
          // What the primary had answered does not arrive either, and nobody listens at its place.
          proxy.stop()
          try await standby.promote()
          gate.open()
          let result = try await archiving.result()
          #expect([1, 69, 75].contains(result.exitCode), "\(result)")
          try await Self.check(standby.url, directory, ["--moment"])
          // The archive has a batch whose delete the new primary does not know.
          let isToTell = moment == .betweenBatches && !hasLastCommit
          let next = try await run(["archive"])
          #expect(next.exitCode == (isToTell ? 1 : 0), "\(next)")
          if isToTell {
            #expect(next.errorOutput.contains("the database has gone back in time"), "\(next)")
            try await Self.check(standby.url, directory, ["--moment"])
            let told = try await run(["recover", "--rows-came-back"])
            #expect(told.exitCode == 0 && told.output.contains("ignored from now on"), "\(told)")
            let last = try await run(["archive"])
            #expect(last.exitCode == 0, "\(last)")
          }
          try await Self.check(standby.url, directory, [])
          let left = BlockingSQL.run("SELECT count(*) FROM public.events", standby.url)
          #expect(left == "0")
          let verified = try await run(["verify", "--level", "database"])
          #expect(verified.exitCode == 0, "\(verified)")
        }
      }
    }
  }

  private static func check(_ url: String, _ directory: TemporaryDirectory, _ options: [String]) async throws {
    let result = try await Checker.run(storage: directory.path + "/storage", database: url, options)
    #expect(result.exitCode == 0, "\(result)")
  }
}
