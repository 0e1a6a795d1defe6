/// A date, a time or both, read strictly from text.
struct TimeText {
  /// Days since 2000-01-01; nil when there is only a time, or an infinity.
  private(set) var days: Int?
  /// Microseconds of the day, up to 24 hours; nil when there is only a date, or an infinity.
  private(set) var timeOfDay: Int64?
  /// Seconds EAST of UTC where an offset is written.
  private(set) var offset: Int?
  /// -1 and 1 for the infinities.
  private(set) var infinity = 0

  /// Reads `2025-01-31`, `12:34:56.789`, both with `T` or a space between, an offset or `Z`, and ` BC`.
  init?(_ text: Span<UInt8>) {
    if text.equals(ascii: "infinity") {
      infinity = 1
      return
    }
    if text.equals(ascii: "-infinity") {
      infinity = -1
      return
    }
    var position = 0
    if text.count >= 3, text[2] == UInt8(ascii: ":") {
      guard readTime(text, &position), readOffset(text, &position), position == text.count else { return nil }
      return
    }
    guard var date = Self.date(text, &position) else { return nil }
    if position < text.count, text[position] == UInt8(ascii: "T") || text[position] == UInt8(ascii: " "),
      !text.matches(ascii: " BC", at: position)
    {
      position += 1
      guard readTime(text, &position), readOffset(text, &position) else { return nil }
    }
    if text.matches(ascii: " BC", at: position) {
      position += 3
      date.year = 1 - date.year
      guard date.year <= 0 else { return nil }
    } else if date.year == 0 {
      return nil
    }
    guard position == text.count, date.isValid else { return nil }
    days = date.days
  }

  /// Microseconds since 2000-01-01 UTC, read as UTC where no offset is written; nil for a time alone and past 64 bits.
  var instant: Int64? {
    if infinity != 0 { return infinity > 0 ? .max : .min }
    guard let days else { return nil }
    let (midnight, overflow) = Int64(days).multipliedReportingOverflow(by: PostgresTime.microsecondsPerDay)
    let (sum, sumOverflow) = midnight.addingReportingOverflow((timeOfDay ?? 0) - Int64(offset ?? 0) * 1_000_000)
    guard !overflow, !sumOverflow, sum != .max, sum != .min else { return nil }
    return sum
  }

  private static func date(_ text: Span<UInt8>, _ position: inout Int) -> CivilDate? {
    var year = 0
    while position < min(text.count, 8), let digit = digit(text, position) {
      year = year * 10 + digit
      position += 1
    }
    guard position >= 4, position <= 7, text.count - position >= 6, text[position] == UInt8(ascii: "-"),
      let month = pair(text, position + 1), text[position + 3] == UInt8(ascii: "-"), let day = pair(text, position + 4)
    else { return nil }
    position += 6
    return CivilDate(year: year, month: month, day: day)
  }

  private mutating func readTime(_ text: Span<UInt8>, _ position: inout Int) -> Bool {
    guard text.count - position >= 5, let hour = Self.pair(text, position), text[position + 2] == UInt8(ascii: ":"),
      let minute = Self.pair(text, position + 3)
    else { return false }
    position += 5
    var second = 0
    var fraction = 0
    if text.count - position >= 3, text[position] == UInt8(ascii: ":") {
      guard let seconds = Self.pair(text, position + 1) else { return false }
      second = seconds
      position += 3
      if position < text.count, text[position] == UInt8(ascii: ".") {
        position += 1
        var unit = 1_000_000
        while position < text.count, let digit = Self.digit(text, position) {
          guard unit > 1 else { return false }
          unit /= 10
          fraction += digit * unit
          position += 1
        }
        guard unit < 1_000_000 else { return false }
      }
    }
    let microseconds = Int64(((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction)
    guard minute < 60, second < 60, microseconds <= PostgresTime.microsecondsPerDay else { return false }
    timeOfDay = microseconds
    return true
  }

  /// Reads `Z`, `+02`, `+0200`, `+02:00` or `+02:00:00`; no offset is right too.
  private mutating func readOffset(_ text: Span<UInt8>, _ position: inout Int) -> Bool {
    guard position < text.count else { return true }
    let sign = text[position]
    if sign == UInt8(ascii: "Z") {
      offset = 0
      position += 1
      return true
    }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return true }
    position += 1
    guard let hours = Self.pair(text, position) else { return false }
    position += 2
    var seconds = hours * 3600
    for unit in [60, 1] {
      let hasColon = position < text.count && text[position] == UInt8(ascii: ":")
      guard let part = Self.pair(text, position + (hasColon ? 1 : 0)) else {
        if hasColon { return false }
        break
      }
      guard part < 60 else { return false }
      seconds += part * unit
      position += hasColon ? 3 : 2
    }
    offset = sign == UInt8(ascii: "-") ? -seconds : seconds
    return true
  }

  @inline(__always)
  private static func digit(_ text: Span<UInt8>, _ position: Int) -> Int? {
    guard position < text.count else { return nil }
    let value = text[position] &- UInt8(ascii: "0")
    return value <= 9 ? Int(value) : nil
  }

  @inline(__always)
  private static func pair(_ text: Span<UInt8>, _ position: Int) -> Int? {
    guard let tens = digit(text, position), let ones = digit(text, position + 1) else { return nil }
    return tens * 10 + ones
  }
}
