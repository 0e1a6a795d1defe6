/// Finds where JSON values end. Works on bytes, without recursion, and accepts exactly RFC 8259's grammar.
enum JSONScanner {
  /// A string's content between its quotes.
  struct StringRange {
    var start: Int
    var end: Int
    var hasEscapes: Bool
  }

  /// Passes a whole document and the white space around it.
  static func skipDocument(_ bytes: Span<UInt8>, _ position: inout Int) throws(FieldFailure) {
    try skipValue(bytes, &position)
    guard position == bytes.count else { throw .document }
  }

  /// Whether a valid document is JSON's `null`, white space around it or not.
  static func isNull(_ document: Span<UInt8>) -> Bool {
    var position = 0
    skipSpace(document, &position)
    return position < document.count && document[position] == UInt8(ascii: "n")
  }

  /// Passes one value and the white space on both sides of it.
  static func skipValue(_ bytes: Span<UInt8>, _ position: inout Int) throws(FieldFailure) {
    var nesting = Nesting()
    value: while true {
      skipSpace(bytes, &position)
      guard position < bytes.count else { throw .document }
      switch bytes[position] {
      case UInt8(ascii: "{"):
        position &+= 1
        skipSpace(bytes, &position)
        guard position < bytes.count, bytes[position] == UInt8(ascii: "}") else {
          nesting.push(isObject: true)
          try skipName(bytes, &position)
          continue value
        }
        position &+= 1
      case UInt8(ascii: "["):
        position &+= 1
        skipSpace(bytes, &position)
        guard position < bytes.count, bytes[position] == UInt8(ascii: "]") else {
          nesting.push(isObject: false)
          continue value
        }
        position &+= 1
      case UInt8(ascii: "\""):
        try skipString(bytes, &position)
      case UInt8(ascii: "t"): try skip("true", bytes, &position)
      case UInt8(ascii: "f"): try skip("false", bytes, &position)
      case UInt8(ascii: "n"): try skip("null", bytes, &position)
      default:
        try skipNumber(bytes, &position)
      }
      // Behind a value: close what ends here, or go on to the next value of the innermost container.
      while true {
        skipSpace(bytes, &position)
        guard nesting.depth > 0 else { return }
        guard position < bytes.count else { throw .document }
        let byte = bytes[position]
        position &+= 1
        if byte == UInt8(ascii: ",") {
          if nesting.isObject {
            skipSpace(bytes, &position)
            try skipName(bytes, &position)
          }
          continue value
        }
        guard byte == (nesting.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw .document }
        nesting.pop()
      }
    }
  }

  /// Passes a number.
  static func skipNumber(_ bytes: Span<UInt8>, _ position: inout Int) throws(FieldFailure) {
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position &+= 1 }
    let start = position
    try skipDigits(bytes, &position)
    guard bytes[start] != UInt8(ascii: "0") || position == start &+ 1 else { throw .notNumber }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position &+= 1
      try skipDigits(bytes, &position)
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position &+= 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
        position &+= 1
      }
      try skipDigits(bytes, &position)
    }
  }

  /// Passes a string whose opening quote is at `position`; escapes are left for `ByteBuffer.appendUnescaped`.
  @inline(__always)
  static func scanString(_ bytes: Span<UInt8>, _ position: inout Int) throws(FieldFailure) -> StringRange {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw .notString }
    position &+= 1
    let start = position
    var hasEscapes = false
    while true {
      while bytes.count &- position >= 8 {
        // Bytes that are not ASCII are passed: the whole line was found to be UTF-8.
        let word = bytes.word(at: position)
        let marks = UTF8Text.marks(inString: word & 0x7f7f_7f7f_7f7f_7f7f | (word & 0x8080_8080_8080_8080) >> 1)
        guard marks == 0 else {
          position &+= marks.trailingZeroBitCount >> 3
          break
        }
        position &+= 8
      }
      guard position < bytes.count else { throw .notString }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        position &+= 1
        return StringRange(start: start, end: position &- 1, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        guard bytes.count &- position >= 2 else { throw .notString }
        position &+= 2
      case 0..<0x20: throw .controlByte
      default: position &+= 1
      }
    }
  }

  static func skipSpace(_ bytes: Span<UInt8>, _ position: inout Int) {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0a, 0x0d, 0x09: position &+= 1
      default: return
      }
    }
  }

  private static func skipName(_ bytes: Span<UInt8>, _ position: inout Int) throws(FieldFailure) {
    try skipString(bytes, &position)
    skipSpace(bytes, &position)
    guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw .document }
    position &+= 1
  }

  /// Passes a string and checks its escapes; lone surrogates are allowed, because PostgreSQL's json keeps them.
  private static func skipString(_ bytes: Span<UInt8>, _ position: inout Int) throws(FieldFailure) {
    let string = try scanString(bytes, &position)
    guard string.hasEscapes else { return }
    var index = string.start
    while index < string.end {
      guard bytes[index] == UInt8(ascii: "\\") else {
        index &+= 1
        continue
      }
      switch bytes[index &+ 1] {
      case UInt8(ascii: "u"):
        guard string.end &- index >= 6, hexadecimal(bytes, at: index &+ 2) != nil else { throw .escape }
        index &+= 6
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
        UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
        index &+= 2
      default: throw .escape
      }
    }
  }

  /// The value of four hexadecimal digits; `offset + 4` is within bounds.
  static func hexadecimal(_ bytes: Span<UInt8>, at offset: Int) -> UInt32? {
    var value: UInt32 = 0
    for index in offset..<offset + 4 {
      switch bytes[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(bytes[index] & 0x0f)
      case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
        value = value << 4 | UInt32(bytes[index] & 0x0f + 9)
      default: return nil
      }
    }
    return value
  }

  private static func skipDigits(_ bytes: Span<UInt8>, _ position: inout Int) throws(FieldFailure) {
    let start = position
    while position < bytes.count, bytes[position] &- UInt8(ascii: "0") <= 9 { position &+= 1 }
    guard position > start else { throw .notNumber }
  }

  private static func skip(
    _ word: StaticString, _ bytes: Span<UInt8>, _ position: inout Int
  ) throws(FieldFailure) {
    guard bytes.matches(ascii: word, at: position) else { throw .document }
    position &+= word.utf8CodeUnitCount
  }

  /// Which containers are open: one bit a level, in words of 64 levels.
  private struct Nesting {
    private(set) var depth = 0
    private var bits: UInt64 = 0
    private var outer: [UInt64] = []

    var isObject: Bool { bits & 1 == 1 }

    mutating func push(isObject: Bool) {
      if depth > 0, depth & 63 == 0 {
        outer.append(bits)
        bits = 0
      }
      bits = bits << 1 | (isObject ? 1 : 0)
      depth &+= 1
    }

    mutating func pop() {
      bits >>= 1
      depth &-= 1
      if depth > 0, depth & 63 == 0, let last = outer.popLast() { bits = last }
    }
  }
}
