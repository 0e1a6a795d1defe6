import Foundation

/// Credentials from a profile of the files that the AWS tools share, read when first asked for,
/// and again when they have expired.
package actor ProfileCredentialProvider: CredentialProvider {
  private let profile: String
  private let credentialsFile: String
  private let configFile: String
  private var value: Credentials?

  /// An empty or absent `profile` means `AWS_PROFILE`, then `default`. The files are `~/.aws/credentials` and
  /// `~/.aws/config` unless `AWS_SHARED_CREDENTIALS_FILE` and `AWS_CONFIG_FILE` name others.
  package init(profile: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment) {
    func variable(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    let named = profile.flatMap { $0.isEmpty ? nil : $0 }
    self.profile = named ?? variable("AWS_PROFILE") ?? "default"
    let home = variable("HOME") ?? NSHomeDirectory()
    credentialsFile = variable("AWS_SHARED_CREDENTIALS_FILE") ?? "\(home)/.aws/credentials"
    configFile = variable("AWS_CONFIG_FILE") ?? "\(home)/.aws/config"
  }

  package func credentials() async throws(ObjectStoreError) -> Credentials {
    if let value { return value }
    let found = try load()
    value = found
    return found
  }

  /// Reads the files again, which another program may have written anew since.
  package func renew(_ expired: Credentials) -> Bool {
    do throws(ObjectStoreError) {
      let found = try load()
      value = found
      return found != expired
    } catch {
      // The refusal that led here says more than that the files are gone.
      return false
    }
  }

  private func load() throws(ObjectStoreError) -> Credentials {
    let configSection = profile == "default" ? profile : "profile \(profile)"
    for (file, section) in [(credentialsFile, profile), (configFile, configSection)] {
      guard let values = try SharedConfigFile(path: file)?.sections[section] else { continue }
      guard let key = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] else { continue }
      return Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: values["aws_session_token"])
    }
    throw ObjectStoreError(
      .invalidCredentials, "no access key for the profile \(profile) in \(credentialsFile) or \(configFile)",
      attempts: 0)
  }
}

/// The INI dialect of the AWS tools: sections, `name = value`, whole-line comments.
struct SharedConfigFile {
  private(set) var sections: [String: [String: String]] = [:]

  /// Nil when there is no such file; throws `invalidCredentials` when it cannot be read.
  init?(path: String) throws(ObjectStoreError) {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ObjectStoreError(.invalidCredentials, "cannot read \(path)", attempts: 0)
    }
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
      } else if let equals = line.firstIndex(of: "=") {
        let name = line[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
        let value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        if !value.isEmpty { sections[section, default: [:]][name] = value }
      }
    }
  }
}
