import Foundation
import TestSupport
import Testing

/// The GRANTs of scripts/deploy/postgres are enough, and not too much.
@Suite struct GrantTests {
  /// Runs a script with variables, as its head says.
  private static func grant(
    _ script: String, to role: ThrowawayRole, in database: ThrowawayDatabase, _ variables: String...
  ) async throws {
    let settings = (["role=\(role.name)", "schema=public", "table=events"] + variables).flatMap { ["-v", $0] }
    let result = try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["psql", "-qX", "-d", database.url] + settings
        + ["-f", Checkout.root.appending(path: "scripts/deploy/postgres/\(script)").path],
      environment: ArchiverCommand.cleanEnvironment
    ).result()
    #expect(result.exitCode == 0, "\(result)")
  }

  private static func use(_ role: ThrowawayRole, _ scenario: ArchiveScenario, _ change: (String) -> String = { $0 })
    throws
  {
    let text = try String(contentsOfFile: scenario.configuration, encoding: .utf8)
    try scenario.directory.write(
      change(text.replacing(scenario.database.url, with: try scenario.database.url(for: role))), to: "archiver.yaml")
  }

  @Test func `a role with the grants for archiving archives, verifies and recovers, and can do nothing else`()
    async throws
  {
    try await withArchiveScenario(rows: 900) { scenario in
      try await scenario.database.withRole { role in
        try await Self.grant("archive.sql", to: role, in: scenario.database, "column=created_at")
        try Self.use(role, scenario)
        try await scenario.archiver("config", "validate", "--connect")
        try await scenario.archiver("archive")
        #expect(scenario.manifests.count >= 3)
        try await scenario.archiver("verify", "--level", "database")
        try await scenario.archiver("recover")
        let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
        #expect(left == "50")
        for forbidden in [
          "INSERT INTO public.events (created_at) VALUES (now())", "UPDATE public.events SET kind = 'x'",
          "TRUNCATE public.events", "DELETE FROM archiver.batch", "UPDATE archiver.batch SET rows = 0",
          "CREATE TABLE archiver.x ()",
          // Before 15 everyone may.
        ] + (TestServer.version < 150_000 ? [] : ["CREATE TABLE public.x ()"]) {
          let error = await #expect(throws: PsqlError.self) { try await scenario.database.psql(forbidden, as: role) }
          #expect(error?.message.contains("permission denied") == true, "\(forbidden)")
        }
      }
    }
  }

  @Test func `a role with the grants for restoring puts rows back, by every policy, and cannot delete`() async throws {
    try await withArchiveScenario(rows: 600) { scenario in
      let before = try await scenario.fingerprint()
      try await scenario.archiver("archive")
      try await scenario.database.withRole { role in
        try await Self.grant("restore.sql", to: role, in: scenario.database)
        try Self.use(role, scenario)
        try await scenario.archiver("restore")
        try await scenario.archiver("restore", "--on-conflict", "skip")
        try await scenario.archiver("restore", "--on-conflict", "overwrite")
        #expect(try await scenario.fingerprint() == before)
        let error = await #expect(throws: PsqlError.self) {
          try await scenario.database.psql("DELETE FROM public.events", as: role)
        }
        #expect(error?.message.contains("permission denied") == true)
      }
    }
  }
}
