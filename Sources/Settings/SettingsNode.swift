/// A value of the configuration file with its line: aliases followed, variables filled in, types not yet judged.
struct SettingsNode: Sendable {
  enum Content: Sendable {
    case scalar(SettingsScalar)
    case sequence([SettingsNode])
    case mapping([SettingsEntry])
  }

  /// Line of the key this value belongs to, or of the value itself within a list.
  let line: Int?
  let content: Content

  /// Whether nothing was given: YAML's null or an empty text, so that `${VAR:-}` leaves a key unset.
  var isUnset: Bool {
    guard case .scalar(let scalar) = content else { return false }
    return scalar.isNull || scalar.text == ""
  }

  /// What the value is, in a reader's words.
  var kind: String {
    switch content {
    case .scalar: "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

/// A single value: its text after substitution.
struct SettingsScalar: Sendable {
  /// Nil when substitution failed, which has been reported.
  let text: String?
  /// Written as YAML's null (`null`, `~` or nothing).
  let isNull: Bool
  /// The variables whose values went into the text; their values are not for error messages.
  let variables: [String]

  init(text: String?, isNull: Bool = false, variables: [String] = []) {
    self.text = text
    self.isNull = isNull
    self.variables = variables
  }
}

/// A key of a mapping with its value. A key given twice is an entry twice.
struct SettingsEntry: Sendable {
  let name: String
  let line: Int?
  let value: SettingsNode
}
