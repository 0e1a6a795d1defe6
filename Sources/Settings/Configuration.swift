/// A configuration that has been checked as a whole: every value is within its bounds, defaults are filled in.
package struct Configuration: Sendable, Equatable {
  package let storage: StorageSettings
  /// PEM file of the Ed25519 key that documents are signed with; nil: they are not signed.
  package let signingKeyFile: String?
  /// Where metrics go; nil: nowhere.
  package let metricsFile: String?
  /// Who is told of a run's end; nil: nobody.
  package let webhook: WebhookSettings?
  /// At least one; names are unique.
  package let databases: [DatabaseSettings]

  /// Reads a file.
  ///
  /// - Parameter environment: the variables that `${VAR}` can name.
  /// - Throws: `SettingsError` with all that is wrong with the file.
  package static func load(path: String, environment: [String: String]) throws(SettingsError) -> Configuration {
    try load(text: ConfigurationFile.read(path), fileName: path, environment: environment)
  }

  /// Reads the text of a file.
  ///
  /// - Parameters:
  ///   - fileName: the name that problems carry.
  ///   - environment: the variables that `${VAR}` can name.
  /// - Throws: `SettingsError` with all that is wrong with the text.
  package static func load(
    text: String, fileName: String, environment: [String: String]
  ) throws(SettingsError) -> Configuration {
    var reading = Reading(file: fileName)
    let root = YAMLDocument.read(text, substitution: Substitution(environment: environment), &reading)
    // Without a root there is a problem, and nothing more to find.
    let document = root.map { ConfigurationDocument.read($0, at: "", &reading) } ?? ConfigurationDocument()
    try reading.finish()
    return Configuration(
      storage: document.storage, signingKeyFile: document.signingKeyFile, metricsFile: document.metricsFile,
      webhook: document.webhook, databases: document.databases)
  }
}
