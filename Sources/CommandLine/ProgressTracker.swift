import ArchiveModel
import Operations

/// What is known of a table's progress at one moment.
struct ProgressSnapshot: Sendable, Equatable {
  var table = ""
  var rows = 0
  /// As stored.
  var bytes = 0
  /// Rows to do; nil when they were not counted.
  var total: Int?
  /// Since work on the table began.
  var elapsed: Duration = .zero

  var rowsPerSecond: Double { elapsed > .zero ? Double(rows) / (elapsed / .seconds(1)) : 0 }

  var timeLeft: Duration? {
    guard let total, rowsPerSecond > 0, total > rows else { return nil }
    return .seconds(Double(total - rows) / rowsPerSecond)
  }

  /// `app.public.events  12,345 of 50,000 rows (24 %)  8,900 rows/s  1.2 MiB  4.2 s left`
  var text: String {
    let share = percent.map { " of \(Readable.count(total ?? 0)) rows (\($0) %)" } ?? " rows"
    return ([table, Readable.count(rows) + share] + pace).joined(separator: "  ")
  }

  /// `app.public.events  [##........]  24 %  12,345 rows  8,900 rows/s  1.2 MiB  4.2 s left`
  ///
  /// At most `columns` characters: the bytes give way first, then the bar, then the end.
  func bar(columns: Int) -> String {
    let count = "\(Readable.count(rows)) rows"
    let all = ([table] + (percent.map { ["\($0) %"] } ?? []) + [count] + pace).joined(separator: "  ")
    if let percent {
      for figures in [pace, rate + left] {
        let rest = ["\(percent) %", count] + figures
        let width = min(30, columns - ([table] + rest).joined(separator: "  ").count - 4)
        guard width >= 10 else { continue }
        let filled = percent * width / 100
        let bar = "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled) + "]"
        return ([table, bar] + rest).joined(separator: "  ")
      }
    }
    return String(all.prefix(max(0, columns)))
  }

  /// 0 to 100; nil when the rows were not counted.
  private var percent: Int? {
    guard let total, total > 0 else { return nil }
    return min(100, rows * 100 / total)
  }

  private var pace: [String] { rate + [Readable.bytes(bytes)] + left }
  private var rate: [String] { ["\(Readable.count(Int(rowsPerSecond))) rows/s"] }
  private var left: [String] { timeLeft.map { ["\(Readable.duration($0)) left"] } ?? [] }
}

/// Adds events up and decides when there is something to show; the clock is the caller's.
struct ProgressTracker: Sendable {
  /// What to do with the display.
  enum Step: Equatable {
    case show(ProgressSnapshot)
    case clear
    case nothing
  }

  /// Least time between two showings.
  private let interval: Duration
  /// Whether a table shows as soon as it begins; else a run that ends within the first interval shows nothing.
  private let showsBeginning: Bool
  private var snapshot = ProgressSnapshot()
  private var began: Duration = .zero
  private var lastShown: Duration = .zero
  private var hasShownTable = false

  init(interval: Duration, showsBeginning: Bool) {
    (self.interval, self.showsBeginning) = (interval, showsBeginning)
  }

  /// Takes an event that came `now` after the run's start.
  mutating func take(_ event: ProgressEvent, at now: Duration) -> Step {
    switch event {
    case .began(let table, let rowCount):
      snapshot = ProgressSnapshot(table: PrintableText.escaped(table.description), total: rowCount)
      (began, hasShownTable) = (now, false)
      return showsBeginning ? show(at: now) : .nothing
    case .advanced(let rows, let bytes):
      snapshot.rows += rows
      snapshot.bytes += bytes
      snapshot.elapsed = now - began
      return now - lastShown >= interval ? show(at: now) : .nothing
    case .ended:
      snapshot.elapsed = now - began
      // A table that was shown on its way is shown at its end as well.
      return showsBeginning ? .clear : hasShownTable ? show(at: now) : .nothing
    }
  }

  private mutating func show(at now: Duration) -> Step {
    (lastShown, hasShownTable) = (now, true)
    return .show(snapshot)
  }
}
