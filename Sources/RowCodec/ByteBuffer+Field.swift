/// Values from their binary form to JSON.
extension ByteBuffer {
  /// Appends one value that is no array. Returns whether JSON could not say it exactly.
  @inline(__always)
  mutating func appendScalar(_ value: Span<UInt8>, _ form: WireForm) throws(FieldFailure) -> Bool {
    switch form {
    case .text:
      try appendString(value)
    case .int8:
      guard value.count == 8 else { throw .length }
      write(atMost: 20) { cursor in cursor.put(decimal: value.int64(at: 0)) }
    case .int4:
      guard value.count == 4 else { throw .length }
      write(atMost: 20) { cursor in cursor.put(decimal: Int64(value.int32(at: 0))) }
    case .int2:
      guard value.count == 2 else { throw .length }
      write(atMost: 20) { cursor in cursor.put(decimal: Int64(value.int16(at: 0))) }
    case .oid:
      guard value.count == 4 else { throw .length }
      write(atMost: 20) { cursor in cursor.put(decimal: UInt64(UInt32(bitPattern: value.int32(at: 0)))) }
    case .boolean:
      guard value.count == 1 else { throw .length }
      append(ascii: value[0] != 0 ? "true" : "false")
    case .timestampWithZone:
      try appendTimestamp(value, zone: "Z")
    case .timestamp:
      try appendTimestamp(value, zone: "")
    case .numeric:
      try appendNumeric(value)
    case .uuid:
      try appendUUID(value)
    case .jsonb:
      guard value.count > 1, value[0] == 1 else { throw .version }
      return try appendDocument(value.extracting(1..<value.count))
    case .json:
      return try appendDocument(value)
    default:
      try appendRareScalar(value, form)
    }
    return false
  }

  @inline(never)
  private mutating func appendRareScalar(_ value: Span<UInt8>, _ form: WireForm) throws(FieldFailure) {
    switch form {
    case .float8:
      guard value.count == 8 else { throw .length }
      append(Double(bitPattern: UInt64(bitPattern: value.int64(at: 0))))
    case .float4:
      guard value.count == 4 else { throw .length }
      append(Float(bitPattern: UInt32(bitPattern: value.int32(at: 0))))
    case .bytea:
      appendBase64(value)
    case .date:
      try appendDate(value)
    case .time, .timeWithZone:
      try appendTime(value, hasZone: form == .timeWithZone)
    default:
      try appendInterval(value, knowsInfinity: form == .interval)
    }
  }

  @inline(__always)
  private mutating func appendTimestamp(_ value: Span<UInt8>, zone: StaticString) throws(FieldFailure) {
    guard value.count == 8 else { throw .length }
    let instant = value.int64(at: 0)
    guard PostgresTime.isPossible(instant) else { throw .outOfRange }
    write(atMost: PostgresTime.maximumByteCount) { cursor in
      cursor.put(UInt8(ascii: "\""))
      cursor.put(timestamp: instant, zone: zone)
      cursor.put(UInt8(ascii: "\""))
    }
  }

  private mutating func appendDate(_ value: Span<UInt8>) throws(FieldFailure) {
    guard value.count == 4 else { throw .length }
    let days = value.int32(at: 0)
    guard PostgresTime.isPossible(days: days) else { throw .outOfRange }
    write(atMost: PostgresTime.maximumByteCount) { cursor in
      cursor.put(UInt8(ascii: "\""))
      switch days {
      case .max: cursor.put(ascii: "infinity")
      case .min: cursor.put(ascii: "-infinity")
      default:
        let date = CivilDate(days: Int(days))
        cursor.put(date: date)
        if date.year <= 0 { cursor.put(ascii: " BC") }
      }
      cursor.put(UInt8(ascii: "\""))
    }
  }

  private mutating func appendTime(_ value: Span<UInt8>, hasZone: Bool) throws(FieldFailure) {
    guard value.count == (hasZone ? 12 : 8) else { throw .length }
    let microseconds = value.int64(at: 0)
    let zone = hasZone ? Int(value.int32(at: 8)) : 0
    // A time may be 24:00:00; zones lie within 16 hours of UTC, and two digits must hold the hours.
    guard (0...PostgresTime.microsecondsPerDay).contains(microseconds), abs(zone) < 360_000 else { throw .outOfRange }
    write(atMost: PostgresTime.maximumByteCount) { cursor in
      cursor.put(UInt8(ascii: "\""))
      cursor.put(timeOfDay: microseconds)
      if hasZone { cursor.put(zoneSecondsWest: zone) }
      cursor.put(UInt8(ascii: "\""))
    }
  }

  private mutating func appendInterval(_ value: Span<UInt8>, knowsInfinity: Bool) throws(FieldFailure) {
    guard value.count == 16 else { throw .length }
    let microseconds = value.int64(at: 0)
    let days = value.int32(at: 8)
    let months = value.int32(at: 12)
    write(atMost: 96) { cursor in
      cursor.put(UInt8(ascii: "\""))
      if knowsInfinity, microseconds == .max, days == .max, months == .max {
        cursor.put(ascii: "infinity")
      } else if knowsInfinity, microseconds == .min, days == .min, months == .min {
        cursor.put(ascii: "-infinity")
      } else {
        cursor.put(intervalMonths: months, days: days, microseconds: microseconds)
      }
      cursor.put(UInt8(ascii: "\""))
    }
  }

  @inline(__always)
  private mutating func appendUUID(_ value: Span<UInt8>) throws(FieldFailure) {
    guard value.count == 16 else { throw .length }
    write(atMost: 38) { cursor in
      cursor.put(UInt8(ascii: "\""))
      cursor.put(hexadecimal: value.halfWord(at: 0))
      cursor.put(UInt8(ascii: "-"))
      // The first two bytes of four give the group before the dash, the last two the one behind it.
      for offset in [4, 8] {
        let half = value.halfWord(at: offset)
        cursor.put(hexadecimal: half, digitCount: 4)
        cursor.put(UInt8(ascii: "-"))
        cursor.put(hexadecimal: half >> 16, digitCount: 4)
        if offset == 4 { cursor.put(UInt8(ascii: "-")) }
      }
      cursor.put(hexadecimal: value.halfWord(at: 12))
      cursor.put(UInt8(ascii: "\""))
    }
  }
}
