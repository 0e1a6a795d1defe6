import ArchiveModel
import Foundation
import Logging
import Operations
import Synchronization

/// Shows progress on standard error: a bar redrawn in place, or a line now and then.
final class ProgressDisplay: ProgressObserver {
  private let isBar: Bool
  private let format: LogFormat
  private let runID: UUIDv7
  private let start = ContinuousClock.now
  private let tracker: Mutex<ProgressTracker>

  /// A bar, or lines in the log's format.
  init(isBar: Bool, format: LogFormat, runID: UUIDv7) {
    (self.isBar, self.format, self.runID) = (isBar, format, runID)
    tracker = Mutex(
      isBar
        ? ProgressTracker(interval: .milliseconds(100), showsBeginning: true)
        : ProgressTracker(interval: .seconds(10), showsBeginning: false))
  }

  func observe(_ event: ProgressEvent) {
    let now = ContinuousClock.now - start
    // Written under the lock, so that an older state never covers a newer one.
    tracker.withLock { tracker in
      switch tracker.take(event, at: now) {
      case .nothing: break
      case .clear: StandardError.draw("")
      case .show(let snapshot) where isBar: StandardError.draw(snapshot.bar(columns: Self.terminalColumns - 1))
      case .show(let snapshot): StandardError.write(Self.line(snapshot, format, time: Timestamp.now, runID: runID))
      }
    }
  }

  /// A line of plain progress: text for people; in a JSON log, an event like the others.
  static func line(_ snapshot: ProgressSnapshot, _ format: LogFormat, time: Timestamp, runID: UUIDv7) -> String {
    guard format == .json else { return snapshot.text + "\n" }
    var fields: [String: String] = [
      "run_id": "\(runID)", "table": snapshot.table, "rows": "\(snapshot.rows)", "bytes": "\(snapshot.bytes)",
      "rows_per_second": "\(Int(snapshot.rowsPerSecond))",
    ]
    if let total = snapshot.total { fields["rows_to_do"] = "\(total)" }
    return LineLogHandler.line(
      .json, time: time, level: .info, message: "progress", metadata: fields.mapValues { .string($0) })
  }

  /// 80 where the terminal does not tell.
  private static var terminalColumns: Int {
    var size = winsize()
    let answer = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size)
    return answer == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}
