import Foundation
import Hashing

/// AWS STS: hands out credentials of a role.
struct SecurityTokenService: Sendable {
  let environment: CredentialEnvironment
  /// From a profile, for when neither the configuration nor the environment tells a region.
  var fallbackRegion: String?

  /// A role, and as whom it is taken on.
  struct Role: Sendable {
    var arn: String
    /// Named in the logs of AWS; nil for a name of the tool's own.
    var sessionName: String?
    var externalID: String?
    /// Seconds; nil for the service's own default.
    var duration: String?

    fileprivate var parameters: [(name: String, value: String)] {
      [
        ("RoleArn", arn), ("RoleSessionName", sessionName ?? "archiver"), ("ExternalId", externalID ?? ""),
        ("DurationSeconds", duration ?? ""),
      ].filter { !$0.1.isEmpty }
    }
  }

  /// Credentials of `role`, asked for with other credentials.
  func assume(_ role: Role, with credentials: Credentials) async throws(ObjectStoreError) -> Credentials {
    try await ask("AssumeRole", role.parameters, signedWith: credentials)
  }

  /// Credentials of `role`, asked for with a token of an identity provider.
  func assume(_ role: Role, withWebIdentity token: String) async throws(ObjectStoreError) -> Credentials {
    try await ask("AssumeRoleWithWebIdentity", role.parameters + [("WebIdentityToken", token)], signedWith: nil)
  }

  private func ask(
    _ action: String, _ parameters: [(name: String, value: String)], signedWith credentials: Credentials?
  ) async throws(ObjectStoreError) -> Credentials {
    let region = environment.region(fallbackRegion)
    var origin = environment["AWS_ENDPOINT_URL_STS"] ?? environment["AWS_ENDPOINT_URL"] ?? Self.origin(in: region)
    while origin.hasSuffix("/") { origin.removeLast() }
    guard let url = URLComponents(string: origin), let host = url.encodedHost else {
      throw .noCredentials("the address of AWS STS is no http or https URL")
    }
    let body = Array(
      SignatureV4.canonicalQuery([("Action", action), ("Version", "2011-06-15")] + parameters).utf8)
    var headers = [(name: "content-type", value: "application/x-www-form-urlencoded; charset=utf-8")]
    if let credentials {
      let signature = SignatureV4(credentials: credentials, region: region, date: environment.now(), service: "sts")
      let isUsualPort = url.port == nil || url.port == (url.scheme == "https" ? 443 : 80)
      headers = signature.headers(
        for: SignatureV4.Request(
          method: "POST", host: isUsualPort ? host : "\(host):\(url.port ?? 0)", path: "\(url.percentEncodedPath)/",
          headers: headers, bodySHA256: SHA256.hash(body.span).hex))
    }
    let answer = try await environment.service.answer(
      to: HTTPRequest(method: .post, url: "\(origin)/", headers: headers, body: body), of: "AWS STS")
    let root = XMLElementTree.root(of: answer.body)
    guard answer.isSuccess else {
      throw ObjectStoreError(
        .invalidCredentials, "AWS STS refuses \(action)", httpStatus: answer.status,
        serviceCode: root?.child("Error")?.text(of: "Code"))
    }
    guard let found = root?.child("\(action)Result")?.child("Credentials"), let key = found.text(of: "AccessKeyId"),
      let secret = found.text(of: "SecretAccessKey"), let token = found.text(of: "SessionToken")
    else { throw .noCredentials("AWS STS gave no credentials") }
    return Credentials(
      accessKeyID: key, secretAccessKey: secret, sessionToken: token,
      expiration: try ExpirationTime.parse(found.text(of: "Expiration"), from: "AWS STS"))
  }

  private static func origin(in region: String) -> String {
    "https://sts.\(region).\(region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com")"
  }
}

/// A role taken on with the token that a cluster or identity provider keeps in a file, read anew each time.
struct WebIdentitySource: CredentialSource {
  let service: SecurityTokenService
  let role: SecurityTokenService.Role
  let tokenFile: String

  func load() async throws(ObjectStoreError) -> Credentials {
    let token = try service.environment.text(ofFile: tokenFile, what: "the web identity token")
    return try await service.assume(role, withWebIdentity: token)
  }
}
