/// The length of the UTC period that one `dt=` folder holds.
package enum PartitionUnit: String, Sendable, Codable, CaseIterable {
  case day, month, year, none
}

/// One UTC period of row times: the `dt=` folder and its half-open bounds.
package struct Partition: Hashable, Sendable {
  /// `2025-01-31`, `2025-01`, `2025`, Hive's name for no value, or nil when the table is not partitioned.
  package let value: String?
  /// First instant of the period; nil when unbounded.
  package let start: Timestamp?
  /// First instant after the period; nil when unbounded.
  package let end: Timestamp?

  /// Where rows go whose time has no year from 1 to 9999 (the name Hive gives to a null partition value).
  package static let outsideCalendar = "__HIVE_DEFAULT_PARTITION__"

  /// The period of length `unit` that holds `time`.
  package init(holding time: Timestamp, unit: PartitionUnit) {
    guard unit != .none else {
      (value, start, end) = (nil, nil, nil)
      return
    }
    let first = CivilDate(year: 1, month: 1, day: 1).start
    let last = CivilDate(year: 10_000, month: 1, day: 1).start
    guard let date = time.civil?.date, time >= first, time < last else {
      value = Self.outsideCalendar
      (start, end) = time < first ? (nil, first) : (last, nil)
      return
    }
    func digits(_ value: Int, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let year = digits(date.year, 4)
    switch unit {
    case .year:
      value = year
      start = CivilDate(year: date.year, month: 1, day: 1).start
      end = CivilDate(year: date.year + 1, month: 1, day: 1).start
    case .month:
      value = year + "-" + digits(date.month, 2)
      start = CivilDate(year: date.year, month: date.month, day: 1).start
      end =
        CivilDate(
          year: date.month == 12 ? date.year + 1 : date.year, month: date.month == 12 ? 1 : date.month + 1, day: 1
        ).start
    case .day, .none:
      value = year + "-" + digits(date.month, 2) + "-" + digits(date.day, 2)
      start = date.start
      end = Timestamp(microseconds: date.start.microseconds + Timestamp.microsecondsPerDay)
    }
  }

  /// `dt=2025-01-31` as the manifest and the keys have it; empty when the table is not partitioned.
  package var path: String { value.map { "dt=" + $0 } ?? "" }

  /// Whether `time` lies within the bounds.
  package func contains(_ time: Timestamp) -> Bool {
    (start.map { time >= $0 } ?? true) && (end.map { time < $0 } ?? true)
  }
}
