/// What values a key takes: how they are read, printed and described. One per kind of value, shared by all keys.
struct ValueType<Value: Sendable>: Sendable {
  /// Reads the value of the key at a path; nil when it is wrong, which has then been reported.
  let read: @Sendable (SettingsNode, String, inout Reading) -> Value?
  /// The value as `config show` prints it.
  let show: @Sendable (Value) -> PlainValue
  /// JSON Schema keywords, in order.
  let schema: [(key: String, value: PlainValue)]

  /// The same type for a key that may be left out.
  var optional: ValueType<Value?> {
    ValueType<Value?>(
      read: { node, key, reading in read(node, key, &reading).map { .some($0) } },
      show: { $0.map(show) ?? .null }, schema: schema)
  }
}

/// A text that is not a value of its type.
struct ValueMismatch: Error {
  /// What is accepted: `must be …`.
  let message: String
  var hint: String?
}

extension ValueType {
  /// A type of single values.
  ///
  /// - Parameter quotesFound: whether an error may quote the text; not for secrets and what may hold them.
  static func scalar(
    schema: [(key: String, value: PlainValue)], show: @escaping @Sendable (Value) -> PlainValue,
    quotesFound: Bool = true, parse: @escaping @Sendable (String) throws(ValueMismatch) -> Value
  ) -> ValueType {
    ValueType(
      read: { node, key, reading in
        guard case .scalar(let scalar) = node.content else {
          reading.report("must be a single value (found \(node.kind))", at: key, line: node.line)
          return nil
        }
        guard let text = scalar.text else { return nil }
        do throws(ValueMismatch) {
          return try parse(text)
        } catch {
          let found = quotesFound ? " (found \(Found.describe(scalar, text)))" : ""
          reading.report(error.message + found, at: key, line: node.line, hint: error.hint)
          return nil
        }
      }, show: show, schema: schema)
  }

  /// JSON Schema of a value that is not text: itself, or a text that holds a `${VAR}`, or nothing.
  static func substitutable(_ schema: [(key: String, value: PlainValue)]) -> [(key: String, value: PlainValue)] {
    [("anyOf", .list([.object(schema), .object([("$ref", .text("#/$defs/substituted"))])]))]
  }
}

/// How an error quotes what it found.
enum Found {
  /// The text, quoted unless it is a plain word; only the names of the variables when it came from the environment.
  static func describe(_ scalar: SettingsScalar, _ text: String) -> String {
    guard scalar.variables.isEmpty else {
      return "the value of " + scalar.variables.map { "${\($0)}" }.joined(separator: " and ")
    }
    let isWord = !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.+:".contains($0)) }
    let short = text.count > 60 ? text.prefix(60) + "…" : text[...]
    return isWord ? String(short) : PlainValue.text(String(short)).json()
  }
}
