/// Checks that a string is what its column's type writes, before the server is asked to read it.
enum StringForm {
  static func check(_ content: Span<UInt8>, _ form: WireForm) throws(FieldFailure) {
    switch form {
    case .numeric: try checkNumeric(content)
    case .uuid: try checkUUID(content)
    case .date:
      guard let time = TimeText(content), time.infinity != 0 || time.days != nil && time.timeOfDay == nil else {
        throw .time
      }
    case .time, .timeWithZone:
      guard let time = TimeText(content), time.days == nil, time.timeOfDay != nil,
        (time.offset != nil) == (form == .timeWithZone)
      else { throw .time }
    case .interval, .finiteInterval: try checkInterval(content)
    default: break
    }
  }

  /// Digits with an optional sign and fraction, `NaN` or an infinity.
  private static func checkNumeric(_ content: Span<UInt8>) throws(FieldFailure) {
    var position = content.count > 0 && content[0] == UInt8(ascii: "-") ? 1 : 0
    let start = position
    var hasPoint = false
    while position < content.count {
      let byte = content[position]
      if byte == UInt8(ascii: "."), !hasPoint, position > start, position < content.count - 1 {
        hasPoint = true
      } else if byte &- UInt8(ascii: "0") > 9 {
        break
      }
      position &+= 1
    }
    guard position == content.count, position > start else {
      guard content.equals(ascii: "NaN") || content.equals(ascii: "Infinity") || content.equals(ascii: "-Infinity")
      else { throw .notNumber }
      return
    }
  }

  private static func checkUUID(_ content: Span<UInt8>) throws(FieldFailure) {
    guard content.count == 36, content[8] == UInt8(ascii: "-"), content[13] == UInt8(ascii: "-"),
      content[18] == UInt8(ascii: "-"), content[23] == UInt8(ascii: "-")
    else { throw .uuid }
    var digitCount = 0
    for index in 0..<36 {
      let byte = content[index]
      if byte &- UInt8(ascii: "0") <= 9 || byte &- UInt8(ascii: "a") <= 5 { digitCount &+= 1 }
    }
    guard digitCount == 32 else { throw .uuid }
  }

  private static func checkInterval(_ content: Span<UInt8>) throws(FieldFailure) {
    if content.equals(ascii: "infinity") || content.equals(ascii: "-infinity") { return }
    guard content.count >= 3, content[0] == UInt8(ascii: "P") else { throw .interval }
    for index in 1..<content.count {
      switch content[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "T"),
        UInt8(ascii: "Y"), UInt8(ascii: "M"), UInt8(ascii: "D"), UInt8(ascii: "H"), UInt8(ascii: "S"):
        continue
      default: throw .interval
      }
    }
  }
}

/// Integers as JSON writes them.
enum JSONInteger {
  /// Passes a number without fraction or exponent that its type can hold.
  static func skip(_ line: Span<UInt8>, _ position: inout Int, _ form: WireForm) throws(FieldFailure) {
    let isNegative = position < line.count && line[position] == UInt8(ascii: "-")
    if isNegative { position &+= 1 }
    let start = position
    var magnitude: UInt64 = 0
    while position < line.count {
      let digit = line[position] &- UInt8(ascii: "0")
      guard digit <= 9 else { break }
      // 19 digits always fit; no integer type has more.
      guard position &- start < 19 else { throw .range }
      magnitude = magnitude &* 10 &+ UInt64(digit)
      position &+= 1
    }
    guard position > start, line[start] != UInt8(ascii: "0") || position == start &+ 1 && !isNegative else {
      throw .notNumber
    }
    guard magnitude <= limit(form, isNegative) else { throw .range }
  }

  private static func limit(_ form: WireForm, _ isNegative: Bool) -> UInt64 {
    switch form {
    case .int2: isNegative ? Int16.min.magnitude.asUInt64 : UInt64(Int16.max)
    case .int4: isNegative ? Int32.min.magnitude.asUInt64 : UInt64(Int32.max)
    case .oid: isNegative ? 0 : UInt64(UInt32.max)
    default: isNegative ? Int64.min.magnitude : UInt64(Int64.max)
    }
  }
}

extension UnsignedInteger {
  fileprivate var asUInt64: UInt64 { UInt64(self) }
}

extension JSONScanner {
  /// Passes `true` or `false`.
  static func scanBoolean(_ line: Span<UInt8>, _ position: inout Int) throws(FieldFailure) -> Bool {
    if line.matches(ascii: "true", at: position) {
      position &+= 4
      return true
    }
    guard line.matches(ascii: "false", at: position) else { throw .notBoolean }
    position &+= 5
    return false
  }

  /// The scalar of a `\u` escape, or of a pair of them, whose first digit is at `position`; passes it.
  static func scalar(_ content: Span<UInt8>, _ position: inout Int) throws(FieldFailure) -> UInt32 {
    guard content.count &- position >= 4, let first = hexadecimal(content, at: position), first != 0 else {
      throw .escape
    }
    position &+= 4
    guard first & 0xf800 == 0xd800 else { return first }
    guard first < 0xdc00, content.count &- position >= 6, content.matches(ascii: "\\u", at: position),
      let second = hexadecimal(content, at: position &+ 2), second & 0xfc00 == 0xdc00
    else { throw .escape }
    position &+= 6
    return 0x10000 + (first & 0x3ff) << 10 + second & 0x3ff
  }
}
