extension ValueType<String> {
  /// Any text.
  static let text = ValueType.scalar(
    schema: [("type", .list([.text("string"), .text("null")]))], show: { .text($0) }, parse: { $0 })

  /// A name that stands in paths and SQL: any text without control characters.
  static let name = ValueType.scalar(
    schema: [("type", .text("string")), ("minLength", .integer(1))], show: { .text($0) },
    parse: { (text) throws(ValueMismatch) in
      guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
        throw ValueMismatch(message: "must not hold control characters")
      }
      return text
    })

  /// A text checked by `parse`, which is never quoted in an error because it may hold credentials.
  static func address(
    pattern: String, isRequired: Bool = false, parse: @escaping @Sendable (String) throws(ValueMismatch) -> String
  ) -> ValueType {
    let pattern = isRequired ? "\(pattern)|\\$\\{" : "^$|\(pattern)|\\$\\{"
    let type = isRequired ? PlainValue.text("string") : .texts(["string", "null"])
    return .scalar(
      schema: [("type", type), ("pattern", .text(pattern))], show: { .text($0) }, quotesFound: false, parse: parse)
  }
}

extension ValueType<Secret> {
  /// A text that is never printed.
  static let secret = ValueType.scalar(
    schema: [("type", .texts(["string", "null"])), ("writeOnly", .boolean(true))],
    show: { .text($0.description) }, quotesFound: false, parse: { Secret($0) })
}

extension ValueType<Int> {
  /// A whole number; `_` may group its digits.
  static func wholeNumber(_ range: ClosedRange<Int>) -> ValueType {
    .scalar(
      schema: substitutable([
        ("type", .text("integer")), ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound)),
      ]),
      show: { .integer($0) },
      parse: { (text) throws(ValueMismatch) in
        let bounds = "from \(range.lowerBound) to \(range.upperBound)"
        let sign = text.hasPrefix("-") ? "-" : ""
        let digits = text.dropFirst(sign.count)
        guard let first = digits.first, digits.allSatisfy({ $0 == "_" || ("0"..."9").contains($0) }),
          first != "_", digits.last != "_", first != "0" || digits.count == 1
        else { throw ValueMismatch(message: "must be a whole number \(bounds)") }
        // A number too large for Int is out of range like any other.
        guard let value = Int(sign + digits.filter { $0 != "_" }), range.contains(value) else {
          throw ValueMismatch(message: "must be \(bounds)")
        }
        return value
      })
  }

  /// The version of the configuration's format; this tool reads version 1.
  static let version = ValueType.scalar(
    schema: [("enum", .list([.integer(1)]))], show: { .integer($0) },
    parse: { (text) throws(ValueMismatch) in
      guard text == "1" else {
        throw ValueMismatch(message: "must be 1", hint: "this archiver reads version 1 of the configuration")
      }
      return 1
    })
}

extension ValueType<Bool> {
  /// `true` or `false`.
  static let flag = ValueType.scalar(
    schema: substitutable([("type", .text("boolean"))]), show: { .boolean($0) },
    parse: { (text) throws(ValueMismatch) in
      guard let value = Bool(text) else { throw ValueMismatch(message: "must be true or false") }
      return value
    })
}

extension ValueType<Double> {
  /// A share: more than 0, at most 1.
  static let share = ValueType.scalar(
    schema: substitutable([
      ("type", .text("number")), ("exclusiveMinimum", .integer(0)), ("maximum", .integer(1)),
    ]),
    show: { .number($0) },
    parse: { (text) throws(ValueMismatch) in
      let isDecimal = text.allSatisfy { $0 == "." || ("0"..."9").contains($0) }
      guard isDecimal, let value = Double(text), value > 0, value <= 1 else {
        throw ValueMismatch(message: "must be a number above 0 and up to 1, such as 0.5")
      }
      return value
    })
}

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the words that are the raw values of `Value`.
  static var choice: ValueType {
    let words = Value.allCases.map(\.rawValue)
    return .scalar(
      schema: substitutable([("enum", .texts(words))]), show: { .text($0.rawValue) },
      parse: { (text) throws(ValueMismatch) in
        guard let value = Value(rawValue: text) else {
          throw ValueMismatch(
            message: "must be one of \(words.joined(separator: ", "))",
            hint: NearMiss.suggestion(for: text, among: words).map { "did you mean \($0)?" })
        }
        return value
      })
  }
}
