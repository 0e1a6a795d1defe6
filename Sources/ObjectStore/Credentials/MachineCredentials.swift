import Foundation

/// Credentials that ECS or EKS hands to a container.
struct ContainerSource: CredentialSource {
  static let name = "the container's credential service"
  /// The addresses of ECS and of EKS Pod Identity, which only the container's own host answers.
  private static let plainHosts: Set = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]

  let environment: CredentialEnvironment

  /// Nil where the environment does not name the service.
  static func url(_ environment: CredentialEnvironment) -> String? {
    environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"].map { "http://169.254.170.2\($0)" }
      ?? environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
  }

  func load() async throws(ObjectStoreError) -> Credentials {
    guard let url = Self.url(environment) else {
      throw .noCredentials("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set")
    }
    var headers: [(name: String, value: String)] = []
    if let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
      headers.append(("Authorization", try environment.text(ofFile: file, what: "the container's authorization token")))
    } else if let token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
      headers.append(("Authorization", token))
    }
    let answer = try await environment.service.answer(
      to: HTTPRequest(method: .get, url: url, headers: headers), of: Self.name, plainHosts: Self.plainHosts,
      isNearby: true)
    guard answer.isSuccess else {
      throw ObjectStoreError(
        .invalidCredentials, "\(Self.name) gives no credentials", httpStatus: answer.status)
    }
    return try CredentialDocument.credentials(in: answer.body, from: Self.name)
  }
}

/// Credentials of the role of an EC2 instance, by the second version of its metadata service.
struct InstanceSource: CredentialSource {
  static let name = "the instance metadata service"
  private static let plainHosts: Set = ["169.254.169.254", "[fd00:ec2::254]"]
  private static let path = "/latest/meta-data/iam/security-credentials/"

  let environment: CredentialEnvironment

  static func isDisabled(_ environment: CredentialEnvironment) -> Bool {
    environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true"
  }

  private var origin: String {
    if var named = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] {
      while named.hasSuffix("/") { named.removeLast() }
      return named
    }
    let isIPv6 = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
    return isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
  }

  func load() async throws(ObjectStoreError) -> Credentials {
    let token = try await text(
      HTTPRequest(
        method: .put, url: "\(origin)/latest/api/token",
        headers: [("x-aws-ec2-metadata-token-ttl-seconds", "21600")]))
    func get(_ path: String) -> HTTPRequest {
      HTTPRequest(method: .get, url: origin + path, headers: [("x-aws-ec2-metadata-token", token)])
    }
    let role = try await text(get(Self.path)).prefix { !$0.isNewline }
    guard !role.isEmpty else { throw .noCredentials("the instance has no role") }
    let document = try await text(get(Self.path + PercentEncoding.encode(String(role), keepsSlashes: false)))
    return try CredentialDocument.credentials(in: Array(document.utf8), from: Self.name)
  }

  private func text(_ request: HTTPRequest) async throws(ObjectStoreError) -> String {
    let answer = try await environment.service.answer(
      to: request, of: Self.name, plainHosts: Self.plainHosts, isNearby: true)
    guard answer.isSuccess else {
      throw ObjectStoreError(.invalidCredentials, "\(Self.name) gives no credentials", httpStatus: answer.status)
    }
    return String(decoding: answer.body, as: UTF8.self)
  }
}
