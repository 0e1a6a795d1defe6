/// A primary key as `--where-key` takes it: the columns' text forms, separated by commas under CSV rules (RFC 4180).
package enum KeyArgument {
  /// The parts of `text`; nil when a quoted part is not closed, or a quote stands where none may.
  ///
  /// `17` is one part, `"a,b",7` two, and `""` one empty part; `""` within quotes is a quote. White space counts.
  package static func parse(_ text: String) -> [String]? {
    var parts: [String] = []
    var rest = text.unicodeScalars[...]
    while true {
      guard let part = takePart(&rest) else { return nil }
      parts.append(part)
      guard let separator = rest.popFirst() else { return parts }
      guard separator == "," else { return nil }
    }
  }

  /// Takes what stands before the next separator, which is left.
  private static func takePart(_ rest: inout String.UnicodeScalarView.SubSequence) -> String? {
    guard rest.first == "\"" else {
      let part = rest.prefix { $0 != "," }
      rest = rest[part.endIndex...]
      return part.contains("\"") ? nil : String(part)
    }
    rest.removeFirst()
    var part = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      if scalar == "\"" {
        guard rest.first == "\"" else { return String(part) }
        rest.removeFirst()
      }
      part.append(scalar)
    }
    return nil
  }
}
