import ArchiveModel
import Foundation
import Logging
import Operations
import Testing

@testable import CommandLine

@Suite struct ProgressSnapshotTests {
  let counted = ProgressSnapshot(
    table: "app.public.events", rows: 12_000, bytes: 2_097_152, total: 48_000, elapsed: .seconds(3))
  let uncounted = ProgressSnapshot(table: "t", rows: 5, bytes: 10, total: nil, elapsed: .seconds(1))

  @Test func `a line tells rows, share, rate, bytes and the time left`() {
    #expect(counted.text == "app.public.events  12,000 of 48,000 rows (25 %)  4,000 rows/s  2.0 MiB  9.0 s left")
    #expect(uncounted.text == "t  5 rows  5 rows/s  10 B")
  }

  @Test func `a bar is drawn to the share done`() {
    #expect(
      counted.bar(columns: 120)
        == "app.public.events  [#######.......................]  25 %  12,000 rows  4,000 rows/s  2.0 MiB  9.0 s left")
    #expect(uncounted.bar(columns: 120) == "t  5 rows  5 rows/s  10 B")
    var done = counted
    done.rows = 50_000  // rows that became eligible meanwhile
    #expect(done.bar(columns: 120).contains("[##############################]  100 %"))
  }

  @Test(arguments: [0, 1, 10, 40, 79, 80, 99, 131])
  func `a bar never passes the last column`(columns: Int) {
    #expect(counted.bar(columns: columns).count <= columns)
    #expect(uncounted.bar(columns: columns).count <= columns)
  }

  @Test func `a narrow terminal loses the bytes first, then the bar, then the end`() {
    #expect(
      counted.bar(columns: 79)
        == "app.public.events  [###..........]  25 %  12,000 rows  4,000 rows/s  9.0 s left")
    #expect(counted.bar(columns: 72) == "app.public.events  25 %  12,000 rows  4,000 rows/s  2.0 MiB  9.0 s left")
    #expect(counted.bar(columns: 20) == "app.public.events  2")
  }

  @Test func `in a JSON log plain progress is an event like the others`() throws {
    let runID = try #require(UUIDv7("01a20d27-10ed-79cf-9712-da74efea6922"))
    let time = Timestamp(microseconds: 0)
    let line = ProgressDisplay.line(counted, .json, time: time, runID: runID)
    let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
    #expect(fields["run_id"] == "01a20d27-10ed-79cf-9712-da74efea6922")
    #expect(fields["message"] == "progress")
    #expect(fields["rows"] == "12000" && fields["rows_to_do"] == "48000" && fields["rows_per_second"] == "4000")
    #expect(ProgressDisplay.line(counted, .text, time: time, runID: runID) == counted.text + "\n")
  }
}

@Suite struct ProgressTrackerTests {
  let events = TableName(database: "app", schema: "public", table: "events")
  let other = TableName(database: "app", schema: "public", table: "other")

  @Test func `plain progress says nothing of a run that ends within its interval`() {
    var tracker = ProgressTracker(interval: .seconds(10), showsBeginning: false)
    #expect(tracker.take(.began(table: events, rowCount: 100), at: .seconds(1)) == .nothing)
    #expect(tracker.take(.advanced(rows: 100, bytes: 10), at: .seconds(9)) == .nothing)
    #expect(tracker.take(.ended, at: .milliseconds(9900)) == .nothing)
  }

  @Test func `plain progress counts its interval over tables, however short each is`() {
    var tracker = ProgressTracker(interval: .seconds(10), showsBeginning: false)
    _ = tracker.take(.began(table: events, rowCount: nil), at: .seconds(0))
    #expect(tracker.take(.advanced(rows: 7, bytes: 1), at: .seconds(6)) == .nothing)
    #expect(tracker.take(.ended, at: .seconds(6)) == .nothing)
    _ = tracker.take(.began(table: other, rowCount: 20), at: .seconds(6))
    let expected = ProgressSnapshot(
      table: "app.public.other", rows: 10, bytes: 2, total: 20, elapsed: .seconds(5))
    #expect(tracker.take(.advanced(rows: 10, bytes: 2), at: .seconds(11)) == .show(expected))
    #expect(tracker.take(.advanced(rows: 5, bytes: 2), at: .seconds(12)) == .nothing)
  }

  @Test func `a table shown on its way is shown at its end`() {
    var tracker = ProgressTracker(interval: .seconds(10), showsBeginning: false)
    _ = tracker.take(.began(table: events, rowCount: 20), at: .zero)
    _ = tracker.take(.advanced(rows: 10, bytes: 2), at: .seconds(10))
    _ = tracker.take(.advanced(rows: 10, bytes: 2), at: .seconds(11))
    let expected = ProgressSnapshot(
      table: "app.public.events", rows: 20, bytes: 4, total: 20, elapsed: .seconds(12))
    #expect(tracker.take(.ended, at: .seconds(12)) == .show(expected))
  }

  @Test func `a bar shows at once, redraws no faster than its interval, and goes away`() {
    var tracker = ProgressTracker(interval: .milliseconds(100), showsBeginning: true)
    #expect(
      tracker.take(.began(table: events, rowCount: 20), at: .zero)
        == .show(ProgressSnapshot(table: "app.public.events", total: 20)))
    #expect(tracker.take(.advanced(rows: 1, bytes: 1), at: .milliseconds(50)) == .nothing)
    let expected = ProgressSnapshot(
      table: "app.public.events", rows: 2, bytes: 2, total: 20, elapsed: .milliseconds(100))
    #expect(tracker.take(.advanced(rows: 1, bytes: 1), at: .milliseconds(100)) == .show(expected))
    #expect(tracker.take(.ended, at: .milliseconds(120)) == .clear)
  }
}
