import ArchiveModel
import Foundation
import Operations
import Synchronization

/// Shows progress on standard error: a bar redrawn in place, or a line now and then.
final class ProgressDisplay: ProgressObserver {
  /// What is known at one moment.
  struct Snapshot: Sendable {
    var table = ""
    var rows = 0
    var bytes = 0
    var total: Int?
    var elapsed: Duration = .zero

    /// `app.public.events  12,345 of 50,000 rows (24 %)  8,900 rows/s  1.2 MiB  4.2 s left`
    var text: String {
      let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
      let rate = seconds > 0 ? Double(rows) / seconds : 0
      var parts = [table]
      if let total, total > 0 {
        let share = min(100, rows * 100 / total)
        parts.append("\(Readable.count(rows)) of \(Readable.count(total)) rows (\(share) %)")
      } else {
        parts.append("\(Readable.count(rows)) rows")
      }
      parts.append("\(Readable.count(Int(rate))) rows/s")
      parts.append(Readable.bytes(bytes))
      if let total, rate > 0, total > rows {
        parts.append("\(Readable.duration(.seconds(Double(total - rows) / rate))) left")
      }
      return parts.joined(separator: "  ")
    }
  }

  private struct State {
    var snapshot = Snapshot()
    var began = ContinuousClock.now
    var lastShown = ContinuousClock.now
  }

  private let style: ProgressStyle
  private let state = Mutex(State())

  init(style: ProgressStyle) {
    self.style = style
  }

  func observe(_ event: ProgressEvent) {
    let line: String? = state.withLock { state in
      let now = ContinuousClock.now
      switch event {
      case .began(let table, let rowCount):
        state = State(snapshot: Snapshot(table: table.description, total: rowCount))
        return nil
      case .advanced(let rows, let bytes):
        state.snapshot.rows += rows
        state.snapshot.bytes += bytes
        state.snapshot.elapsed = now - state.began
        let interval: Duration = style == .bar ? .milliseconds(100) : .seconds(10)
        guard now - state.lastShown >= interval else { return nil }
        state.lastShown = now
        return style == .bar ? "\r\u{1B}[K" + state.snapshot.text : state.snapshot.text + "\n"
      case .ended:
        return style == .bar ? "\r\u{1B}[K" : nil
      }
    }
    if let line { StandardError.write(line) }
  }
}
