import Foundation

/// What the sources of credentials have in common: the environment, the clock, and how services are asked.
struct CredentialEnvironment: Sendable {
  let variables: [String: String]
  let service: CredentialService
  /// The storage's region, if it was configured.
  var region: String?
  var now: @Sendable () -> Date = { Date() }

  /// Nil for a variable that is not set or empty.
  subscript(_ name: String) -> String? {
    variables[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  var home: String { self["HOME"] ?? NSHomeDirectory() }

  /// The region of services that are asked for credentials: the storage's, the environment's, or `fallback`.
  func region(_ fallback: String?) -> String {
    region ?? self["AWS_REGION"] ?? self["AWS_DEFAULT_REGION"] ?? fallback ?? "us-east-1"
  }

  /// The text of a small file that `what` names in errors, without surrounding white space.
  func text(ofFile path: String, what: String) throws(ObjectStoreError) -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .noCredentials("cannot read \(what), \(path)")
    }
    let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty else { throw .noCredentials("\(what), \(path), is empty") }
    return text
  }
}

/// Credentials as services and programs write them in JSON, under either of the names in use.
struct CredentialDocument: Decodable {
  var version: Int?
  var code: String?
  var accessKeyID: String?
  var secretAccessKey: String?
  var token: String?
  var sessionToken: String?
  var expiration: String?

  private enum CodingKeys: String, CodingKey {
    case version = "Version"
    case code = "Code"
    case accessKeyID = "AccessKeyId"
    case secretAccessKey = "SecretAccessKey"
    case token = "Token"
    case sessionToken = "SessionToken"
    case expiration = "Expiration"
  }

  /// The credentials in `bytes`, which came from `origin`. Nothing of the text gets into an error.
  static func credentials(in bytes: [UInt8], from origin: String) throws(ObjectStoreError) -> Credentials {
    guard let document = try? JSONDecoder().decode(CredentialDocument.self, from: Data(bytes)) else {
      throw .noCredentials("\(origin) gave no JSON document with credentials")
    }
    if let code = document.code, code != "Success" { throw .noCredentials("\(origin) gave no credentials") }
    guard let key = document.accessKeyID, let secret = document.secretAccessKey, !key.isEmpty, !secret.isEmpty else {
      throw .noCredentials("\(origin) gave no access key")
    }
    return Credentials(
      accessKeyID: key, secretAccessKey: secret, sessionToken: document.token ?? document.sessionToken,
      expiration: try ExpirationTime.parse(document.expiration, from: origin))
  }
}

/// The moment at which credentials end, in ISO 8601.
enum ExpirationTime {
  /// Nil for no text; throws `invalidCredentials` for text that is no moment.
  static func parse(_ text: String?, from origin: String) throws(ObjectStoreError) -> Date? {
    guard let text else { return nil }
    for hasFraction in [false, true] {
      if let date = try? Date.ISO8601FormatStyle(includingFractionalSeconds: hasFraction).parse(text) { return date }
    }
    throw .noCredentials("\(origin) gave an expiration that is no ISO 8601 time")
  }
}
