import ArchiveModel
import Foundation

/// Rows by period as the bars of a chart: no period between the first and the last is left out, and never more than
/// `maximumBarCount` of them.
struct VerifyChart {
  struct Bar: Equatable {
    var period: String
    var rows: Int
  }

  /// In the order of time; rows whose time no calendar period holds come last.
  private(set) var bars: [Bar] = []
  /// What a bar stands for.
  private(set) var unit = "month"

  /// More bars than this cannot be told apart; a century is the longest period, of which 10,000 years have a hundred.
  static let maximumBarCount = 120

  /// Counts by UTC month, `YYYY-MM`.
  init(_ months: [String: Int]) {
    var dated: [Int: Int] = [:]
    var others = 0
    for (month, rows) in months {
      if let index = Self.index(month) { dated[index, default: 0] += rows } else { others += rows }
    }
    for (unit, length) in [("month", 1), ("year", 12), ("decade", 120), ("century", 1200)] {
      self.unit = unit
      var periods: [Int: Int] = [:]
      for (month, rows) in dated { periods[month / length, default: 0] += rows }
      guard let first = periods.keys.min(), let last = periods.keys.max() else { break }
      guard last - first < Self.maximumBarCount else { continue }
      bars = (first...last).map { Bar(period: Self.name($0, length), rows: periods[$0] ?? 0) }
      break
    }
    if others > 0 { bars.append(Bar(period: Self.name(Partition.outsideCalendar), rows: others)) }
  }

  /// A month's name for people.
  static func name(_ month: String) -> String { month == Partition.outsideCalendar ? "no date" : month }

  /// The least number of the form 1, 2 or 5 × 10ⁿ that is no less than `value`, which is 1 at least.
  static func scale(above value: Int) -> Int {
    var step = 1
    while true {
      for factor in [1, 2, 5] {
        let (scale, isTooLarge) = step.multipliedReportingOverflow(by: factor)
        if isTooLarge { return value }
        if scale >= value { return scale }
      }
      let (next, isTooLarge) = step.multipliedReportingOverflow(by: 10)
      if isTooLarge { return value }
      step = next
    }
  }

  /// Months since the year 0.
  private static func index(_ month: String) -> Int? {
    let parts = month.split(separator: "-")
    guard parts.count == 2, let year = Int(parts[0]), let number = Int(parts[1]), (0...9999).contains(year),
      (1...12).contains(number)
    else { return nil }
    return year * 12 + number - 1
  }

  private static func name(_ period: Int, _ length: Int) -> String {
    let month = period * length
    let year = String(format: "%04d", month / 12)
    return switch length {
    case 1: year + String(format: "-%02d", month % 12 + 1)
    case 12: year
    default: "\(year)–\(String(format: "%04d", month / 12 + length / 12 - 1))"
    }
  }
}
