extension ValueType<[String]> {
  /// A list of texts, none twice.
  ///
  /// - Parameter schema: of one item.
  static func texts(
    schema: [(key: String, value: PlainValue)], minimumCount: Int = 0,
    check: @escaping @Sendable (String) throws(ValueMismatch) -> Void
  ) -> ValueType {
    let item = ValueType<String>.scalar(
      schema: schema, show: { .text($0) },
      parse: { (text) throws(ValueMismatch) in
        guard !text.isEmpty else { throw ValueMismatch(message: "must not be empty") }
        try check(text)
        return text
      })
    return ValueType(
      read: { node, key, reading in
        guard let items = node.items(at: key, minimumCount: minimumCount, &reading) else { return nil }
        var values: [String] = []
        for (index, node) in items.enumerated() {
          guard let value = item.read(node, "\(key)[\(index)]", &reading) else { continue }
          if let first = values.firstIndex(of: value) {
            reading.report("is listed twice (first at [\(first)])", at: "\(key)[\(index)]", line: node.line)
          }
          values.append(value)
        }
        return values
      },
      show: { .texts($0) },
      schema: [
        ("type", .texts(["array", "null"])), ("items", .object(item.schema)), ("minItems", .integer(minimumCount)),
        ("uniqueItems", .boolean(true)),
      ])
  }
}

extension ValueType where Value: SettingsSection {
  /// A mapping with the keys of a section.
  static var section: ValueType {
    ValueType(
      read: { node, key, reading in Value.read(node, at: key, &reading) },
      show: { $0.shown }, schema: Value.schema())
  }
}

extension ValueType {
  /// A list of at least one section, each starting from what `prototype` gives.
  static func sections<Section: SettingsSection>(
    startingFrom prototype: @escaping @Sendable (borrowing Reading) -> Section
  ) -> ValueType where Value == [Section] {
    ValueType(
      read: { node, key, reading in
        guard let items = node.items(at: key, minimumCount: 1, &reading) else { return nil }
        return items.enumerated().map { index, item in
          Section.read(item, at: "\(key)[\(index)]", from: prototype(reading), &reading)
        }
      },
      show: { .list($0.map(\.shown)) },
      schema: [("type", .text("array")), ("minItems", .integer(1)), ("items", .object(Section.schema()))])
  }
}

extension SettingsNode {
  /// The items of a list; nil, and reported, when it is no list or too short.
  func items(at key: String, minimumCount: Int, _ reading: inout Reading) -> [SettingsNode]? {
    guard case .sequence(let items) = content else {
      var hint: String?
      if case .scalar(let scalar) = content, let text = scalar.text, scalar.variables.isEmpty {
        hint = "write [\(text)]"
      }
      reading.report("must be a list (found \(kind))", at: key, line: line, hint: hint)
      return nil
    }
    guard items.count >= minimumCount else {
      reading.report("must list at least one", at: key, line: line)
      return nil
    }
    return items
  }
}
