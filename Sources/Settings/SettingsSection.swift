/// A mapping of the configuration whose keys are declared once, in `fields`: the reader, `config show`, the JSON
/// Schema and the suggestions for mistyped keys all work from that table.
protocol SettingsSection: Sendable {
  /// The built-in defaults; a required key stands at a value that nothing accepted can equal.
  init()
  /// What the section is called in an error: `a table`.
  static var title: String { get }
  /// Every key the section takes, in the order they are read and printed.
  static var fields: [Field<Self>] { get }
  /// Checks what no key can check alone, and settles values that depend on several keys.
  mutating func settle(_ place: SectionPlace, _ reading: inout Reading)
}

/// One key of a section.
struct Field<Section: Sendable>: Sendable {
  enum Need { case none, here, hereOrInDefaults }

  let name: String
  let summary: String
  let need: Need
  let schema: [(key: String, value: PlainValue)]
  /// Puts the value into the section; a wrong value is reported and leaves the section as it was.
  let read: @Sendable (SettingsNode, String, inout Section, inout Reading) -> Void
  let show: @Sendable (Section) -> PlainValue
  /// Whether the section still holds what `other` holds under this key.
  let isEqual: @Sendable (Section, Section) -> Bool

  /// Declares a key.
  ///
  /// - Parameters:
  ///   - summary: what it means, for the JSON Schema.
  ///   - need: whether and where it must be given.
  init<Value: Equatable>(
    _ name: String, _ path: any WritableKeyPath<Section, Value> & Sendable, _ type: ValueType<Value>,
    need: Need = .none, _ summary: String
  ) {
    self.name = name
    self.summary = summary
    self.need = need
    self.schema = type.schema
    self.read = { node, key, section, reading in
      guard let value = type.read(node, key, &reading) else { return }
      section[keyPath: path] = value
    }
    self.show = { type.show($0[keyPath: path]) }
    self.isEqual = { $0[keyPath: path] == $1[keyPath: path] }
  }

  /// Declares a key that may be left without a value.
  init<Value: Equatable>(
    _ name: String, _ path: any WritableKeyPath<Section, Value?> & Sendable, _ type: ValueType<Value>,
    _ summary: String
  ) {
    self.init(name, path, type.optional, summary)
  }
}

/// Where a section stands in the file, for errors about several of its keys.
struct SectionPlace {
  let path: String
  let line: Int?
  /// The values given in this section, unset ones left out.
  let given: [String: SettingsNode]

  /// The full path of a key of the section.
  func key(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// The line of a key, or of the section when the key is not given.
  func line(of name: String) -> Int? { given[name]?.line ?? line }
}

extension SettingsSection {
  var shown: PlainValue {
    .object(Self.fields.map { ($0.name, $0.show(self)) })
  }

  /// Reads a section, reporting all that is wrong with it.
  ///
  /// - Parameters:
  ///   - prototype: the values of keys that are not given.
  ///   - fields: the keys accepted here.
  ///   - isWhole: whether required keys must be there and the keys must fit together.
  static func read(
    _ node: SettingsNode, at path: String, from prototype: Self = Self(), fields: [Field<Self>] = Self.fields,
    isWhole: Bool = true, _ reading: inout Reading
  ) -> Self {
    var section = prototype
    var entries: [SettingsEntry] = []
    if case .mapping(let found) = node.content {
      entries = found
    } else if !node.isUnset {
      reading.report("must be a mapping (found \(node.kind))", at: path, line: node.line)
      return section
    }
    let accepted = acceptedValues(of: entries, fields: fields, at: path, &reading)
    let place = SectionPlace(path: path, line: node.line, given: accepted)
    for field in fields {
      if let value = accepted[field.name] {
        field.read(value, place.key(field.name), &section, &reading)
      } else if isWhole, field.need != .none, field.isEqual(section, Self()) {
        let line = entries.first { $0.name == field.name }?.line ?? node.line
        reading.report("is required", at: place.key(field.name), line: line, hint: field.summary)
      }
    }
    if isWhole { section.settle(place, &reading) }
    return section
  }

  /// The values to read by key, without unset ones; reports unknown keys and keys given twice.
  private static func acceptedValues(
    of entries: [SettingsEntry], fields: [Field<Self>], at path: String, _ reading: inout Reading
  ) -> [String: SettingsNode] {
    var firstLines: [String: Int?] = [:]
    var values: [String: SettingsNode] = [:]
    for entry in entries {
      let key = path.isEmpty ? entry.name : "\(path).\(entry.name)"
      if let first = firstLines[entry.name] {
        let place = first.map { " (first on line \($0))" } ?? ""
        reading.report("is given twice\(place)", at: key, line: entry.line)
        continue
      }
      firstLines[entry.name] = .some(entry.line)
      guard fields.contains(where: { $0.name == entry.name }) else {
        let hint = KnownKeys.hint(for: entry.name, among: fields.map(\.name))
        reading.report("is not a known key", at: key, line: entry.line, hint: hint)
        continue
      }
      if !entry.value.isUnset { values[entry.name] = entry.value }
    }
    return values
  }
}
