import Foundation

/// Credentials from where the AWS tools look first: a profile named on purpose, the environment, the default profile.
package struct DefaultCredentialProvider: CredentialProvider {
  private let provider: any CredentialProvider

  /// An empty or absent `profile` leaves the choice to the environment.
  package init(profile: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment) {
    let variables = EnvironmentCredentialProvider(environment: environment)
    if profile ?? "" == "", variables.isAvailable {
      provider = variables
    } else {
      provider = ProfileCredentialProvider(profile: profile, environment: environment)
    }
  }

  package func credentials() async throws(ObjectStoreError) -> Credentials {
    try await provider.credentials()
  }

  package func renew(_ expired: Credentials) async -> Bool {
    await provider.renew(expired)
  }
}
