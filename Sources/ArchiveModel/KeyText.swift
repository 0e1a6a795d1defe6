/// The text forms of values whose type has one form for each value, which can be told without a server.
enum KeyText {
  /// How PostgreSQL writes the value that `text` gives of a whole number or a `uuid`; of other types the text as it is.
  ///
  /// Nil for what the type does not take, such as letters or a number that is out of its range.
  static func canonical(_ text: String, type: String) -> String? {
    switch type {
    case "smallint": number(text, in: -0x8000...0x7FFF)
    case "integer": number(text, in: -0x8000_0000...0x7FFF_FFFF)
    case "bigint": number(text, in: Int64.min...Int64.max)
    // Of 32 bits without a sign, and its input function takes the negative ones for those of the same bits.
    case "oid": number(text, in: -0x8000_0000...0xFFFF_FFFF).map { wrapped($0) }
    case "uuid": uuid(text)
    default: text
    }
  }

  /// Decimal digits behind at most one sign, with white space around.
  private static func number(_ text: String, in range: ClosedRange<Int64>) -> String? {
    let blanks: Set<UInt8> = [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20]
    let digits = text.utf8.drop { blanks.contains($0) }
    let end = digits.lastIndex { !blanks.contains($0) }.map { digits.index(after: $0) } ?? digits.startIndex
    guard let value = Int64(Substring(digits[..<end])), range.contains(value) else { return nil }
    return String(value)
  }

  private static func wrapped(_ number: String) -> String {
    guard number.hasPrefix("-"), let value = Int32(number) else { return number }
    return String(UInt32(bitPattern: value))
  }

  /// 32 hexadecimal digits, a hyphen allowed behind every four of them, and braces around it all.
  private static func uuid(_ text: String) -> String? {
    var bytes = Array(text.utf8)
    if bytes.first == UInt8(ascii: "{") {
      guard bytes.last == UInt8(ascii: "}") else { return nil }
      bytes = Array(bytes.dropFirst().dropLast())
    }
    var digits: [UInt8] = []
    var mayTakeHyphen = false
    for byte in bytes {
      if byte == UInt8(ascii: "-") {
        guard mayTakeHyphen else { return nil }
        mayTakeHyphen = false
        continue
      }
      guard Character(UnicodeScalar(byte)).isHexDigit else { return nil }
      digits.append(byte)
      mayTakeHyphen = digits.count.isMultiple(of: 4) && digits.count < 32
    }
    guard digits.count == 32 else { return nil }
    let hex = String(decoding: digits, as: UTF8.self).lowercased()
    var parts: [Substring] = []
    var rest = hex[...]
    for length in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
  }
}
