/// The file as a whole, before `defaults` have been worked into the tables and dropped.
struct ConfigurationDocument: SettingsSection {
  /// 0 stands for none.
  var version = 0
  var storage = StorageSettings()
  var signingKeyFile: String?
  var metricsFile: String?
  var webhook: WebhookSettings?
  var defaults = TableSettings()
  var databases: [DatabaseSettings] = []

  static let title = "the top level"

  /// `defaults` come before `databases`, whose tables start from them.
  static let fields: [Field<ConfigurationDocument>] = [
    Field("version", \.version, .version, need: .here, "version of this format: 1"),
    Field("storage", \.storage, .section, need: .here, "where the archive is kept and how to reach it"),
    Field(
      "signing_key_file", \.signingKeyFile, .text,
      "Ed25519 private key that manifests and run records are signed with; empty: they are not signed"),
    Field(
      "metrics_file", \.metricsFile, .text,
      "file that archive writes its metrics to, for Prometheus's node_exporter; its name should end in .prom"),
    Field("webhook", \.webhook, .section, "who is told of each archive run's end"),
    Field("defaults", \.defaults, .defaults, "keys that a table takes from here unless it has its own"),
    Field(
      "databases", \.databases, .sections(startingFrom: { _ in DatabaseSettings() }), need: .here,
      "the databases to archive from"),
  ]

  mutating func settle(_ place: SectionPlace, _ reading: inout Reading) {
    guard case .sequence(let items)? = place.given["databases"]?.content, items.count == databases.count else { return }
    var seen: [String: Int?] = [:]
    for (index, (item, database)) in zip(items, databases).enumerated() where !database.name.isEmpty {
      if let first = seen[database.name] {
        let line = first.map { " (first on line \($0))" } ?? ""
        reading.report(
          "is the name of another database: \(database.name)\(line)", at: "\(place.key("databases"))[\(index)].name",
          line: item.line, hint: "names keep the databases apart in the archive's paths")
      } else {
        seen[database.name] = .some(item.line)
      }
    }
  }
}

extension Configuration {
  /// The configuration in effect as YAML: defaults filled in, `defaults` worked into the tables, secrets as `***`.
  package func redactedYAML() -> String { shown.yaml() }

  /// The same as `redactedYAML`, as JSON.
  package func redactedJSON() -> String { shown.json() + "\n" }

  private var shown: PlainValue {
    var document = ConfigurationDocument()
    document.version = 1
    document.storage = storage
    document.signingKeyFile = signingKeyFile
    document.metricsFile = metricsFile
    document.webhook = webhook
    document.databases = databases
    let fields = ConfigurationDocument.fields.filter { $0.name != "defaults" }
    return .object(fields.map { ($0.name, $0.show(document)) })
  }
}
