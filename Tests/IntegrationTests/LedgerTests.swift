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

  @Test(arguments: [
    ("a rule", "CREATE RULE off AS ON INSERT TO archiver.batch DO INSTEAD NOTHING"),
    (
      "a rule to another table",
      """
      CREATE TABLE archiver.other (LIKE archiver.batch);
      CREATE RULE off AS ON INSERT TO archiver.batch DO INSTEAD INSERT INTO archiver.other VALUES (NEW.*)
      """
    ),
    (
      "a trigger",
      """
      CREATE FUNCTION archiver.off() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER off BEFORE INSERT ON archiver.batch FOR EACH ROW EXECUTE FUNCTION archiver.off()
      """
    ),
  ])
  func `a batch that the ledger does not take is rolled back`(_ title: String, _ sql: String) async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      let before = scenario.manifests
      _ = try await scenario.database.psql("\(sql); INSERT INTO public.events (created_at) VALUES ('2025-01-01')")
      let failed = try await scenario.archiver("archive", expecting: 1)
      #expect(failed.errorOutput.contains("its row is not in archiver.batch"), "\(failed)")
      #expect(try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind IS NULL") == "1")
      #expect(scenario.manifests == before)
    }
  }

  @Test(arguments: [
    ("ALTER TABLE archiver.batch SET UNLOGGED", "ALTER TABLE \"archiver\".batch SET LOGGED"),
    (
      """
      ALTER TABLE archiver.batch RENAME TO real; CREATE VIEW archiver.batch AS SELECT * FROM archiver.real
      """, "set ledger: to a schema of its own"
    ),
  ])
  func `a ledger that a crash could empty is refused`(_ sql: String, _ wayOut: String) async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      _ = try await scenario.database.psql("\(sql); INSERT INTO public.events (created_at) VALUES ('2025-01-01')")
      for command in ["archive", "recover"] {
        let refused = try await scenario.archiver(command, expecting: 78)
        #expect(refused.errorOutput.contains("cannot use the ledger"), "\(refused)")
        #expect(refused.errorOutput.contains("hint: ") && refused.errorOutput.contains(wayOut), "\(refused)")
      }
      #expect(try await scenario.database.psql("SELECT count(*) FROM public.events WHERE kind IS NULL") == "1")
    }
  }
}
