import Foundation

/// A table for a terminal: a header, a rule, rows; numbers to the right.
struct TextTable {
  /// A column's heading and side.
  struct Column {
    var title: String
    var isNumber = false
  }

  private let columns: [Column]
  private let width: Int?
  private var rows: [[String]] = []

  /// `width` is how many characters a line may take; nil for any number. Numbers are never cut.
  init(_ columns: [Column], width: Int? = StandardOutput.width) {
    (self.columns, self.width) = (columns, width)
  }

  mutating func add(_ row: [String]) {
    rows.append(row)
  }

  var isEmpty: Bool { rows.isEmpty }

  /// The table's lines, newlines included.
  var text: String {
    let titles = columns.map(\.title)
    let widths = fitted(
      columns.indices.map { index in
        ([titles] + rows).map { index < $0.count ? $0[index].count : 0 }.max() ?? 0
      })
    func line(_ cells: [String]) -> String {
      let padded = columns.indices.map { index in
        let cell = Self.cut(index < cells.count ? cells[index] : "", to: widths[index])
        let space = String(repeating: " ", count: widths[index] - cell.count)
        return columns[index].isNumber ? space + cell : cell + space
      }
      var text = padded.joined(separator: "  ")
      while text.hasSuffix(" ") { text.removeLast() }
      return text + "\n"
    }
    let rule = widths.map { String(repeating: "─", count: $0) }
    return line(titles) + line(rule) + rows.map(line).joined()
  }

  /// Makes the widest text columns narrower until a line fits, or none can give any more.
  private func fitted(_ widths: [Int]) -> [Int] {
    guard let width else { return widths }
    var widths = widths
    while widths.reduce(2 * (widths.count - 1), +) > width {
      let texts = widths.indices.filter { !columns[$0].isNumber && widths[$0] > Self.narrowestText }
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
