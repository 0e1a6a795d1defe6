/// Hours of the day in which work may begin, such as 01:00 to 05:00 or, over midnight, 22:00 to 04:30.
package struct DailyWindow: Sendable, Equatable {
  /// Minutes after midnight, 0…1439; the window begins with it.
  package let start: Int
  /// Minutes after midnight, 1…1440, other than `start`; the window ends before it.
  package let end: Int

  /// Reads `HH:MM-HH:MM`; nil for anything else, and for a window that begins when it ends.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let start = Self.minutes(parts[0]), var end = Self.minutes(parts[1]), start < 1440 else {
      return nil
    }
    if end == 0 { end = 1440 }
    guard start != end else { return nil }
    (self.start, self.end) = (start, end)
  }

  /// Whether a time of day lies within, given in seconds after midnight.
  package func contains(secondOfDay: Int) -> Bool {
    let minute = secondOfDay / 60
    return start < end ? (start..<end).contains(minute) : minute >= start || minute < end
  }

  private static func minutes(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy { ("0"..."9").contains($0) } }),
      let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour < 24 || (hour == 24 && minute == 0)
    else { return nil }
    return hour * 60 + minute
  }
}

extension DailyWindow: CustomStringConvertible {
  /// `01:00-05:00`
  package var description: String { "\(Self.text(start))-\(Self.text(end))" }

  private static func text(_ minutes: Int) -> String {
    [minutes / 60, minutes % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }
}
