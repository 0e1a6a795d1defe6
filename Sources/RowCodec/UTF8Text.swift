/// Checks of UTF-8 and of the bytes that need care in JSON, eight at a time.
enum UTF8Text {
  /// Marks (in the top bit of a byte) bytes below space, quotes, backslashes and bytes that are not ASCII. The lowest mark is exact.
  @inline(__always)
  static func marks(inString word: UInt64) -> UInt64 {
    let quote = word ^ 0x2222_2222_2222_2222
    let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
    let ones: UInt64 = 0x0101_0101_0101_0101
    let found =
      (word &- 0x2020_2020_2020_2020) & ~word | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | word
    return found & 0x8080_8080_8080_8080
  }

  /// Marks bytes below space and bytes that are not ASCII. The lowest mark is exact.
  @inline(__always)
  static func marks(verbatim word: UInt64) -> UInt64 {
    ((word &- 0x2020_2020_2020_2020) & ~word | word) & 0x8080_8080_8080_8080
  }

  /// Marks backslashes. The lowest mark is exact.
  @inline(__always)
  static func backslashMarks(_ word: UInt64) -> UInt64 {
    let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
    return (backslash &- 0x0101_0101_0101_0101) & ~backslash & 0x8080_8080_8080_8080
  }

  /// Marks bytes below space and backslashes. The lowest mark may be a byte that needs no escape.
  @inline(__always)
  static func marks(inCopy word: UInt64) -> UInt64 {
    let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
    let found = (word &- 0x2020_2020_2020_2020) & ~word | (backslash &- 0x0101_0101_0101_0101) & ~backslash
    return found & 0x8080_8080_8080_8080
  }

  /// Length in bytes of the well-formed sequence at `position` whose first byte is not ASCII, or 0 when it is ill-formed.
  ///
  /// The Unicode standard's table 3-7: no overlong forms, no surrogates, nothing beyond U+10FFFF.
  @inline(__always)
  static func sequenceLength(_ text: Span<UInt8>, at position: Int) -> Int {
    let first = text[position]
    let length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
    guard first >= 0xc2, first <= 0xf4, text.count &- position >= length else { return 0 }
    let second = text[position &+ 1]
    guard second & 0xc0 == 0x80 else { return 0 }
    if length == 2 { return 2 }
    switch first {
    case 0xe0 where second < 0xa0, 0xed where second > 0x9f, 0xf0 where second < 0x90, 0xf4 where second > 0x8f:
      return 0
    default: break
    }
    guard text[position &+ 2] & 0xc0 == 0x80 else { return 0 }
    if length == 3 { return 3 }
    return text[position &+ 3] & 0xc0 == 0x80 ? 4 : 0
  }

  /// Whether all of `text` is well-formed.
  static func isValid(_ text: Span<UInt8>) -> Bool {
    var position = 0
    while position < text.count {
      if text.count &- position >= 8 {
        let high = text.word(at: position) & 0x8080_8080_8080_8080
        guard high != 0 else {
          position &+= 8
          continue
        }
        position &+= high.trailingZeroBitCount >> 3
      }
      while position < text.count, text[position] >= 0x80 {
        let length = sequenceLength(text, at: position)
        guard length > 0 else { return false }
        position &+= length
      }
      if text.count &- position < 8, position < text.count { position &+= 1 }
    }
    return true
  }
}
