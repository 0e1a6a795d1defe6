import Foundation
import TestSupport
import Testing

/// A server that really goes back to a copy of its files.
@Suite struct ColdCopyTests {
  @Test(arguments: [false, true])
  func `batches since the copy are told, and their rows archived anew on demand`(onNewTimeline: Bool) async throws {
    try await withThrowawayCluster { cluster in
      try await withTemporaryDirectory { directory in
        let database = ThrowawayDatabase(name: "postgres", url: cluster.url)
        let scenario = ArchiveScenario(
          database: database, directory: directory, storageURL: "file://\(directory.path)/storage")
        _ = try await database.psql(ArchiveScenario.events(100))
        try scenario.configure(table: "partition: none")
        let data = try await database.psql("SHOW data_directory")
        try await scenario.archiver("archive")
        for kind in ["second", "third"] {
          _ = try await database.psql(
            "INSERT INTO public.events (created_at, kind) SELECT '2025-03-01', '\(kind)' FROM generate_series(1, 20)")
        }
        let before = try await scenario.fingerprint()

        try await cluster.crash()
        try await Self.run("cp", "-a", data, data + ".copy")
        try await cluster.start()
        let known = Set(scenario.manifests)
        try scenario.configure(table: "partition: none\nwhere: kind <> 'third'")
        try await scenario.archiver("archive")
        let second = try #require(scenario.manifests.first { !known.contains($0) })
        try scenario.configure(table: "partition: none")
        try await scenario.archiver("archive")
        // The third batch was committed, too, but its archiver did not come to its manifest.
        let third = try #require(scenario.manifests.first { $0 != second && !known.contains($0) })
        let batches = try [second, third].map { try #require(try scenario.json($0)["batch_id"] as? String) }
        try scenario.unsettle(third)

        try await cluster.crash()
        try await Self.run("rm", "-r", data)
        try await Self.run("mv", data + ".copy", data)
        if onNewTimeline {
          // Since 12 an empty file says what recovery.conf said by being there.
          let isOld = TestServer.version < 120_000
          try await Self.run("cp", "-a", data + "/PG_VERSION", data + (isOld ? "/recovery.conf" : "/recovery.signal"))
          let file = isOld ? "/recovery.conf" : "/postgresql.auto.conf"
          if isOld { try Data().write(to: URL(fileURLWithPath: data + file)) }
          let settings = try FileHandle(forWritingTo: URL(fileURLWithPath: data + file))
          try settings.seekToEnd()
          try settings.write(contentsOf: Data("restore_command = 'false'\n".utf8))
          try settings.close()
        }
        try await cluster.start()
        while try await database.psql("SELECT pg_is_in_recovery()") == "t" {
          try await Task.sleep(for: .milliseconds(100))
        }

        let refused = try await scenario.archiver("archive", expecting: 1)
        #expect(refused.errorOutput.contains("the database has gone back in time"), "\(refused)")
        #expect(refused.errorOutput.contains(batches[0]) && !refused.errorOutput.contains("\(batches[1]), committed"))
        let mark = try #require(scenario.files.first { $0.hasSuffix("_\(batches[1]).aborted.json") })
        #expect(try scenario.json(mark)["evidence"] as? String == (onNewTimeline ? "rows-found" : "ledger"))
        try await scenario.archiver("recover", "--rows-came-back", "--grace", "0s")
        let superseded = try #require(scenario.files.first { $0.hasSuffix("_\(batches[0]).superseded.json") })
        let server = try scenario.json(superseded)["server"] as? [String: Any]
        #expect(server?["timeline"] as? Int == (onNewTimeline ? 2 : 1))
        try await scenario.archiver("archive")
        // Only the manifest that this test took away is missed, by the record of its run.
        let verified = try await scenario.archiver("verify", "--level", "database", expecting: 1)
        #expect(verified.output.contains("finding gap") && verified.output.contains("1 finding in"), "\(verified)")
        // Nothing of the other history is removed, and every row is in the archive once.
        #expect(batches.allSatisfy { batch in scenario.files.contains { $0.hasSuffix("/\(batch).jsonl.gz") } })
        let rows = try await scenario.archiver("inspect", "rows")
        #expect(rows.output.split(separator: "\n").count == 140)
        try await scenario.archiver("restore")
        #expect(before.hasPrefix("40|"))
        #expect(try await scenario.fingerprint().hasPrefix("140|"))
      }
    }
  }

  private static func run(_ command: String...) async throws {
    let result = try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"), command, environment: ArchiverCommand.cleanEnvironment
    ).result()
    #expect(result.exitCode == 0, "\(result)")
  }
}
