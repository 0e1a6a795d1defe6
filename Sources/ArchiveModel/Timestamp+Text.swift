extension Timestamp: CustomStringConvertible {
  /// ISO 8601 in UTC: `2025-01-31T12:34:56.789Z`, no fraction when zero, ` BC` as PostgreSQL writes it, `infinity`, `-infinity`.
  package var description: String {
    guard let text = text(separator: "T") else { return self == .positiveInfinity ? "infinity" : "-infinity" }
    return text.isBC ? text.body + "Z BC" : text.body + "Z"
  }

  /// A form that PostgreSQL reads exactly, whatever its settings: as `timestamptz`, and as `timestamp` in UTC.
  package var sqlText: String {
    guard let text = text(separator: " ") else { return self == .positiveInfinity ? "infinity" : "-infinity" }
    return text.isBC ? text.body + "+00 BC" : text.body + "+00"
  }

  private func text(separator: String) -> (body: String, isBC: Bool)? {
    guard let (date, microsecondsOfDay) = civil else { return nil }
    func padded(_ value: Int, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let isBC = date.year < 1
    let seconds = Int(microsecondsOfDay / 1_000_000)
    var body = padded(isBC ? 1 - date.year : date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2)
    body += separator + padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":" + padded(seconds % 60, 2)
    let fraction = Int(microsecondsOfDay % 1_000_000)
    if fraction != 0 {
      var digits = padded(fraction, 6)
      while digits.hasSuffix("0") { digits.removeLast() }
      body += "." + digits
    }
    return (body, isBC)
  }

  /// Reads an ISO date or timestamp: `2025-01-31`, `2025-01-31T12:34[:56[.789]]`, a space for the `T`, then nothing (UTC),
  /// `Z`, `+02`, `+02:00` or `+0200`, then ` BC` perhaps; also `infinity` and `-infinity`.
  package init?(_ text: String) {
    if text == "infinity" || text == "-infinity" {
      self = text == "infinity" ? .positiveInfinity : .negativeInfinity
      return
    }
    var scanner = TimestampScanner(text)
    guard let value = scanner.scan() else { return nil }
    self = value
  }
}

/// One pass over the text of a timestamp.
private struct TimestampScanner {
  private var rest: Substring.UTF8View

  init(_ text: String) {
    rest = text[...].utf8
  }

  mutating func scan() -> Timestamp? {
    guard let year = number(digits: 4...6), take("-"), let month = number(digits: 2...2), take("-"),
      let day = number(digits: 2...2), (1...12).contains(month), year >= 1
    else { return nil }
    var time: (hour: Int, minute: Int, second: Int, microsecond: Int) = (0, 0, 0, 0)
    var offset = 0
    if take("T") || (rest.first == UInt8(ascii: " ") && rest.dropFirst().first.map(isDigit) == true && take(" ")) {
      guard let hour = number(digits: 2...2), take(":"), let minute = number(digits: 2...2) else { return nil }
      (time.hour, time.minute) = (hour, minute)
      if take(":") {
        guard let second = number(digits: 2...2) else { return nil }
        time.second = second
        if take(".") {
          guard let fraction = fraction() else { return nil }
          time.microsecond = fraction
        }
      }
      guard let zone = zone() else { return nil }
      offset = zone
    }
    let isBC = take(" BC")
    // PostgreSQL's range; beyond it 64 bits of microseconds would not do.
    guard year <= (isBC ? 4714 : 294_276) else { return nil }
    let date = CivilDate(year: isBC ? 1 - year : year, month: month, day: day)
    guard rest.isEmpty, CivilDate(daysSince2000: date.daysSince2000) == date, time.hour < 24 || time == (24, 0, 0, 0),
      time.minute < 60, time.second <= 60
    else { return nil }
    let seconds = Int64(time.hour * 3600 + time.minute * 60 + time.second - offset)
    return Timestamp(microseconds: date.start.microseconds + seconds * 1_000_000 + Int64(time.microsecond))
  }

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private mutating func take(_ literal: String) -> Bool {
    guard rest.starts(with: literal.utf8) else { return false }
    rest = rest.dropFirst(literal.utf8.count)
    return true
  }

  private mutating func number(digits: ClosedRange<Int>) -> Int? {
    let run = rest.prefix(while: isDigit)
    guard digits.contains(run.count) else { return nil }
    rest = rest.dropFirst(run.count)
    return run.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }

  private mutating func fraction() -> Int? {
    let run = rest.prefix(while: isDigit)
    guard (1...6).contains(run.count) else { return nil }
    rest = rest.dropFirst(run.count)
    return (0..<6).reduce(0) { value, place in
      value * 10 + (place < run.count ? Int(run[run.index(run.startIndex, offsetBy: place)] - UInt8(ascii: "0")) : 0)
    }
  }

  /// Seconds east of UTC.
  private mutating func zone() -> Int? {
    if take("Z") { return 0 }
    let sign = take("+") ? 1 : take("-") ? -1 : 0
    guard sign != 0 else { return 0 }
    guard let hour = number(digits: 2...4) else { return nil }
    if hour > 99 { return sign * (hour / 100 * 3600 + hour % 100 * 60) }
    var seconds = hour * 3600
    if take(":") {
      guard let minute = number(digits: 2...2) else { return nil }
      seconds += minute * 60
      if take(":") {
        guard let second = number(digits: 2...2) else { return nil }
        seconds += second
      }
    }
    return sign * seconds
  }
}

extension Timestamp: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = Timestamp(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an ISO 8601 timestamp")
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
