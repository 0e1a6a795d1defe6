import ArchiveModel
import Foundation
import Logging
import Operations
import Testing

@testable import CommandLine

@Suite struct ExitStatusTests {
  @Test(arguments: [
    (OperationError.Category.failed, Int32(1)), (.data, Int32(65)), (.unavailable, Int32(69)), (.defect, Int32(70)),
    (.tryAgain, Int32(75)), (.permission, Int32(77)), (.configuration, Int32(78)), (.interrupted, Int32(130)),
  ])
  func `each category has its code`(category: OperationError.Category, code: Int32) {
    #expect(ExitStatus(category).code == code)
  }

  @Test func `failures combine to their common code only when nothing went well`() {
    let refused = OperationError(.permission, "a", cause: "b")
    let broken = OperationError(.data, "a", cause: "b")
    #expect(ExitStatus.combined([], nothingWentWell: true) == nil)
    #expect(ExitStatus.combined([refused, refused], nothingWentWell: true)?.code == 77)
    #expect(ExitStatus.combined([refused], nothingWentWell: false)?.code == 1)
    #expect(ExitStatus.combined([refused, broken], nothingWentWell: true)?.code == 1)
  }

  @Test func `an error prints what, where, why and what to do`() {
    let error = OperationError(.failed, "cannot archive", at: "app.public.events", cause: "it broke", hint: "mend it")
    #expect(CommandSession.text(of: error) == "error: cannot archive (app.public.events): it broke\nhint: mend it\n")
    let bare = OperationError(.failed, "cannot archive", cause: "it broke")
    #expect(CommandSession.text(of: bare) == "error: cannot archive: it broke\n")
  }
}

@Suite struct LineLogHandlerTests {
  let time = Timestamp(microseconds: 0)

  @Test func `text lines carry time, level, message and metadata`() {
    let line = LineLogHandler.line(
      .text, time: time, level: .info, message: "batch archived", metadata: ["run_id": "r-1", "cause": "two words"])
    #expect(line == "2000-01-01T00:00:00Z info batch archived cause=\"two words\" run_id=r-1\n")
  }

  @Test func `json lines are one object each, whatever the message holds`() throws {
    let line = LineLogHandler.line(
      .json, time: time, level: .error, message: "a \"b\"\nc", metadata: ["run_id": "r-1"])
    #expect(line.filter { $0 == "\n" }.count == 1)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
    #expect(object["message"] == "a \"b\"\nc")
    #expect(object["run_id"] == "r-1")
    #expect(object["level"] == "error")
  }
}

@Suite struct ProgressTests {
  @Test func `a snapshot tells rows, share, rate, bytes and the time left`() {
    let snapshot = ProgressSnapshot(
      table: "app.public.events", rows: 12_000, bytes: 2_097_152, total: 48_000, elapsed: .seconds(3))
    #expect(
      snapshot.text == "app.public.events  12,000 of 48,000 rows (25 %)  4,000 rows/s  2.0 MiB  9.0 s left")
    let uncounted = ProgressSnapshot(table: "t", rows: 5, bytes: 10, total: nil, elapsed: .seconds(1))
    #expect(uncounted.text == "t  5 rows  5 rows/s  10 B")
    #expect(snapshot.bar(columns: 100).contains("["))
    #expect(snapshot.bar(columns: 40).count == 40)
  }

  @Test func `plain progress says nothing before its interval is over`() throws {
    var tracker = ProgressTracker(interval: .seconds(10), showsBeginning: false)
    let name = TableName(database: "app", schema: "public", table: "events")
    #expect(tracker.take(.began(table: name, rowCount: 100), at: .zero) == .nothing)
    #expect(tracker.take(.advanced(rows: 10, bytes: 5), at: .seconds(9)) == .nothing)
    guard case .show(let snapshot) = tracker.take(.advanced(rows: 10, bytes: 5), at: .seconds(11)) else {
      Issue.record("expected a line")
      return
    }
    #expect(snapshot.rows == 20 && snapshot.bytes == 10 && snapshot.total == 100)
    #expect(tracker.take(.advanced(rows: 1, bytes: 1), at: .seconds(12)) == .nothing)
  }

  @Test(arguments: [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400), ("1h30m", 5400)])
  func `durations read as written`(text: String, seconds: Int) {
    #expect(DurationArgument(argument: text)?.duration == .seconds(seconds))
  }

  @Test(arguments: ["", "0s", "5", "h", "-1h", "1w", "1h5"])
  func `what is no duration is refused`(text: String) {
    #expect(DurationArgument(argument: text) == nil)
  }
}
