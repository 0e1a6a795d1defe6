import ArchiveModel
import Foundation
import Testing

@testable import CommandLine
@testable import Operations

@Suite struct MetricsPageTests {
  private func report(_ outcome: ArchiveReport.Table.Outcome, table: String = "events", rows: Int = 5) -> ArchiveReport
  {
    var part = ArchiveReport.Table(name: TableName(database: "app", schema: "public", table: table))
    (part.outcome, part.rows, part.batches, part.bytes, part.contentBytes) = (outcome, rows, 1, 100, 900)
    part.remaining = 2
    part.steps[.fetch] = .milliseconds(1500)
    let start = Timestamp(unixMicroseconds: 1_700_000_000_000_000)
    return ArchiveReport(
      runID: UUIDv7(unixMilliseconds: 1), isDryRun: false, startedAt: start, finishedAt: start, tables: [part],
      wasStopped: false, runRecordKey: nil, errors: [])
  }

  private func page(after earlier: String = "", _ report: ArchiveReport?, code: Int32, at seconds: Int64) -> String {
    var page = MetricsPage(continuing: earlier)
    page.add(
      report, exitCode: code, startedAt: Timestamp(unixMicroseconds: 1_700_000_000_000_000),
      now: Timestamp(unixMicroseconds: seconds * 1_000_000))
    return page.text
  }

  private let labels = #"{database="app",schema="public",table="events"}"#

  @Test func `tells rows, bytes, batches, steps and the end of the run`() {
    let text = page(report(.complete), code: 0, at: 1_700_000_010)
    for line in [
      "archiver_rows_archived_total\(labels) 5", "archiver_batches_total\(labels) 1",
      "archiver_stored_bytes_total\(labels) 100", "archiver_content_bytes_total\(labels) 900",
      #"archiver_step_seconds_total{database="app",schema="public",table="events",step="fetch"} 1.5"#,
      "archiver_table_failures_total\(labels) 0", "archiver_remaining_rows\(labels) 2",
      #"archiver_runs_total{code="0"} 1"#, "archiver_last_run_exit_code 0",
      "archiver_last_success_timestamp_seconds\(labels) 1700000010", "archiver_last_run_duration_seconds 10",
      #"archiver_build_info{version="\#(Tool.version)"} 1"#,
    ] {
      #expect(text.contains("\n" + line + "\n"), "\(line) in\n\(text)")
    }
  }

  @Test func `a verify tells its findings, and keeps when it last had none`() {
    var sound = VerifyReport(
      runID: UUIDv7(unixMilliseconds: 1), location: "file:///a", level: .full, sample: nil,
      startedAt: Timestamp(unixMicroseconds: 1_700_000_000_000_000))
    var page = MetricsPage(continuing: page(report(.complete), code: 0, at: 1_700_000_010))
    page.add(sound, exitCode: 0, now: Timestamp(unixMicroseconds: 1_700_000_020_000_000))
    sound.findings = [VerifyFinding(.missingObject, table: nil, key: "k", expected: "a", found: "b")]
    page = MetricsPage(continuing: page.text)
    page.add(sound, exitCode: 1, now: Timestamp(unixMicroseconds: 1_700_000_030_000_000))
    page = MetricsPage(continuing: page.text)
    page.add(nil, exitCode: 69, now: Timestamp(unixMicroseconds: 1_700_000_040_000_000))
    for line in [
      "archiver_verify_findings 1", #"archiver_verify_last_success_timestamp_seconds{level="full"} 1700000020"#,
      "archiver_verify_last_run_timestamp_seconds 1700000040", "archiver_verify_last_run_exit_code 69",
      "archiver_last_run_exit_code 0", "archiver_batches_total\(labels) 1",
    ] {
      #expect(page.text.contains("\n" + line + "\n"), "\(line) in\n\(page.text)")
    }
  }

  @Test func `counters go on from run to run, and a failure keeps the last success`() {
    let first = page(report(.complete), code: 0, at: 1_700_000_010)
    let second = page(after: first, report(.failed, rows: 3), code: 1, at: 1_700_086_410)
    for line in [
      "archiver_rows_archived_total\(labels) 8", "archiver_table_failures_total\(labels) 1",
      #"archiver_runs_total{code="0"} 1"#, #"archiver_runs_total{code="1"} 1"#, "archiver_last_run_exit_code 1",
      "archiver_last_success_timestamp_seconds\(labels) 1700000010", "archiver_last_run_timestamp_seconds 1700086410",
    ] {
      #expect(second.contains("\n" + line + "\n"), "\(line) in\n\(second)")
    }
    let third = page(after: second, nil, code: 69, at: 1_700_100_000)
    #expect(
      third.contains(#"archiver_runs_total{code="69"} 1"#) && third.contains("archiver_rows_archived_total\(labels) 8"))
  }

  @Test func `a run that was stopped is no success`() {
    #expect(!page(report(.stopped), code: 0, at: 1_700_000_010).contains("last_success"))
  }

  @Test func `names of any letters stay within their labels`() throws {
    let text = page(report(.complete, table: "a\"b\\c\nd\r\ne} 7"), code: 0, at: 1_700_000_010)
    #expect(text.contains(#"table="a\"b\\c\nd"#))
    #expect(
      page(after: text, report(.complete, table: "a\"b\\c\nd\r\ne} 7"), code: 0, at: 1_700_000_010).contains("} 10\n"))
  }

  @Test(arguments: ["nonsense", "archiver_rows_archived_total{x} y\n", "other_metric 5\n", "\u{0}\n \n"])
  func `what is no page of ours is left out`(earlier: String) {
    #expect(
      page(after: earlier, report(.complete), code: 0, at: 1_700_000_010)
        == page(report(.complete), code: 0, at: 1_700_000_010))
  }

  @Test func `the file is replaced as a whole and readable by others`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = MetricsFile(path: directory.appending(path: "a.prom").path)
    #expect(try file.read() == "")
    try file.replace(with: "one\n")
    try file.replace(with: "two\n")
    #expect(try file.read() == "two\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a.prom"])
    let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
    #expect(mode == 0o644)
    #expect(throws: (any Error).self) { try MetricsFile(path: "/nonexistent/a.prom").replace(with: "x") }
  }
}
