import Foundation

/// The INI dialect of the AWS tools: sections, `name = value`, whole-line comments.
struct SharedConfigFile {
  private(set) var sections: [String: [String: String]] = [:]

  /// Nil when there is no such file; throws `invalidCredentials` when it cannot be read.
  init?(path: String) throws(ObjectStoreError) {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path) else { throw .noCredentials("cannot read \(path)") }
    self.init(text: String(decoding: data, as: UTF8.self))
  }

  init(text: String) {
    var section = ""
    for rawLine in text.split(whereSeparator: \.isNewline) {
      // An indented line belongs to a nested setting, of which none is of use here.
      guard let first = rawLine.first, !first.isWhitespace else { continue }
      let line = rawLine.trimmingCharacters(in: .whitespaces)
      if first == "#" || first == ";" { continue }
      if first == "[", let end = line.firstIndex(of: "]") {
        let words = line[line.index(after: line.startIndex)..<end].split(separator: " ")
        section = words.joined(separator: " ")
        sections[section, default: [:]].merge([:]) { first, _ in first }
      } else if let equals = line.firstIndex(of: "=") {
        let name = line[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
        let value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        if !value.isEmpty { sections[section, default: [:]][name] = value }
      }
    }
  }
}

/// The profiles of the two files that the AWS tools share.
struct SharedProfiles {
  let credentialsFile: String
  let configFile: String
  private let credentials: SharedConfigFile?
  private let config: SharedConfigFile?

  /// Reads `~/.aws/credentials` and `~/.aws/config`, or those that `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE`
  /// name.
  init(_ environment: CredentialEnvironment) throws(ObjectStoreError) {
    credentialsFile = environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "\(environment.home)/.aws/credentials"
    configFile = environment["AWS_CONFIG_FILE"] ?? "\(environment.home)/.aws/config"
    credentials = try SharedConfigFile(path: credentialsFile)
    config = try SharedConfigFile(path: configFile)
  }

  /// What both files say of a profile, the credentials file first; nil when neither knows it.
  func profile(_ name: String) -> [String: String]? {
    let inConfig = config?.sections[name == "default" ? name : "profile \(name)"]
    let inCredentials = credentials?.sections[name]
    guard inConfig != nil || inCredentials != nil else { return nil }
    return (inConfig ?? [:]).merging(inCredentials ?? [:]) { _, second in second }
  }

  /// An `[sso-session …]` section.
  func singleSignOn(_ name: String) -> [String: String]? { config?.sections["sso-session \(name)"] }
}
