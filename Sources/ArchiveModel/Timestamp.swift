/// An instant on PostgreSQL's scale: microseconds since 2000-01-01T00:00:00Z, with both infinities.
///
/// Range of the finite values: 4714-11-24 BC to 294276-12-31 AD, proleptic Gregorian, as PostgreSQL's `timestamptz`
/// (PostgreSQL documentation, "Date/Time Types").
package struct Timestamp: Hashable, Sendable, Comparable {
  /// Microseconds since 2000-01-01T00:00:00Z; `Int64.min` and `Int64.max` are the infinities, as on PostgreSQL's wire.
  package let microseconds: Int64

  package init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  /// `microseconds` since 1970-01-01T00:00:00Z.
  package init(unixMicroseconds: Int64) {
    microseconds = unixMicroseconds - Self.unixEpochOffset
  }

  package static let negativeInfinity = Timestamp(microseconds: .min)
  package static let positiveInfinity = Timestamp(microseconds: .max)

  /// Microseconds from 1970-01-01 to 2000-01-01: 10,957 days.
  package static let unixEpochOffset: Int64 = 946_684_800_000_000
  package static let microsecondsPerDay: Int64 = 86_400_000_000

  /// False for the two infinities.
  package var isFinite: Bool { self != .negativeInfinity && self != .positiveInfinity }

  /// Milliseconds since 1970-01-01T00:00:00Z; zero before it and for the infinities.
  package var unixMilliseconds: UInt64 {
    guard isFinite else { return 0 }
    return UInt64(max(0, (microseconds + Self.unixEpochOffset) / 1000))
  }

  /// Later by `duration`, to the microsecond; the infinities stay where they are, and what passes the range becomes one.
  package func advanced(by duration: Duration) -> Timestamp {
    guard isFinite else { return self }
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    let (sum, sumOverflow) = microseconds.addingReportingOverflow(whole)
    let (end, endOverflow) = sum.addingReportingOverflow(attoseconds / 1_000_000_000_000)
    guard !overflow, !sumOverflow, !endOverflow else {
      return duration < .zero ? .negativeInfinity : .positiveInfinity
    }
    return Timestamp(microseconds: end)
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
}

/// A day of the proleptic Gregorian calendar; year 0 is 1 BC.
package struct CivilDate: Hashable, Sendable {
  package var year: Int
  package var month: Int
  package var day: Int

  package init(year: Int, month: Int, day: Int) {
    (self.year, self.month, self.day) = (year, month, day)
  }

  /// The date `days` after 2000-01-01.
  ///
  /// Years are counted from 1 March, so that the leap day comes last (the well-known "days from civil" arithmetic).
  package init(daysSince2000 days: Int) {
    let shifted = days + 730_425  // days from 0000-03-01 to 2000-01-01
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days from 2000-01-01 to this date.
  package var daysSince2000: Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 730_425
  }

  /// Its first instant in UTC.
  package var start: Timestamp { Timestamp(microseconds: Int64(daysSince2000) * Timestamp.microsecondsPerDay) }
}

extension Timestamp {
  /// The UTC day and the microseconds into it; nil for the infinities.
  package var civil: (date: CivilDate, microsecondsOfDay: Int64)? {
    guard isFinite else { return nil }
    var days = microseconds / Self.microsecondsPerDay
    var rest = microseconds % Self.microsecondsPerDay
    if rest < 0 {
      days -= 1
      rest += Self.microsecondsPerDay
    }
    return (CivilDate(daysSince2000: Int(days)), rest)
  }
}
