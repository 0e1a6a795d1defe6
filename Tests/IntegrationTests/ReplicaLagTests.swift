import Foundation
import TestSupport
import Testing

/// `max_replica_lag` with a real standby.
@Suite struct ReplicaLagTests {
  @Test func `batches wait for a replica that is behind, and go on when it is not`() async throws {
    try await withThrowawayCluster { cluster in
      try await withTemporaryDirectory { directory in
        let database = ThrowawayDatabase(name: "postgres", url: cluster.url)
        let scenario = ArchiveScenario(
          database: database, directory: directory, storageURL: "file://" + directory.path + "/storage")
        try await database.psql(ArchiveScenario.events(900))
        try await cluster.withStandby(applyDelay: "3s") { _ in
          // A replica tells its lag when it replays the first commit: two batches are done by then.
          try scenario.configure(table: "max_replica_lag: 1s\nmax_rows_per_second: 150\npartition: none")
          let waited = try await scenario.archiver("archive")
          #expect(waited.errorOutput.contains("no batch begins"), "\(waited)")
          #expect(waited.errorOutput.contains("a replica is "), "\(waited)")
          #expect(waited.errorOutput.contains("batches begin again"), "\(waited)")
          #expect(scenario.manifests.count == 3)
        }
      }
    }
  }
}
