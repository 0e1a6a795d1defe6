import Foundation
import TestSupport
import Testing

/// The disk of the PostgreSQL server is full, in the middle of a run.
@Suite(.enabled(if: SmallDisk.isPossible && TestServer.version >= 120_000, "needs mount and wal_recycle"))
struct DiskFaultTests {
  /// What the server cannot write any more.
  enum Want: String, Sendable, CaseIterable {
    /// The file of a sort that does not fit into memory: the statement fails.
    case sortFile
    /// The log of what was deleted: the whole server ends, as if it had crashed.
    case log
  }

  @Test(arguments: Want.allCases)
  func `a server whose disk is full fails the run, and the next one goes on`(_ want: Want) async throws {
    try await withThrowawayCluster(diskSize: "120m") { cluster in
      try await withTemporaryDirectory { directory in
        let faults = FaultScript()
        try await withFaultProxy(to: cluster.url, wire: .postgres, script: faults.act) { url in
          let database = ThrowawayDatabase(name: "postgres", url: cluster.url)
          try await database.psql(
            """
            \(FaultScenario.schema)
            INSERT INTO public.events (created_at, kind)
            SELECT timestamptz '2025-01-30 00:00+00' + g * interval '1 s', repeat(md5(g::text), 50)
            FROM generate_series(1, 6000) AS g;
            INSERT INTO public.original SELECT * FROM public.events;
            """)
          if want == .sortFile {
            try await database.psql("DROP INDEX public.events_created_at_id_idx; ALTER SYSTEM SET work_mem = '64kB'")
          }
          try directory.write(
            """
            version: 1
            storage: {url: "file://\(directory.path)/storage"}
            databases:
              - name: app
                url: \(url)
                tables:
                  - {name: events, timestamp_column: created_at, batch_size: 2000, partition: none}
            """, to: "archiver.yaml")
          let configuration = directory.path + "/archiver.yaml"
          let first = try await archiver("archive", "--max-batches", "1", "--config", configuration)
          #expect(first.exitCode == 0, "\(first)")
          // A server that starts again by itself frees the log it has read, and the run may then go on and succeed.
          try await database.psql(
            """
            ALTER SYSTEM SET wal_recycle = off;
            ALTER SYSTEM SET restart_after_crash = off;
            SELECT pg_reload_conf();
            CHECKPOINT;
            CHECKPOINT
            """)
          let ballast = cluster.data + "/ballast"
          let (primary, step) = (cluster.url, want == .sortFile ? Step.fetch : Step.delete)
          faults.spoil(step, .request) { _ in
            BlockingSQL.attempt(
              "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 200000)) TO '\(ballast)'", primary)
            // The log has room left in segments made ahead: this is more than they can hold, so the server ends.
            if want == .log {
              BlockingSQL.attempt(
                "SELECT pg_logical_emit_message(false, 'room', repeat('x', 500000)) FROM generate_series(1, 250)",
                primary)
            }
            return .pass
          }
          let result = try await archiver("archive", "--config", configuration)
          #expect([1, 69, 75].contains(result.exitCode), "\(result)")
          #expect(result.errorOutput.split(separator: "\n").count { $0.hasPrefix("error: ") } == 1, "\(result)")
          if want == .sortFile { #expect(result.errorOutput.contains("53100"), "\(result)") }
          faults.install()
          try FileManager.default.removeItem(atPath: ballast)
          try await cluster.crash()
          try await cluster.start()
          for options in [["--moment"], []] {
            let checked = try await Checker.run(
              storage: directory.path + "/storage", database: cluster.url, options)
            #expect(checked.exitCode == 0, "\(checked)")
            let next = try await archiver("archive", "--config", configuration)
            #expect(next.exitCode == 0, "\(next)")
            let settled = try await archiver("recover", "--config", configuration)
            #expect(settled.exitCode == 0, "\(settled)")
          }
          #expect(try await database.psql("SELECT count(*) FROM public.events") == "0")
        }
      }
    }
  }
}
