import ArchiveModel
import Foundation
import Testing

@testable import CommandLine
@testable import Operations

@Suite struct ArchiveReportOutputTests {
  let started = Timestamp(microseconds: 0)

  func report(isDryRun: Bool, _ tables: [ArchiveReport.Table]) -> ArchiveReport {
    ArchiveReport(
      runID: UUIDv7(unixMilliseconds: 1), isDryRun: isDryRun, startedAt: started,
      finishedAt: Timestamp(microseconds: 5_500_000), tables: tables, wasStopped: false, runRecordKey: nil, errors: [])
  }

  func table(_ name: String, _ change: (inout ArchiveReport.Table) -> Void) -> ArchiveReport.Table {
    var table = ArchiveReport.Table(name: TableName(database: "app", schema: "public", table: name))
    change(&table)
    return table
  }

  @Test func `the closing table tells each table and the sum`() {
    let events = table("events") {
      ($0.rows, $0.batches, $0.bytes, $0.contentBytes) = (12_000, 12, 1_048_576, 6_000_000)
      ($0.remaining, $0.duration, $0.warnings) = (2, .seconds(4), ["2 rows stay locked"])
    }
    let keyless = table("keyless") { ($0.outcome, $0.remaining) = (.failed, 0) }
    #expect(
      ArchiveReportOutput(report(isDryRun: false, [events, keyless])).text == """
        table                 rows  batches   stored  ratio  left over   time  outcome
        ──────────────────  ──────  ───────  ───────  ─────  ─────────  ─────  ────────
        app.public.events   12,000       12  1.0 MiB    5.7          2  4.0 s  complete
        app.public.keyless       0        0      0 B                 0  0.0 s  failed
        all                 12,000       12  1.0 MiB    5.7          2  5.5 s
        note: app.public.events: 2 rows stay locked

        """)
  }

  @Test func `one table needs no sum`() {
    #expect(!ArchiveReportOutput(report(isDryRun: false, [table("events") { $0.rows = 1 }])).text.contains("all"))
  }

  @Test func `a dry run tells rows, batches, times and statements`() {
    let events = table("events") {
      ($0.eligible, $0.batches, $0.cutoff) = (1500, 2, started)
      ($0.oldest, $0.newest, $0.statements) = (started, started, ["DELETE FROM x"])
    }
    let text = ArchiveReportOutput(report(isDryRun: true, [events])).text
    for part in [
      "nothing is written", "1,500, before 2000-01-01T00:00:00Z", "2 or more", "oldest row", "DELETE FROM x;",
    ] {
      #expect(text.contains(part), "\(part)")
    }
  }

  @Test func `json has snake-case keys and the error of a table`() throws {
    let failed = table("events") {
      $0.outcome = .failed
      $0.error = OperationError(
        .permission, "cannot archive", at: "app.public.events", cause: "denied", hint: "grant it")
    }
    let report = report(isDryRun: false, [failed])
    let text = JSONOutput.document(ArchiveReportOutput(report).document)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["run_id"] as? String == report.runID.description)
    #expect(object["dry_run"] as? Bool == false)
    let first = try #require((object["tables"] as? [[String: Any]])?.first)
    #expect(first["outcome"] as? String == "failed" && first["content_bytes"] as? Int == 0)
    #expect(
      first["error"] as? [String: String] == [
        "category": "permission", "message": "cannot archive (app.public.events): denied", "hint": "grant it",
      ])
  }
}
