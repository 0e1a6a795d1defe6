/// The settings fixed for a transaction with SET LOCAL, so that values read and write the same whatever the role,
/// database, server or pooler has set.
package struct PinnedSettings: Sendable {
  /// A server setting.
  package struct Setting: Sendable {
    package let name: String
    /// Several for a list such as `search_path`.
    package let values: [String]

    /// `name` may have parts, as in `extension.setting`.
    package init(_ name: String, _ values: String...) {
      self.init(name, list: values)
    }

    /// A setting that is a list.
    package init(_ name: String, list values: [String]) {
      self.name = name
      self.values = values
    }

    var statement: String {
      let name = name.split(separator: ".").map { SQLText.identifier(String($0)) }.joined(separator: ".")
      return "SET LOCAL \(name) = \(values.map(SQLText.literal).joined(separator: ", "))"
    }
  }

  /// Set after the pinned ones, which they can change.
  package var additional: [Setting]

  /// The pinned settings and then `additional` ones.
  package init(additional: [Setting] = []) {
    self.additional = additional
  }

  /// Those that every transaction gets.
  static func standard(serverVersion: Int) -> [Setting] {
    [
      // First, because it decides how the server keeps a list such as search_path.
      Setting("quote_all_identifiers", "off"),
      Setting("client_encoding", "UTF8"),
      Setting("datestyle", "ISO, MDY"),
      Setting("intervalstyle", "iso_8601"),
      // The shortest exact form since 12; before, the digits it takes to be exact.
      Setting("extra_float_digits", serverVersion >= 120000 ? "1" : "3"),
      Setting("bytea_output", "hex"),
      Setting("timezone", "UTC"),
      Setting("lc_monetary", "C"),
      // Temporary tables last: first, as they are when not named, they could hide the catalog.
      Setting("search_path", "pg_catalog", "pg_temp"),
      Setting("standard_conforming_strings", "on"),
      Setting("array_nulls", "on"),
      Setting("row_security", "off"),
      Setting("xmloption", "content"),
      Setting("synchronous_commit", "on"),
      Setting("jit", "off"),
    ]
  }
}

extension Transaction {
  /// Changes settings for the rest of the transaction.
  package func pin(_ settings: [PinnedSettings.Setting]) async throws(PostgresError) {
    for setting in settings { try await execute(setting.statement) }
  }
}
