import Foundation

/// Credentials from where the AWS tools look for them, renewed before they expire.
///
/// The first place that has some is taken: a profile named on purpose, the environment, the profile of `AWS_PROFILE` or
/// the default one, a web identity, the container's service, the instance's.
package struct DefaultCredentialProvider: CredentialProvider {
  private let provider: RefreshingCredentialProvider

  /// An empty or absent `profile` leaves the choice to the environment. Nothing is read before credentials are needed.
  ///
  /// `region` is the storage's, if configured; `allowsPlainHTTP` lifts the bound of plain HTTP to this machine and the
  /// addresses of the metadata services.
  package init(
    profile: String? = nil, region: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment,
    allowsPlainHTTP: Bool = false
  ) {
    let service = CredentialService(
      allowsPlainHTTP: allowsPlainHTTP, certificateFile: S3Configuration.certificateFile(in: environment))
    let surroundings = CredentialEnvironment(variables: environment, service: service, region: region)
    provider = RefreshingCredentialProvider(
      CredentialChain(environment: surroundings, profile: profile.flatMap { $0.isEmpty ? nil : $0 }))
  }

  package func credentials() async throws(ObjectStoreError) -> Credentials { try await provider.credentials() }
  package func renew(_ expired: Credentials) async -> Bool { await provider.renew(expired) }

  /// The region that the profile in force names; nil when it names none or cannot be read.
  package static func region(
    ofProfile profile: String?, environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String? {
    let service = CredentialService(allowsPlainHTTP: false, certificateFile: nil)
    let surroundings = CredentialEnvironment(variables: environment, service: service)
    let named = profile.flatMap { $0.isEmpty ? nil : $0 } ?? surroundings["AWS_PROFILE"] ?? "default"
    // Whether the files can be read matters when credentials are needed, and is told then.
    return (try? SharedProfiles(surroundings))?.profile(named)?["region"]
  }
}

/// The order in which places are asked.
struct CredentialChain: CredentialSource {
  let environment: CredentialEnvironment
  /// Named in the configuration.
  let profile: String?

  func load() async throws(ObjectStoreError) -> Credentials {
    if profile == nil, let found = try EnvironmentCredentials.load(environment) { return found }
    let profiles = try SharedProfiles(environment)
    let named = profile ?? environment["AWS_PROFILE"]
    if named != nil || profiles.profile("default") != nil {
      let source = ProfileCredentials(environment: environment, profiles: profiles)
      if let found = try await source.credentials(of: named ?? "default") { return found }
    }
    if let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"] {
      guard let arn = environment["AWS_ROLE_ARN"] else {
        throw .noCredentials("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN")
      }
      let role = SecurityTokenService.Role(arn: arn, sessionName: environment["AWS_ROLE_SESSION_NAME"])
      return try await WebIdentitySource(
        service: SecurityTokenService(environment: environment), role: role, tokenFile: file
      ).load()
    }
    if ContainerSource.url(environment) != nil { return try await ContainerSource(environment: environment).load() }
    let places = "neither the configuration, the environment, \(profiles.credentialsFile), \(profiles.configFile)"
    guard !InstanceSource.isDisabled(environment) else {
      throw .noCredentials("\(places) nor a container has an access key")
    }
    do throws(ObjectStoreError) {
      return try await InstanceSource(environment: environment).load()
    } catch {
      // Away from EC2 nobody answers, which is no outage.
      guard error.code != .cancelled else { throw error }
      throw ObjectStoreError(
        .invalidCredentials, "\(places) nor a container has an access key, and \(error.message)",
        httpStatus: error.httpStatus, attempts: 0, cause: error)
    }
  }
}
