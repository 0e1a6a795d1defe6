/// Instants as PostgreSQL counts them: microseconds since 2000-01-01 00:00 UTC, `Int64.min` and `.max` for the infinities.
package enum PostgresTime {
  /// Microseconds of a day without leap seconds.
  package static let microsecondsPerDay: Int64 = 86_400_000_000

  /// ISO 8601 text in UTC: `2025-01-31T12:34:56.789012Z`, no fraction when zero, `0044-03-15T00:00:00Z BC`, `infinity`.
  package static func text(_ instant: Int64) -> String {
    var buffer = ByteBuffer(capacity: 64)
    buffer.write(atMost: maximumByteCount) { cursor in cursor.put(timestamp: instant, zone: "Z") }
    return buffer.string(0..<buffer.count)
  }

  /// Reads a date, or a date and time with a `T` or a space between, with or without an offset (none: UTC).
  ///
  /// Years of four to seven digits, ` BC`, `infinity` and `-infinity` are understood; nil for anything else, and beyond
  /// what 64 bits of microseconds hold.
  package static func instant(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    return TimeText(bytes.span)?.instant
  }

  /// The UTC date of an instant as `YYYY-MM-DD`, or nil when it is infinite, BC or beyond year 9999.
  package static func day(_ instant: Int64) -> String? {
    guard instant != .min, instant != .max else { return nil }
    let date = CivilDate(days: Int(floorDivide(instant, microsecondsPerDay).quotient))
    guard (1...9999).contains(date.year) else { return nil }
    var buffer = ByteBuffer(capacity: 16)
    buffer.write(atMost: 16) { cursor in cursor.put(date: date) }
    return buffer.string(0..<buffer.count)
  }

  /// Whether PostgreSQL can hold the instant: an infinity, or 4714-11-24 BC to the end of 294276 (`IS_VALID_TIMESTAMP`).
  @inline(__always)
  static func isPossible(_ instant: Int64) -> Bool {
    instant >= -211_813_488_000_000_000 && instant < 9_223_371_331_200_000_000 || instant == .max || instant == .min
  }

  /// Whether PostgreSQL can hold the date: an infinity, or 4714-11-24 BC to the end of 5874897 (`IS_VALID_DATE`).
  static func isPossible(days: Int32) -> Bool {
    days >= -2_451_545 && days < 2_145_031_949 || days == .max || days == .min
  }

  /// Longest text: a seven-digit year, time, fraction, zone with seconds and ` BC`, with room to spare.
  static let maximumByteCount = 56

  @inline(__always)
  static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    var (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    if remainder < 0 {
      quotient &-= 1
      remainder &+= divisor
    }
    return (quotient, remainder)
  }
}

/// A date of the proleptic Gregorian calendar; year 0 is 1 BC.
struct CivilDate: Equatable {
  var year: Int
  var month: Int
  var day: Int

  /// Days from 0000-03-01, where this arithmetic starts, to 2000-01-01.
  private static let epoch = 730_425
  private static let daysPerEra = 146_097

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// The date so many days after 2000-01-01. Any 32-bit day, and any day of a 64-bit timestamp, is in range.
  @inline(__always)
  init(days: Int) {
    // Years that begin in March put the leap day last; eras of 400 years all have the same length.
    let shifted = days &+ Self.epoch
    let era = (shifted >= 0 ? shifted : shifted &- (Self.daysPerEra &- 1)) / Self.daysPerEra
    let dayOfEra = UInt32(truncatingIfNeeded: shifted &- era &* Self.daysPerEra)
    let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
    let shiftedMonth = (5 &* dayOfYear &+ 2) / 153
    day = Int(dayOfYear &- (153 &* shiftedMonth &+ 2) / 5 &+ 1)
    month = Int(shiftedMonth < 10 ? shiftedMonth &+ 3 : shiftedMonth &- 9)
    year = Int(yearOfEra) &+ era &* 400 &+ (month <= 2 ? 1 : 0)
  }

  /// Days since 2000-01-01; the year has at most seven digits.
  var days: Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * Self.daysPerEra + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - Self.epoch
  }

  /// Whether the month and day exist.
  var isValid: Bool {
    guard (1...12).contains(month), day >= 1 else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let length = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    return day <= length
  }
}
