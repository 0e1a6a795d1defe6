/// The JSON Schema of the configuration, for editors and for checks without the tool.
///
/// It says what a single key takes; what several keys must agree on is left to `config validate`.
package enum ConfigurationSchema {
  /// The schema, JSON Schema draft 2020-12, ended by a newline.
  package static func json() -> String {
    let substituted = PlainValue.object([
      ("description", .text("nothing, or a text in which ${VAR} or ${VAR:-default} is filled in")),
      ("type", .texts(["string", "null"])), ("pattern", .text("^$|\\$\\{")),
    ])
    let head: [(key: String, value: PlainValue)] = [
      ("$schema", .text("https://json-schema.org/draft/2020-12/schema")), ("title", .text("archiver configuration")),
    ]
    let tail: [(key: String, value: PlainValue)] = [("$defs", .object([("substituted", substituted)]))]
    return PlainValue.object(head + ConfigurationDocument.schema() + tail).json() + "\n"
  }
}

extension SettingsSection {
  /// JSON Schema keywords of the section.
  ///
  /// - Parameter isWhole: whether required keys must be there.
  static func schema(
    of fields: [Field<Self>] = Self.fields, isWhole: Bool = true
  ) -> [(key: String, value: PlainValue)] {
    let builtIn = Self()
    let properties = fields.map { field in
      var keywords: [(key: String, value: PlainValue)] = [("description", .text(field.summary))]
      keywords += field.schema
      if field.need == .none, let value = field.show(builtIn).asDefault { keywords.append(("default", value)) }
      return (key: field.name, value: PlainValue.object(keywords))
    }
    let required = fields.filter { $0.need == .here }.map(\.name)
    var schema: [(key: String, value: PlainValue)] = [("type", isWhole ? .text("object") : .texts(["object", "null"]))]
    if isWhole, !required.isEmpty { schema.append(("required", .texts(required))) }
    return schema + [("properties", .object(properties)), ("additionalProperties", .boolean(false))]
  }
}

extension PlainValue {
  /// The value as a schema's `default`; nil when there is nothing to say.
  fileprivate var asDefault: PlainValue? {
    switch self {
    case .null, .object: nil
    default: self
    }
  }
}
