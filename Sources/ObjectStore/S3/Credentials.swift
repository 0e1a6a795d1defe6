package import Foundation

/// What signs requests.
///
/// However it is printed, dumped or interpolated, the secrets are not shown.
package struct Credentials: Sendable, Equatable {
  package let accessKeyID: String
  package let secretAccessKey: String
  package let sessionToken: String?
  /// When they stop working; nil for never.
  package let expiration: Date?

  package init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Date? = nil
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expiration = expiration
  }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "Credentials(\(accessKeyID), secret hidden)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}

/// Knows where credentials come from; asked before every request.
package protocol CredentialProvider: Sendable {
  /// Credentials that work now. Throws `invalidCredentials` when there are none.
  func credentials() async throws(ObjectStoreError) -> Credentials

  /// Forgets credentials that the store refuses as expired. True when there are others in their place now.
  func renew(_ expired: Credentials) async -> Bool
}

extension CredentialProvider {
  package func renew(_ expired: Credentials) async -> Bool { false }
}

/// Always the same credentials.
package struct StaticCredentialProvider: CredentialProvider {
  private let value: Credentials

  package init(_ credentials: Credentials) {
    value = credentials
  }

  package func credentials() async throws(ObjectStoreError) -> Credentials { value }
}

/// Credentials from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
package struct EnvironmentCredentialProvider: CredentialProvider {
  private let value: Credentials?

  /// Reads the variables once.
  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    func variable(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    guard let key = variable("AWS_ACCESS_KEY_ID"), let secret = variable("AWS_SECRET_ACCESS_KEY") else {
      value = nil
      return
    }
    value = Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: variable("AWS_SESSION_TOKEN"))
  }

  /// True when both the key and the secret are set.
  package var isAvailable: Bool { value != nil }

  package func credentials() async throws(ObjectStoreError) -> Credentials {
    guard let value else {
      throw ObjectStoreError(
        .invalidCredentials, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set", attempts: 0)
    }
    return value
  }
}
