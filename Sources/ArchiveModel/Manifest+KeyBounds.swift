extension Manifest {
  /// The least and the greatest value of the first column of the primary key, in PostgreSQL's text form.
  package struct KeyBounds: Codable, Sendable, Equatable {
    package var least: String
    package var greatest: String

    package init(least: String, greatest: String) {
      (self.least, self.greatest) = (least, greatest)
    }
  }

  /// Whether a row of the batch may have that primary key, given part by part: false only where the bounds rule it out.
  package func mayHold(_ key: [String]) -> Bool {
    guard let bounds = range.keys, let value = key.first, key.count == primaryKey.count,
      let type = columns.first(where: { $0.name == primaryKey.first })?.formType
    else { return true }
    return switch type {
    case "smallint", "integer", "bigint", "oid": Self.isWithin(bounds, value) { Int64($0) }
    case "uuid": Self.isWithin(bounds, value, as: Self.plainUUID)
    default: true
    }
  }

  /// True, too, where one of the three cannot be read: PostgreSQL takes more ways of writing a value than these.
  private static func isWithin<Value: Comparable>(
    _ bounds: KeyBounds, _ value: String, as read: (String) -> Value?
  ) -> Bool {
    guard let value = read(value), let least = read(bounds.least), let greatest = read(bounds.greatest) else {
      return true
    }
    return least <= value && value <= greatest
  }

  /// In the form whose order as text is PostgreSQL's order of the values; nil for other ways of writing one.
  private static func plainUUID(_ text: String) -> String? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12],
      parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isHexDigit } })
    else { return nil }
    return text.lowercased()
  }
}
