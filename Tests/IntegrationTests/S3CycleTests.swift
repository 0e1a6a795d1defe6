import Foundation
import TestSupport
import Testing

/// The main job against a real S3 server over HTTP.
@Suite struct S3CycleTests {
  @Test func `rows go to S3 and come back with every column equal`() async throws {
    let server = try TestEnvironment.s3()
    try await withThrowawayDatabase { database in
      try await withTemporaryDirectory { directory in
        _ = try await database.psql(ArchiveScenario.events(3000))
        let scenario = ArchiveScenario(
          database: database, directory: directory,
          storageURL: "s3://\(server.bucket)/cycle/\(UUID().uuidString.lowercased())")
        try scenario.configure(
          table: "partition: month",
          storage: """
            region: \(server.region)
            endpoint: \(server.endpoint)
            access_key_id: \(server.accessKeyID)
            secret_access_key: \(server.secretAccessKey)
            """)
        let before = try await scenario.fingerprint()
        let archived = try await scenario.archiver("archive", "--workers", "2", "--output", "json")
        let document = try #require(
          try JSONSerialization.jsonObject(with: Data(archived.outputBytes)) as? [String: Any])
        let table = try #require((document["tables"] as? [[String: Any]])?.first)
        #expect(table["rows"] as? Int == 3000)
        #expect(table["remaining"] as? Int == 0)
        let left = try await database.psql("SELECT count(*) FROM public.events")
        #expect(left == "50")

        // An auditor needs no configuration, only the credentials in the environment.
        let credentials = [
          "AWS_ACCESS_KEY_ID": server.accessKeyID, "AWS_SECRET_ACCESS_KEY": server.secretAccessKey,
        ]
        let audit = try await ArchiverCommand(
          ["verify", "--storage", scenario.storageURL, "--region", server.region, "--endpoint", server.endpoint],
          environment: credentials
        ).run()
        #expect(audit.exitCode == 0, "\(audit)")

        try await scenario.archiver("restore")
        let after = try await scenario.fingerprint()
        #expect(after == before)
        try await scenario.archiver("verify", "--level", "database")
      }
    }
  }
}
