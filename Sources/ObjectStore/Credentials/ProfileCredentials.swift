import Foundation

/// Finds out how a profile gives credentials, and gets them: by a role, a login, its own keys, or a program.
struct ProfileCredentials {
  let environment: CredentialEnvironment
  let profiles: SharedProfiles

  /// Nil when the profile says nothing of credentials. Throws `invalidCredentials` for one that does not exist, and
  /// whatever its source throws.
  func credentials(of name: String) async throws(ObjectStoreError) -> Credentials? {
    try await credentials(of: name, visited: [])
  }

  private func credentials(of name: String, visited: [String]) async throws(ObjectStoreError) -> Credentials? {
    guard let profile = profiles.profile(name) else {
      throw .noCredentials("there is no profile \(name) in \(profiles.credentialsFile) or \(profiles.configFile)")
    }
    let ownKeys = try keys(in: profile, named: name)
    // The keys of a profile that others are based on come before its role, so that it can be based on itself.
    if !visited.isEmpty, let ownKeys { return ownKeys }
    if let arn = profile["role_arn"] { return try await role(arn, profile, name, visited) }
    if profile["sso_session"] != nil || profile["sso_start_url"] != nil {
      return try await singleSignOn(profile, name).load()
    }
    if let ownKeys { return ownKeys }
    if let command = profile["credential_process"] {
      return try await CredentialProcess(environment: environment.variables).credentials(from: command)
    }
    return nil
  }

  private func keys(in profile: [String: String], named name: String) throws(ObjectStoreError) -> Credentials? {
    guard let key = profile["aws_access_key_id"] else { return nil }
    guard let secret = profile["aws_secret_access_key"] else {
      throw .noCredentials("the profile \(name) has aws_access_key_id without aws_secret_access_key")
    }
    return Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: profile["aws_session_token"])
  }

  private func role(
    _ arn: String, _ profile: [String: String], _ name: String, _ visited: [String]
  ) async throws(ObjectStoreError) -> Credentials {
    guard !visited.contains(name) else {
      throw .noCredentials("the profiles \((visited + [name]).joined(separator: ", ")) are based on each other")
    }
    guard profile["mfa_serial"] == nil else {
      throw .noCredentials("the profile \(name) asks for a code (mfa_serial), which nobody is there to give")
    }
    let service = SecurityTokenService(environment: environment, fallbackRegion: profile["region"])
    let role = SecurityTokenService.Role(
      arn: arn, sessionName: profile["role_session_name"], externalID: profile["external_id"],
      duration: profile["duration_seconds"])
    if let file = profile["web_identity_token_file"] {
      return try await WebIdentitySource(service: service, role: role, tokenFile: file).load()
    }
    let basis: Credentials?
    switch (profile["source_profile"], profile["credential_source"]) {
    case (let source?, nil): basis = try await credentials(of: source, visited: visited + [name])
    case (nil, "Environment"): basis = try EnvironmentCredentials.load(environment)
    case (nil, "Ec2InstanceMetadata"): basis = try await InstanceSource(environment: environment).load()
    case (nil, "EcsContainer"): basis = try await ContainerSource(environment: environment).load()
    default:
      throw .noCredentials(
        "the profile \(name) has a role_arn, and needs either a source_profile or a credential_source that is "
          + "Environment, Ec2InstanceMetadata or EcsContainer")
    }
    guard let basis else { throw .noCredentials("what the profile \(name) is based on has no credentials") }
    return try await service.assume(role, with: basis)
  }

  private func singleSignOn(
    _ profile: [String: String], _ name: String
  ) throws(ObjectStoreError) -> SingleSignOnSource {
    let session = profile["sso_session"]
    let login = session.map { profiles.singleSignOn($0) ?? [:] } ?? profile
    guard let account = profile["sso_account_id"], let role = profile["sso_role_name"],
      let region = login["sso_region"], let startURL = login["sso_start_url"]
    else {
      throw .noCredentials(
        "the profile \(name) needs sso_account_id, sso_role_name, sso_region and sso_start_url, the last two in its "
          + "sso-session if it names one")
    }
    return SingleSignOnSource(
      environment: environment, accountID: account, roleName: role, region: region, cacheName: session ?? startURL)
  }
}

/// Credentials in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
enum EnvironmentCredentials {
  /// Nil when no access key is set; throws `invalidCredentials` when its secret is missing.
  static func load(_ environment: CredentialEnvironment) throws(ObjectStoreError) -> Credentials? {
    guard let key = environment["AWS_ACCESS_KEY_ID"] else { return nil }
    guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
      throw .noCredentials("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY")
    }
    return Credentials(
      accessKeyID: key, secretAccessKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"])
  }
}
