import Foundation
import TestSupport
import Testing

/// The ledger is made where that is permitted; otherwise what is printed is all that an administrator has to run.
@Suite struct LedgerTests {
  @Test func `what is printed for a role that may not make the ledger is enough`() async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      try await scenario.database.withRole { role in
        _ = try await scenario.database.psql("GRANT SELECT, DELETE, UPDATE ON public.events TO \(role.name)")
        let url = try scenario.database.url(for: role)
        try scenario.configure(table: "partition: none")
        let text = try String(contentsOfFile: scenario.configuration, encoding: .utf8)
        try scenario.directory.write(text.replacing(scenario.database.url, with: url), to: "archiver.yaml")
        let refused = try await scenario.archiver("archive", expecting: 77)
        let hint = try #require(refused.errorOutput.split(separator: "\n").first { $0.hasPrefix("hint: ") })
        let sql = try #require(hint.firstMatch(of: /run: (.*) — or set ledger: none/)).1
        _ = try await scenario.database.psql(String(sql).replacing("<role>", with: role.name))
        try await scenario.archiver("archive")
        // Settling needs no further privilege.
        try scenario.unsettle(try #require(scenario.manifests.first))
        let settled = try await scenario.archiver("recover", "--rows-came-back")
        #expect(settled.output.contains("it was committed"), "\(settled)")
      }
    }
  }
}
