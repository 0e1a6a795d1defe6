import Foundation
import TestSupport
import Testing

@testable import ObjectStore

/// Which of several places gives the credentials, and where a profile's role takes the ones it is based on.
@Suite("The order of the places with credentials")
struct CredentialOrderTests {
  private static let role = "arn:aws:iam::123456789012:role/archive"

  /// What the container's and the instance's services answer.
  static func document(_ key: String) -> ScriptedServer.Reply {
    .answer(
      "200 OK",
      body: """
        {"Code": "Success", "AccessKeyId": "\(key)", "SecretAccessKey": "s", "Token": "T",
        "Expiration": "2099-01-01T00:00:00Z"}
        """)
  }

  static let instance: [ScriptedServer.Reply] = [
    .answer("200 OK", body: "TOKEN"), .answer("200 OK", body: "role"), document("INSTANCE"),
  ]

  /// What STS answers to `action`.
  private static func assumed(_ action: String) -> ScriptedServer.Reply {
    .answer(
      "200 OK",
      body: """
        <\(action)Response><\(action)Result><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
        <SessionToken>T</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></\(action)Result></\(action)Response>
        """)
  }

  private func key(
    _ home: TemporaryDirectory, profile: String? = nil, _ variables: [String: String]
  ) async throws -> String {
    let environment = ["HOME": home.path, "PATH": "/usr/bin:/bin"].merging(variables) { $1 }
    return try await DefaultCredentialProvider(profile: profile, environment: environment).credentials().accessKeyID
  }

  @Test("is environment, profile, web identity, container, instance, each when those before it are not there")
  func order() async throws {
    try await withTemporaryDirectory { home in
      let file = try home.write(
        "[default]\naws_access_key_id = PROFILE\naws_secret_access_key = s\n", to: ".aws/credentials")
      let replies = [Self.assumed("AssumeRoleWithWebIdentity"), Self.document("CONTAINER")] + Self.instance
      try await withScriptedServer(replies) { server in
        var variables = [
          "AWS_ACCESS_KEY_ID": "ENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "s",
          "AWS_WEB_IDENTITY_TOKEN_FILE": try home.write("token", to: "token"), "AWS_ROLE_ARN": Self.role,
          "AWS_ENDPOINT_URL_STS": server.endpoint,
          "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.endpoint)/container",
          "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.endpoint,
        ]
        #expect(try await key(home, variables) == "ENVIRONMENT")
        variables["AWS_ACCESS_KEY_ID"] = nil
        variables["AWS_SECRET_ACCESS_KEY"] = nil
        #expect(try await key(home, variables) == "PROFILE")
        #expect(server.requests.isEmpty)
        try FileManager.default.removeItem(atPath: file)
        #expect(try await key(home, variables) == "ROLE")
        variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = nil
        #expect(try await key(home, variables) == "CONTAINER")
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = nil
        #expect(try await key(home, variables) == "INSTANCE")
        #expect(server.requests.count == 5)
        variables["AWS_EC2_METADATA_DISABLED"] = "true"
        let error = await storeError { () async throws(ObjectStoreError) in
          _ = try await DefaultCredentialProvider(environment: variables.merging(["HOME": home.path]) { $1 })
            .credentials()
        }
        #expect(error?.code == .invalidCredentials && server.requests.count == 5)
      }
    }
  }

  @Test("goes on behind a profile that says nothing of credentials")
  func emptyProfile() async throws {
    try await withTemporaryDirectory { home in
      try home.write("[default]\nregion = eu-west-1\n", to: ".aws/config")
      try await withScriptedServer([Self.document("CONTAINER")]) { server in
        let found = try await key(home, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.endpoint)/container"])
        #expect(found == "CONTAINER")
      }
    }
  }

  @Test(
    "a profile's role is based on the machine's credentials when it says so",
    arguments: [("EcsContainer", [document("CONTAINER")], "CONTAINER"), ("Ec2InstanceMetadata", instance, "INSTANCE")])
  func credentialSource(_ source: String, _ replies: [ScriptedServer.Reply], _ basis: String) async throws {
    try await withTemporaryDirectory { home in
      try home.write("[profile p]\nrole_arn = \(Self.role)\ncredential_source = \(source)\n", to: ".aws/config")
      try await withScriptedServer(replies + [Self.assumed("AssumeRole")]) { server in
        let variables = [
          "AWS_ENDPOINT_URL_STS": server.endpoint,
          "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.endpoint)/container",
          "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.endpoint,
        ]
        let found = try await key(home, profile: "p", variables)
        #expect(found == "ROLE")
        let signature = server.requests.last?.headers["authorization"]
        #expect(signature?.contains("Credential=\(basis)/") == true, "\(signature ?? "none")")
      }
    }
  }

  @Test("a profile's role is taken on with a web identity when it names a token")
  func profileWithWebIdentity() async throws {
    try await withTemporaryDirectory { home in
      let token = try home.write("a.web.token\n", to: "token")
      try home.write("[profile p]\nrole_arn = \(Self.role)\nweb_identity_token_file = \(token)\n", to: ".aws/config")
      try await withScriptedServer([Self.assumed("AssumeRoleWithWebIdentity")]) { server in
        let found = try await key(home, profile: "p", ["AWS_ENDPOINT_URL_STS": server.endpoint])
        #expect(found == "ROLE")
        let request = try #require(server.requests.first)
        #expect(String(decoding: request.body, as: UTF8.self).contains("WebIdentityToken=a.web.token"))
        #expect(request.headers["authorization"] == nil)
      }
    }
  }
}
