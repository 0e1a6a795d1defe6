@testable import Settings

/// Configurations for the tests, made from a minimal one by adding lines.
enum Sample {
  static let minimal = yaml()

  /// A valid configuration with lines added to its parts; lines of `table` start on line 11.
  static func yaml(storage: String = "", database: String = "", table: String = "", end: String = "") -> String {
    """
    version: 1
    storage:
      url: s3://bucket/prefix
    \(indented(storage, by: 2))databases:
      - name: app
        url: postgresql://archiver@db/app
    \(indented(database, by: 4))    tables:
          - name: events
            timestamp_column: created_at
    \(indented(table, by: 8))\(end)
    """
  }

  private static func indented(_ lines: String, by width: Int) -> String {
    lines.split(separator: "\n").map { String(repeating: " ", count: width) + $0 + "\n" }.joined()
  }
}

/// Loads `text` as `archiver.yaml`.
func load(_ text: String, _ environment: [String: String] = [:]) throws(SettingsError) -> Configuration {
  try Configuration.load(text: text, fileName: "archiver.yaml", environment: environment)
}

/// What is wrong with `text`; empty when nothing is.
func problems(_ text: String, _ environment: [String: String] = [:]) -> [SettingsProblem] {
  do throws(SettingsError) {
    _ = try load(text, environment)
    return []
  } catch {
    return error.problems
  }
}

/// The one-line descriptions of what is wrong with `text`.
func descriptions(_ text: String, _ environment: [String: String] = [:]) -> [String] {
  problems(text, environment).map(\.description)
}
