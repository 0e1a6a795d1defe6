import Foundation
import TestSupport
import Testing

/// A server in recovery is told from one that can be archived from.
@Suite struct StandbyTests {
  @Test func `a standby is refused before anything is touched`() async throws {
    try await withThrowawayCluster { cluster in
      try await withTemporaryDirectory { directory in
        // A standby without a primary: it waits for one, and answers meanwhile.
        let isOld = TestServer.version < 120_000
        let copy = isOld ? "COPY (SELECT ''standby_mode = on'') TO %L" : "COPY (SELECT) TO %L"
        let file = isOld ? "recovery.conf" : "standby.signal"
        try await psql(
          """
          \(HazardScenario.tables)
          SELECT format('\(copy)', current_setting('data_directory') || '/\(file)') \\gexec
          """, cluster.url)
        try await cluster.crash()
        try await cluster.start()
        let path = try directory.write(
          """
          version: 1
          storage: {url: "file://\(directory.path)/storage"}
          databases:
            - name: app
              url: \(cluster.url)
              tables: [{name: t, timestamp_column: at, hazards: [no-index]}]
          """, to: "archiver.yaml")
        for question in [["config", "validate", "--connect"], ["archive", "--dry-run"], ["archive"]] {
          let refused = try await ArchiverCommand(question + ["--config", path]).run()
          #expect(refused.exitCode == 1, "\(refused)")
          let refusal = try #require(HazardScenario.refusal(refused), "\(refused)")
          #expect(refusal.error.hasPrefix("error: refused: standby (app.public.t): the server is in recovery"))
          #expect(refusal.hint.contains("connect to the primary"))
        }
        #expect(
          try await psql("SELECT count(*), to_regnamespace('archiver') IS NULL FROM public.t", cluster.url) == "20|t")
      }
    }
  }

  @discardableResult
  private func psql(_ sql: String, _ url: String) async throws -> String {
    let result = try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"), ["psql", "-AtqX", "-v", "ON_ERROR_STOP=1", "-d", url],
      environment: ArchiverCommand.cleanEnvironment, input: Array(sql.utf8)
    ).result()
    try #require(result.exitCode == 0, "\(result)")
    return result.output.trimmingCharacters(in: .newlines)
  }
}
