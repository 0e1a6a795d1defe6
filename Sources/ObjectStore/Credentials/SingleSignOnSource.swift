import Foundation
import Hashing

/// Credentials of a role of IAM Identity Center, by the token that `aws sso login` has left in its cache.
struct SingleSignOnSource: CredentialSource {
  private static let service = "IAM Identity Center"

  let environment: CredentialEnvironment
  let accountID: String
  let roleName: String
  let region: String
  /// What the file in the cache is named by: the `sso_session`, or the start URL of older profiles.
  let cacheName: String

  private struct Token: Decodable {
    var accessToken: String
    var expiresAt: String
  }

  private struct Answer: Decodable {
    struct Role: Decodable {
      var accessKeyId: String
      var secretAccessKey: String
      var sessionToken: String
      /// Milliseconds since 1970.
      var expiration: Double
    }

    var roleCredentials: Role
  }

  func load() async throws(ObjectStoreError) -> Credentials {
    let token = try token()
    let origin = environment["AWS_ENDPOINT_URL_SSO"] ?? "https://portal.sso.\(region).amazonaws.com"
    let query = SignatureV4.canonicalQuery([("account_id", accountID), ("role_name", roleName)])
    let answer = try await environment.service.answer(
      to: HTTPRequest(
        method: .get, url: "\(origin)/federation/credentials?\(query)",
        headers: [("x-amz-sso_bearer_token", token)]), of: Self.service)
    guard answer.isSuccess else {
      throw ObjectStoreError(
        .invalidCredentials, "\(Self.service) gives no credentials for \(roleName) in \(accountID)",
        httpStatus: answer.status)
    }
    guard let role = try? JSONDecoder().decode(Answer.self, from: Data(answer.body)).roleCredentials else {
      throw .noCredentials("\(Self.service) gave no credentials")
    }
    return Credentials(
      accessKeyID: role.accessKeyId, secretAccessKey: role.secretAccessKey, sessionToken: role.sessionToken,
      expiration: Date(timeIntervalSince1970: role.expiration / 1000))
  }

  private func token() throws(ObjectStoreError) -> String {
    let login = "log in with `aws sso login`"
    let file = "\(environment.home)/.aws/sso/cache/\(sha1Hex(Array(cacheName.utf8).span)).json"
    guard let data = FileManager.default.contents(atPath: file) else {
      throw .noCredentials("there is no SSO token in \(file): \(login)")
    }
    guard let token = try? JSONDecoder().decode(Token.self, from: data),
      let end = try ExpirationTime.parse(token.expiresAt, from: file)
    else { throw .noCredentials("\(file) holds no SSO token: \(login)") }
    guard environment.now() < end else { throw .noCredentials("the SSO token in \(file) has expired: \(login)") }
    return token.accessToken
  }
}
