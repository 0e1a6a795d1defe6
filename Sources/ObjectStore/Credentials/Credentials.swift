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

/// One place that credentials are fetched from, anew each time.
protocol CredentialSource: Sendable {
  /// Throws `invalidCredentials` for a refusal or an answer without credentials, `unreachable` and `timedOut` when a
  /// service does not answer.
  func load() async throws(ObjectStoreError) -> Credentials
}

extension ObjectStoreError {
  /// There are no credentials, for the reason given; nothing was sent to the store.
  static func noCredentials(_ reason: String) -> ObjectStoreError {
    ObjectStoreError(.invalidCredentials, reason, attempts: 0)
  }
}
