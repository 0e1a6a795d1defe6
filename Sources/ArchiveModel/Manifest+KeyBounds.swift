extension Manifest {
  /// The least and the greatest value of the first column of the primary key, in PostgreSQL's text form.
  package struct KeyBounds: Codable, Sendable, Equatable {
    package var least: String
    package var greatest: String

    package init(least: String, greatest: String) {
      (self.least, self.greatest) = (least, greatest)
    }
  }

  /// The primary key as the batch's rows would have it, part by part, however it is written.
  ///
  /// Nil for another number of parts than the key has, and for a part that its column cannot hold, as far as can be told
  /// without a server.
  package func canonicalKey(_ key: [String]) -> [String]? {
    guard key.count == primaryKey.count else { return nil }
    var parts: [String] = []
    for (name, text) in zip(primaryKey, key) {
      guard let part = KeyText.canonical(text, type: keyType(name)) else { return nil }
      parts.append(part)
    }
    return parts
  }

  /// The type of a column by name, with domains come down to their base; empty when there is no such column.
  private func keyType(_ name: String) -> String { columns.first { $0.name == name }?.formType ?? "" }

  /// Whether a row of the batch may have that primary key, given part by part: false only where the bounds rule it out.
  ///
  /// A key that is none of the table's is not ruled out, so that whoever reads the batch can say so.
  package func mayHold(_ key: [String]) -> Bool {
    guard let bounds = range.keys, let name = primaryKey.first, let value = canonicalKey(key)?.first else {
      return true
    }
    let type = keyType(name)
    guard let least = KeyText.canonical(bounds.least, type: type),
      let greatest = KeyText.canonical(bounds.greatest, type: type)
    else { return true }
    switch type {
    case "smallint", "integer", "bigint", "oid":
      guard let value = Int64(value), let least = Int64(least), let greatest = Int64(greatest) else { return true }
      return least <= value && value <= greatest
    // The order of this form as text is PostgreSQL's order of the values.
    case "uuid": return least <= value && value <= greatest
    default: return true
    }
  }
}
