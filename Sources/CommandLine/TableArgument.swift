import Operations

/// A table as options name it: `TABLE` or `SCHEMA.TABLE`, each part as it is or quoted as SQL quotes names.
enum TableArgument {
  static let usage = "takes TABLE or SCHEMA.TABLE; quote parts with dots or quotes as SQL does: '\"s.x\".\"t\"'"

  /// Nil when a part is empty, the quotes are not closed or out of place, or there are more than two quoted parts.
  static func parse(_ text: String) -> Selection.Table? {
    if text.contains("\"") { return parseQuoted(text) }
    guard !text.isEmpty, !text.hasPrefix("."), !text.hasSuffix(".") else { return nil }
    let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
    return parts.count == 2
      ? Selection.Table(schema: parts[0], table: parts[1], isExact: false) : Selection.Table(schema: nil, table: text)
  }

  private static func parseQuoted(_ text: String) -> Selection.Table? {
    var parts: [String] = []
    var rest = Substring(text)
    while true {
      guard let part = takePart(&rest), !part.isEmpty else { return nil }
      parts.append(part)
      guard let next = rest.popFirst() else { break }
      guard next == "." else { return nil }
    }
    switch parts.count {
    case 1: return Selection.Table(schema: nil, table: parts[0])
    case 2: return Selection.Table(schema: parts[0], table: parts[1])
    default: return nil
    }
  }

  /// Takes a name off the front, up to a dot outside quotes.
  private static func takePart(_ rest: inout Substring) -> String? {
    guard rest.first == "\"" else {
      let name = rest.prefix { $0 != "." && $0 != "\"" }
      rest = rest.dropFirst(name.count)
      return String(name)
    }
    rest.removeFirst()
    var name = ""
    while let character = rest.popFirst() {
      guard character == "\"" else {
        name.append(character)
        continue
      }
      guard rest.first == "\"" else { return name }
      name.append(rest.removeFirst())
    }
    return nil
  }
}
