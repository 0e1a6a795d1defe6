/// Dates and times as text.
extension ByteCursor {
  /// `2025-01-31`, without ` BC`: at most 13 bytes.
  @inline(__always)
  mutating func put(date: CivilDate) {
    let year = date.year > 0 ? date.year : 1 &- date.year
    if year < 10_000 { putFour(year) } else { put(decimal: UInt64(year)) }
    put(UInt8(ascii: "-"))
    putPair(date.month)
    put(UInt8(ascii: "-"))
    putPair(date.day)
  }

  /// `12:34:56.789` from microseconds of a day, 0 to 24 hours: at most 15 bytes.
  @inline(__always)
  mutating func put(timeOfDay microseconds: Int64) {
    let seconds = Int(microseconds / 1_000_000)
    let minutes = seconds / 60
    putPair(minutes / 60)
    put(UInt8(ascii: ":"))
    putPair(minutes % 60)
    put(UInt8(ascii: ":"))
    putPair(seconds % 60)
    put(fraction: Int(microseconds % 1_000_000))
  }

  /// `.789` from microseconds below a second, nothing for zero: at most 7 bytes.
  @inline(__always)
  mutating func put(fraction microseconds: Int) {
    guard microseconds != 0 else { return }
    put(UInt8(ascii: "."))
    putPair(microseconds / 10_000)
    guard microseconds % 10_000 != 0 else { return dropZero(microseconds / 10_000) }
    putPair(microseconds / 100 % 100)
    guard microseconds % 100 != 0 else { return dropZero(microseconds / 100) }
    putPair(microseconds % 100)
    dropZero(microseconds)
  }

  /// Takes the last digit back if it is a zero.
  @inline(__always)
  private mutating func dropZero(_ digits: Int) {
    if digits % 10 == 0 { takeBack() }
  }

  /// `2025-01-31T12:34:56` and the zone, ` BC` last, or an infinity: at most 40 bytes.
  @inline(__always)
  mutating func put(timestamp microseconds: Int64, zone: StaticString) {
    guard microseconds != .max else { return put(ascii: "infinity") }
    guard microseconds != .min else { return put(ascii: "-infinity") }
    let (days, time) = PostgresTime.floorDivide(microseconds, PostgresTime.microsecondsPerDay)
    let date = CivilDate(days: Int(days))
    put(date: date)
    put(UInt8(ascii: "T"))
    put(timeOfDay: time)
    put(ascii: zone)
    if date.year <= 0 { put(ascii: " BC") }
  }

  /// `+02`, `-05:30` or `+01:02:03` from seconds WEST of UTC, as `timetz` counts: at most 9 bytes.
  mutating func put(zoneSecondsWest seconds: Int) {
    put(seconds <= 0 ? UInt8(ascii: "+") : UInt8(ascii: "-"))
    let magnitude = abs(seconds)
    putPair(magnitude / 3600)
    if magnitude % 3600 != 0 {
      put(UInt8(ascii: ":"))
      putPair(magnitude / 60 % 60)
    }
    if magnitude % 60 != 0 {
      put(UInt8(ascii: ":"))
      putPair(magnitude % 60)
    }
  }

  /// An interval in PostgreSQL's `iso_8601` style, each part with its own sign, zero parts left out: at most 80 bytes.
  ///
  /// `EncodeInterval` in PostgreSQL's datetime.c is the reference.
  mutating func put(intervalMonths months: Int32, days: Int32, microseconds: Int64) {
    guard months != 0 || days != 0 || microseconds != 0 else { return put(ascii: "PT0S") }
    put(UInt8(ascii: "P"))
    put(part: Int64(months / 12), "Y")
    put(part: Int64(months % 12), "M")
    put(part: Int64(days), "D")
    guard microseconds != 0 else { return }
    put(UInt8(ascii: "T"))
    put(part: microseconds / 3_600_000_000, "H")
    put(part: microseconds / 60_000_000 % 60, "M")
    let rest = microseconds % 60_000_000
    guard rest != 0 else { return }
    if rest < 0 { put(UInt8(ascii: "-")) }
    put(decimal: rest.magnitude / 1_000_000)
    put(fraction: Int(rest.magnitude % 1_000_000))
    put(UInt8(ascii: "S"))
  }

  private mutating func put(part value: Int64, _ unit: StaticString) {
    guard value != 0 else { return }
    put(decimal: value)
    put(ascii: unit)
  }
}
