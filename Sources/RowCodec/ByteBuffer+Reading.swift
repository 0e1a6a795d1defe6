/// Values from JSON back to PostgreSQL's text form.
extension ByteBuffer {
  /// Appends the text form of the value at `position` that is neither null nor an array, and passes it.
  ///
  /// As an array's element a boolean is `t` or `f`, as `array_out` prints it, otherwise a cast to text gives `true` or `false`.
  mutating func appendText(
    ofScalar line: Span<UInt8>, _ position: inout Int, _ form: WireForm, isElement: Bool
  ) throws(FieldFailure) {
    let start = position
    switch form {
    case .int2, .int4, .int8, .oid:
      try JSONInteger.skip(line, &position, form)
      append(line.extracting(start..<position))
    case .float4, .float8:
      try appendFloatText(line, &position)
    case .boolean:
      let value = try JSONScanner.scanBoolean(line, &position)
      if isElement { append(ascii: value ? "t" : "f") } else { append(ascii: value ? "true" : "false") }
    case .json, .jsonb:
      try JSONScanner.skipValue(line, &position)
      append(line.extracting(start..<position))
    default:
      let string = try JSONScanner.scanString(line, &position)
      let content = line.extracting(string.start..<string.end)
      guard string.hasEscapes else { return try appendText(ofString: content, form) }
      guard form != .text else { return try appendUnescaped(content) }
      var plain = ByteBuffer()
      try plain.appendUnescaped(content)
      try plain.withSpan { (plain) throws(FieldFailure) in try appendText(ofString: plain, form) }
    }
  }

  /// Appends the text form of a value that JSON carries as a string, given without escapes.
  mutating func appendText(ofString content: Span<UInt8>, _ form: WireForm) throws(FieldFailure) {
    switch form {
    case .bytea:
      try appendBytea(base64: content)
    case .timestamp, .timestampWithZone:
      try appendTimestampText(content, hasZone: form == .timestampWithZone)
    default:
      try StringForm.check(content, form)
      append(content)
    }
  }

  private mutating func appendFloatText(_ line: Span<UInt8>, _ position: inout Int) throws(FieldFailure) {
    let start = position
    if position < line.count, line[position] == UInt8(ascii: "\"") {
      let string = try JSONScanner.scanString(line, &position)
      let content = line.extracting(string.start..<string.end)
      guard content.equals(ascii: "NaN") || content.equals(ascii: "Infinity") || content.equals(ascii: "-Infinity")
      else { throw .notNumber }
      append(content)
      return
    }
    try JSONScanner.skipNumber(line, &position)
    let number = line.extracting(start..<position)
    append(number.equals(ascii: "-0.0") ? number.extracting(0..<2) : number)
  }

  /// `2025-01-31T12:34:56Z BC` becomes `2025-01-31 12:34:56+00 BC`.
  private mutating func appendTimestampText(_ content: Span<UInt8>, hasZone: Bool) throws(FieldFailure) {
    guard let time = TimeText(content), time.instant != nil else { throw .time }
    guard time.infinity == 0 else { return append(content) }
    guard time.timeOfDay != nil, (time.offset == 0) == hasZone, time.offset == nil || hasZone else { throw .time }
    try write(atMost: content.count + 2) { (cursor) throws(FieldFailure) in
      for index in content.indices {
        switch content[index] {
        case UInt8(ascii: "T"): cursor.put(UInt8(ascii: " "))
        case UInt8(ascii: "Z"): cursor.put(ascii: "+00")
        case UInt8(ascii: "+"): throw .time
        default: cursor.put(content[index])
        }
      }
    }
  }

  /// Base64 becomes `\x` and hexadecimal digits.
  private mutating func appendBytea(base64 content: Span<UInt8>) throws(FieldFailure) {
    guard content.count % 4 == 0 else { throw .base64 }
    append(ascii: "\\x")
    var position = 0
    try write(atMost: content.count / 4 * 6) { (cursor) throws(FieldFailure) in
      while position < content.count {
        var bits: UInt32 = 0
        var byteCount = 3
        for index in 0..<4 {
          let byte = content[position &+ index]
          if byte == UInt8(ascii: "="), index >= 2, position &+ 4 == content.count {
            byteCount = min(byteCount, index &- 1)
            bits <<= 6
            continue
          }
          guard byteCount == 3, let sextet = Self.sextet(byte) else { throw .base64 }
          bits = bits << 6 | sextet
        }
        guard byteCount == 3 || bits & (byteCount == 2 ? 0xff : 0xffff) == 0 else { throw .base64 }
        cursor.put(hexadecimal: (bits << 8).byteSwapped, digitCount: byteCount &* 2)
        position &+= 4
      }
    }
  }

  @inline(__always)
  private static func sextet(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) &- 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) &- 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) &+ 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }

  /// Appends the content of a JSON string with its escapes resolved. A zero character and a lone surrogate are no text.
  mutating func appendUnescaped(_ content: Span<UInt8>) throws(FieldFailure) {
    try write(atMost: content.count) { (cursor) throws(FieldFailure) in
      var position = 0
      while position < content.count {
        if content.count &- position >= 8 {
          let word = content.word(at: position)
          let clean = UTF8Text.backslashMarks(word).trailingZeroBitCount >> 3
          cursor.put(word, count: clean)
          position &+= clean
          if clean == 8 { continue }
        }
        let byte = content[position]
        guard byte == UInt8(ascii: "\\") else {
          cursor.put(byte)
          position &+= 1
          continue
        }
        guard content.count &- position >= 2 else { throw .escape }
        position &+= 2
        switch content[position &- 1] {
        case UInt8(ascii: "\""): cursor.put(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): cursor.put(UInt8(ascii: "\\"))
        case UInt8(ascii: "/"): cursor.put(UInt8(ascii: "/"))
        case UInt8(ascii: "n"): cursor.put(0x0a)
        case UInt8(ascii: "r"): cursor.put(0x0d)
        case UInt8(ascii: "t"): cursor.put(0x09)
        case UInt8(ascii: "b"): cursor.put(0x08)
        case UInt8(ascii: "f"): cursor.put(0x0c)
        case UInt8(ascii: "u"): cursor.put(scalar: try JSONScanner.scalar(content, &position))
        default: throw .escape
        }
      }
    }
  }
}

extension ByteCursor {
  /// A Unicode scalar as UTF-8: at most 4 bytes, never more than its JSON escape takes.
  mutating func put(scalar: UInt32) {
    switch scalar {
    case 0..<0x80:
      put(UInt8(scalar))
    case 0x80..<0x800:
      put(UInt8(0xc0 | scalar >> 6))
      put(UInt8(0x80 | scalar & 0x3f))
    case 0x800..<0x10000:
      put(UInt8(0xe0 | scalar >> 12))
      put(UInt8(0x80 | scalar >> 6 & 0x3f))
      put(UInt8(0x80 | scalar & 0x3f))
    default:
      put(UInt8(truncatingIfNeeded: 0xf0 | scalar >> 18))
      put(UInt8(0x80 | scalar >> 12 & 0x3f))
      put(UInt8(0x80 | scalar >> 6 & 0x3f))
      put(UInt8(0x80 | scalar & 0x3f))
    }
  }
}
