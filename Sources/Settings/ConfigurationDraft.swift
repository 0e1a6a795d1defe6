/// A first configuration, commented, for someone to look through.
package struct ConfigurationDraft: Sendable {
  /// A table that can be archived.
  package struct Table: Sendable {
    package var schema: String
    package var name: String
    package var timestampColumn: String
    /// One line about it.
    package var remark: String

    package init(schema: String, name: String, timestampColumn: String, remark: String) {
      (self.schema, self.name, self.timestampColumn) = (schema, name, timestampColumn)
      self.remark = remark
    }
  }

  package var storageURL: String
  /// Of an S3-compatible store; nil for AWS.
  package var endpoint: String?
  package var region: String?
  /// The name in the archive's paths.
  package var database: String
  /// Nil leaves it to libpq's environment. A password in it is left out of the text.
  package var connectionURL: String?
  /// Whether the file takes a password from `passwordVariable`, also where the URL has none.
  package var takesPassword = false
  /// The first is proposed, the others are commented out. Not empty.
  package var tables: [Table]
  /// A line about each table that cannot be archived.
  package var refusals: [String]

  package init(
    storageURL: String, database: String, connectionURL: String?, tables: [Table], refusals: [String]
  ) {
    (self.storageURL, self.database, self.connectionURL) = (storageURL, database, connectionURL)
    (self.tables, self.refusals) = (tables, refusals)
  }

  /// The file. Throws `SettingsError` when what it was made from does not make a valid one, such as a malformed URL.
  package func text() throws(SettingsError) -> String {
    let draft = head + connection + tables.enumerated().map(entry).joined() + tail
    _ = try Configuration.load(text: draft, fileName: "the draft", environment: [Self.passwordVariable: "x"])
    return draft
  }

  /// The environment variable that a password is taken from.
  package static let passwordVariable = "ARCHIVER_DB_PASSWORD"

  private var head: String {
    """
    # Made by `archiver config init`. Nothing happens until `archiver archive` runs. Look through it, then:
    #   archiver config validate --connect     tries the database, the tables and the storage
    #   archiver archive --dry-run             tells what would be moved
    version: 1

    storage:
      url: \(Self.scalar(storageURL))
      \(Self.line("region", region, example: "eu-west-1"))  # of an s3:// storage; else from the environment or the profile
      \(Self.line("endpoint", endpoint, example: "https://minio.internal:9000"))  # of an S3-compatible store

    defaults:
      retention_days: 90                       # older rows are archived
      batch_size: 10000
      # pace: 0.5                              # keep the database busy half of the time at most
      # window: "01:00-05:00"                  # begin batches in these hours only

    databases:
      - name: \(Self.scalar(database))\(padding(database))# the name in the archive's paths: keep it

    """
  }

  /// A key with its value, or commented out with an example.
  private static func line(_ key: String, _ value: String?, example: String) -> String {
    value.map { "\(key): \(scalar($0))" } ?? "# \(key): \(example)"
  }

  private func padding(_ text: String) -> String {
    String(repeating: " ", count: max(2, 34 - Self.scalar(text).count))
  }

  private var connection: String {
    guard let connectionURL else {
      return "    # PGHOST, PGUSER, PGDATABASE … say where it is, as for psql\n"
        + (takesPassword ? "    password: ${\(Self.passwordVariable)}\n" : "") + "    tables:\n"
    }
    guard let parts = ConnectionURL.split(connectionURL) else {
      return "    url: \(Self.scalar(connectionURL))\n    tables:\n"
    }
    let password = parts.password == nil && !takesPassword ? "# password: ${" : "password: ${"
    return "    url: \(Self.scalar(parts.url))\n    \(password)\(Self.passwordVariable)}\n    tables:\n"
  }

  private func entry(_ index: Int, _ table: Table) -> String {
    let lines =
      ["- name: \(Self.scalar(table.name))"]
      + (table.schema == "public" && !table.name.contains(".") ? [] : ["  schema: \(Self.scalar(table.schema))"])
      + ["  timestamp_column: \(Self.scalar(table.timestampColumn))"]
    let prefix = index == 0 ? "      " : "      # "
    return "      # \(Self.comment(table.remark))\n" + lines.map { prefix + $0 + "\n" }.joined()
  }

  private var tail: String {
    refusals.isEmpty ? "" : "\n# Not archivable:\n" + refusals.map { "#   \(Self.comment($0))\n" }.joined()
  }

  private static func scalar(_ text: String) -> String { PlainValue.text(text).yaml() }

  /// `text` in a comment: no line break can end it.
  private static func comment(_ text: String) -> String {
    String(
      text.map { $0.isNewline || $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? " " : $0 })
  }
}
