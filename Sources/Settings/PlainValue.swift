/// A value to be printed, as YAML for `config show` or as JSON for `config schema`. Keys keep their order.
indirect enum PlainValue: Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([PlainValue])
  case object([(key: String, value: PlainValue)])

  static func texts(_ texts: [String]) -> PlainValue { .list(texts.map { .text($0) }) }

  /// Indented JSON, without a newline at the end.
  func json(indent: String = "") -> String {
    let inner = indent + "  "
    switch self {
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .integer(let value): return "\(value)"
    case .number(let value): return "\(value)"
    case .text(let value): return PlainValue.quoted(value)
    case .list(let items):
      guard items.contains(where: \.isObject) else {
        return "[" + items.map { $0.json() }.joined(separator: ", ") + "]"
      }
      return "[\n" + items.map { inner + $0.json(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
    case .object(let entries):
      guard !entries.isEmpty else { return "{}" }
      let lines = entries.map { "\(inner)\(PlainValue.quoted($0.key)): \($0.value.json(indent: inner))" }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
    }
  }

  /// Block YAML that the configuration's reader takes back: texts are quoted where needed, `$` is doubled.
  func yaml(indent: String = "") -> String {
    switch self {
    case .object(let entries):
      return entries.map { entry in
        switch entry.value {
        case .object: "\(indent)\(entry.key):\n" + entry.value.yaml(indent: indent + "  ")
        case .list(let items) where items.contains(where: \.isObject):
          "\(indent)\(entry.key):\n" + entry.value.yaml(indent: indent + "  ")
        default: "\(indent)\(entry.key): \(entry.value.yaml())\n"
        }
      }.joined()
    case .list(let items) where items.contains(where: \.isObject):
      return items.map { item in
        let lines = item.yaml(indent: indent + "  ")
        return "\(indent)- " + lines.dropFirst(indent.count + 2)
      }.joined()
    case .list(let items): return "[" + items.map { $0.yaml() }.joined(separator: ", ") + "]"
    case .text(let value):
      let escaped = value.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
      return PlainValue.isPlain(escaped) ? escaped : PlainValue.quoted(escaped)
    default: return json()
    }
  }

  private var isObject: Bool {
    if case .object = self { true } else { false }
  }

  /// Whether YAML reads the text back as itself without quotes; in doubt it is quoted.
  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.first, let last = text.last, first.isASCII, first.isLetter || first == "_" || first == "/",
      last != ":", !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
    else { return false }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./:@%+=?&".contains($0)) }
  }

  /// A JSON string, which YAML reads as well.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _
      where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0xFEFF
        || scalar.value == 0x2028 || scalar.value == 0x2029:
        let hexadecimal = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
