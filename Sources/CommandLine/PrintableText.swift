/// Makes text from an archive or a server safe to print: nothing in it may steer a terminal or turn its neighbours around.
enum PrintableText {
  /// Control characters, format characters such as directional marks, and line separators become `\u{…}`.
  static func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    return text.unicodeScalars.map { scalar in
      isUnsafe(scalar) ? "\\u{" + String(scalar.value, radix: 16) + "}" : String(scalar)
    }.joined()
  }

  /// `text` on one line: white space at the ends goes, line breaks become spaces, and the rest is escaped.
  static func line(_ text: String) -> String {
    escaped(text.split(whereSeparator: \.isNewline).map { trimmed($0) }.joined(separator: " "))
  }

  /// `text` with its line breaks kept and every line escaped.
  static func lines(_ text: String) -> String {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { escaped(String($0)) }
      .joined(separator: "\n")
  }

  /// JSON text that means the same and steers nothing: what `escaped` spells out becomes JSON's own `\u….`
  ///
  /// Below U+007F nothing is touched: there JSON itself allows line breaks between values only, and nothing else.
  static func json(_ text: String) -> String {
    func isHidden(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= 0x7F && isUnsafe(scalar) }
    guard text.unicodeScalars.contains(where: isHidden) else { return text }
    return text.unicodeScalars.map { scalar in
      guard isHidden(scalar) else { return String(scalar) }
      return String(scalar).utf16.map { unit in
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }.joined()
    }.joined()
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
    default: false
    }
  }
}
