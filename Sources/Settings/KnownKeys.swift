/// Where the keys of the configuration belong, to put a mistaken key right.
enum KnownKeys {
  /// What an unknown key should have been: a near miss, a key of another section, or the list of keys.
  static func hint(for name: String, among accepted: [String]) -> String {
    if let suggestion = NearMiss.suggestion(for: name, among: accepted) { return "did you mean \(suggestion)?" }
    let owners = sections.filter { $0.keys.contains(name) }.map(\.title)
    guard owners.isEmpty else { return "\(name) belongs to \(owners.joined(separator: " or "))" }
    return "known here: \(accepted.joined(separator: ", "))"
  }

  private static let sections: [(title: String, keys: [String])] = [
    (ConfigurationDocument.title, ConfigurationDocument.fields.map(\.name)),
    (StorageSettings.title, StorageSettings.fields.map(\.name)),
    (ObjectLockSettings.title, ObjectLockSettings.fields.map(\.name)),
    (DatabaseSettings.title, DatabaseSettings.fields.map(\.name)),
    (TableSettings.title, TableSettings.fields.map(\.name)),
  ]
}
