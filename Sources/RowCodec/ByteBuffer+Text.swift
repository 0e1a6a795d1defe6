/// Texts and JSON documents on their way into a line.
extension ByteBuffer {
  /// Input bytes handled per reservation, so that a large text does not reserve six times its size at once.
  private static var chunk: Int { 4096 }

  /// Appends a text as a JSON string: quotes, backslashes and control characters escaped, the rest as it is.
  mutating func appendString(_ text: Span<UInt8>) throws(FieldFailure) {
    var position = 0
    append(UInt8(ascii: "\""))
    repeat {
      let end = min(position &+ Self.chunk, text.count)
      // Six bytes out for one in at most; up to eight bytes behind the chunk may be taken along.
      try write(atMost: (end &- position) &* 6 &+ 56) { (cursor) throws(FieldFailure) in
        while position < end {
          if text.count &- position >= 8 {
            let word = text.word(at: position)
            let marks = UTF8Text.marks(inString: word)
            guard marks != 0 else {
              cursor.put(word)
              position &+= 8
              continue
            }
            let clean = marks.trailingZeroBitCount >> 3
            cursor.put(word, count: clean)
            position &+= clean
          }
          try Self.putCharacter(text, &position, &cursor)
        }
        if end == text.count { cursor.put(UInt8(ascii: "\"")) }
      }
    } while position < text.count
  }

  /// Writes one character of a JSON string: 6 bytes at most.
  @inline(__always)
  private static func putCharacter(
    _ text: Span<UInt8>, _ position: inout Int, _ cursor: inout ByteCursor
  ) throws(FieldFailure) {
    let byte = text[position]
    if byte >= 0x80 {
      try putSequence(text, &position, &cursor)
      return
    }
    position &+= 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): cursor.put(UInt64(byte) << 8 | 0x5c, count: 2)
    case 0x20...: cursor.put(byte)
    case 0x0a: cursor.put(ascii: "\\n")
    case 0x0d: cursor.put(ascii: "\\r")
    case 0x09: cursor.put(ascii: "\\t")
    case 0: throw .zeroByte
    default:
      cursor.put(ascii: "\\u00")
      cursor.put(hexadecimal: UInt32(byte), digitCount: 2)
    }
  }

  @inline(__always)
  private static func putSequence(
    _ text: Span<UInt8>, _ position: inout Int, _ cursor: inout ByteCursor
  ) throws(FieldFailure) {
    let length = UTF8Text.sequenceLength(text, at: position)
    guard length > 0 else { throw .notUTF8 }
    for _ in 0..<length {
      cursor.put(text[position])
      position &+= 1
    }
  }

  /// Appends a JSON document as it is, newlines between its tokens replaced by spaces.
  ///
  /// Returns whether the line cannot say it exactly: it held a newline, or it is JSON's null, which reads as SQL NULL.
  mutating func appendDocument(_ document: Span<UInt8>) throws(FieldFailure) -> Bool {
    var hasNewline = false
    let start = count
    try write(atMost: document.count &+ 8) { (cursor) throws(FieldFailure) in
      var position = 0
      while position < document.count {
        if document.count &- position >= 8 {
          let word = document.word(at: position)
          let marks = UTF8Text.marks(verbatim: word)
          guard marks != 0 else {
            cursor.put(word)
            position &+= 8
            continue
          }
          let clean = marks.trailingZeroBitCount >> 3
          cursor.put(word, count: clean)
          position &+= clean
        }
        let byte = document[position]
        if byte >= 0x80 {
          try Self.putSequence(document, &position, &cursor)
          continue
        }
        let isNewline = byte == 0x0a || byte == 0x0d
        if isNewline { hasNewline = true }
        cursor.put(isNewline ? 0x20 : byte)
        position &+= 1
      }
    }
    var position = 0
    let written = start..<count
    try withSpan(written) { (written) throws(FieldFailure) in try JSONScanner.skipDocument(written, &position) }
    guard !hasNewline else { return true }
    return withSpan(written) { written in JSONScanner.isNull(written) }
  }

  /// Appends bytes as a JSON string of base64 with padding (RFC 4648, section 4).
  mutating func appendBase64(_ value: Span<UInt8>) {
    let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    write(atMost: (value.count &+ 2) / 3 &* 4 &+ 2) { cursor in
      func put(_ bits: UInt32, _ count: Int) {
        for index in 0..<4 {
          let sextet = Int(bits >> UInt32(18 &- 6 &* index)) & 63
          unsafe cursor.put(index <= count ? alphabet.utf8Start[sextet] : UInt8(ascii: "="))
        }
      }
      cursor.put(UInt8(ascii: "\""))
      var position = 0
      while value.count &- position >= 3 {
        put(UInt32(value[position]) << 16 | UInt32(value[position &+ 1]) << 8 | UInt32(value[position &+ 2]), 3)
        position &+= 3
      }
      switch value.count &- position {
      case 1: put(UInt32(value[position]) << 16, 1)
      case 2: put(UInt32(value[position]) << 16 | UInt32(value[position &+ 1]) << 8, 2)
      default: break
      }
      cursor.put(UInt8(ascii: "\""))
    }
  }
}
