import Foundation

/// A table for a terminal: a header, a rule, rows; numbers to the right, bars in what room is left.
struct TextTable {
  /// A column's heading and side, and what becomes of it where a line has no room for all.
  struct Column {
    /// When a column is left out, the first in order first.
    enum Spare: Int, Comparable {
      case never
      /// Before anything else is cut.
      case first
      /// When nothing else can give any more.
      case last

      static func < (left: Spare, right: Spare) -> Bool { left.rawValue < right.rawValue }
    }

    var title: String
    var isNumber = false
    /// Holds timestamps, which give their time of day before anything is cut.
    var isTime = false
    /// Is never cut: half an id is none.
    var isWhole = false
    var spare = Spare.never
  }

  private var columns: [Column]
  private let width: Int?
  private var rows: [[String]] = []
  /// Each row's share of the longest bar; empty where there are no bars.
  private var bars: [Double] = []

  /// `width` is how many characters a line may take; nil for any number. Numbers are never cut.
  init(_ columns: [Column], width: Int? = StandardOutput.width) {
    (self.columns, self.width) = (columns, width)
  }

  mutating func add(_ row: [String]) {
    rows.append(columns.indices.map { $0 < row.count ? row[$0] : "" })
  }

  /// Adds a row that ends in a bar; either all of a table's rows do, or none.
  mutating func add(_ row: [String], bar share: Double) {
    add(row)
    bars.append(share)
  }

  var isEmpty: Bool { rows.isEmpty }

  /// The table's lines, newlines included.
  var text: String {
    let table = fitted
    let widths = table.narrowed
    let barWidth = table.barWidth(beside: widths)
    func line(_ cells: [String], bar: String = "") -> String {
      let padded = table.columns.indices.map { index in
        let cell = Self.cut(cells[index], to: widths[index])
        let space = String(repeating: " ", count: widths[index] - cell.count)
        return table.columns[index].isNumber ? space + cell : cell + space
      }
      var text = (padded + [bar]).joined(separator: "  ")
      while text.hasSuffix(" ") { text.removeLast() }
      return text + "\n"
    }
    let rule = widths.map { String(repeating: "─", count: $0) }
    return line(table.columns.map(\.title)) + line(rule)
      + table.rows.indices.map { index in
        line(table.rows[index], bar: index < bars.count ? Self.bar(bars[index], width: barWidth) : "")
      }.joined()
  }

  // MARK: Fitting

  /// What each column takes, nothing being cut.
  private var widths: [Int] {
    columns.indices.map { index in rows.reduce(columns[index].title.count) { max($0, $1[index].count) } }
  }

  private static func total(_ widths: [Int]) -> Int { widths.reduce(2 * (widths.count - 1), +) }

  /// The same table with as little left out as a line has no room for.
  private var fitted: TextTable {
    guard let width else { return self }
    var table = self
    while Self.total(table.widths) > width, table.leaveOut(.first) {}
    if Self.total(table.widths) > width { table.cutTimes() }
    while Self.total(table.narrowed) > width, table.leaveOut(.last) {}
    return table
  }

  /// Leaves the first column of that kind out; false when there is none.
  private mutating func leaveOut(_ spare: Column.Spare) -> Bool {
    guard let index = columns.firstIndex(where: { $0.spare == spare }) else { return false }
    columns.remove(at: index)
    for row in rows.indices { rows[row].remove(at: index) }
    return true
  }

  /// Leaves of each time its date.
  private mutating func cutTimes() {
    for index in columns.indices where columns[index].isTime {
      for row in rows.indices {
        rows[row][index] = String(rows[row][index].prefix { $0 != "T" })
      }
    }
  }

  /// Makes the widest text columns narrower until a line fits, or none can give any more.
  private var narrowed: [Int] {
    var widths = widths
    guard let width else { return widths }
    while Self.total(widths) > width {
      let texts = widths.indices.filter {
        !columns[$0].isNumber && !columns[$0].isWhole && widths[$0] > Self.narrowestText
      }
      guard let widest = texts.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
    }
    return widths
  }

  private static let narrowestText = 8

  /// `text` in at most `width` characters: both ends tell more than the middle does.
  private static func cut(_ text: String, to width: Int) -> String {
    guard text.count > width, width > 1 else { return text }
    let tail = (width - 1) / 2
    return text.prefix(width - 1 - tail) + "…" + text.suffix(tail)
  }

  // MARK: Bars

  private static let longestBar = 40

  private func barWidth(beside widths: [Int]) -> Int {
    guard let width else { return Self.longestBar }
    return max(0, min(Self.longestBar, width - Self.total(widths) - 2))
  }

  /// A bar to an eighth of a character, of at least that.
  static func bar(_ share: Double, width: Int) -> String {
    guard share > 0, width > 0 else { return "" }
    let eighths = max(1, Int((min(share, 1) * Double(width * 8)).rounded()))
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    return String(repeating: "█", count: eighths / 8) + partial
  }
}

/// Numbers as people read them.
enum Readable {
  /// `1,234,567`
  static func count(_ value: Int) -> String {
    let digits = String(abs(value))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return (value < 0 ? "-" : "") + text
  }

  /// `1 batch`, `1,234 batches`
  static func count(_ value: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count(value)) \(value == 1 ? one : many ?? one + "s")"
  }

  /// `12.3 MiB`
  static func bytes(_ value: Int) -> String {
    guard value >= 1024 else { return "\(value) B" }
    var amount = Double(value)
    for unit in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
      amount /= 1024
      if amount < 999.95 || unit == "PiB" { return String(format: "%.1f %@", amount, unit) }
    }
    return "\(value) B"
  }

  /// `1h02m`, `3m04s`, `5.6 s`
  static func duration(_ value: Duration) -> String {
    let seconds = Double(value.components.seconds) + Double(value.components.attoseconds) / 1e18
    let whole = Int(seconds)
    if whole >= 3600 { return String(format: "%dh%02dm", whole / 3600, whole / 60 % 60) }
    if whole >= 60 { return String(format: "%dm%02ds", whole / 60, whole % 60) }
    return String(format: "%.1f s", seconds)
  }
}
