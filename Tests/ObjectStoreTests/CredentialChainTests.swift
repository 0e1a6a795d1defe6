import Foundation
import TestSupport
import Testing

@testable import ObjectStore

/// The chain, each link against a server that speaks its protocol: moto for STS, scripted ones for the others.
@Suite("The chain of credentials")
struct CredentialChainTests {
  private static let document =
    #"{"Code":"Success","AccessKeyId":"AK","SecretAccessKey":"hush","Token":"T","Expiration":"2099-01-01T00:00:00Z"}"#
  private static let expected = Credentials(
    accessKeyID: "AK", secretAccessKey: "hush", sessionToken: "T",
    expiration: Date(timeIntervalSince1970: 4_070_908_800))
  private static let role = "arn:aws:iam::123456789012:role/archive"

  /// Credentials with a home of the test's own, in which nothing else is found.
  private func credentials(
    _ home: TemporaryDirectory, profile: String? = nil, _ variables: [String: String]
  ) async throws -> Credentials {
    let environment = ["HOME": home.path, "PATH": "/usr/bin:/bin"].merging(variables) { _, second in second }
    return try await DefaultCredentialProvider(profile: profile, environment: environment).credentials()
  }

  private func refusal(
    _ home: TemporaryDirectory, profile: String? = nil, _ variables: [String: String]
  ) async -> ObjectStoreError? {
    do {
      _ = try await credentials(home, profile: profile, variables)
      return nil
    } catch {
      return error as? ObjectStoreError
    }
  }

  @Test("ends at the instance, which is asked with a token of its own")
  func instance() async throws {
    let replies: [ScriptedServer.Reply] = [
      .answer("200 OK", body: "TOKEN"), .answer("200 OK", body: "role/x"), .answer("200 OK", body: Self.document),
    ]
    try await withTemporaryDirectory { home in
      try await withScriptedServer(replies) { server in
        let found = try await credentials(home, ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "\(server.endpoint)/"])
        #expect(found == Self.expected)
        let path = "/latest/meta-data/iam/security-credentials/"
        #expect(
          server.requests.map(\.line) == [
            "PUT /latest/api/token HTTP/1.1", "GET \(path) HTTP/1.1", "GET \(path)role%2Fx HTTP/1.1",
          ])
        #expect(server.requests[0].headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
        #expect(server.requests[2].headers["x-aws-ec2-metadata-token"] == "TOKEN")
      }
    }
  }

  @Test("takes the container's, with the token it is given", arguments: [true, false])
  func container(hasTokenFile: Bool) async throws {
    try await withTemporaryDirectory { home in
      let file = try home.write("FROM-FILE\n", to: "token")
      try await withScriptedServer([.answer("200 OK", body: Self.document)]) { server in
        var variables = [
          "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.endpoint)/v1/credentials",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN": "PLAIN", "http_proxy": "http://127.0.0.1:1",
        ]
        if hasTokenFile { variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = file }
        let found = try await credentials(home, variables)
        #expect(found == Self.expected)
        #expect(server.requests.first?.headers["authorization"] == (hasTokenFile ? "FROM-FILE" : "PLAIN"))
      }
    }
  }

  @Test("sends nothing over plain HTTP to a host that is not this machine")
  func plainHTTP() async throws {
    try await withTemporaryDirectory { home in
      let error = await refusal(home, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/credentials"])
      #expect(error?.code == .invalidCredentials && error?.message.contains("plain http") == true)
    }
  }

  @Test("takes on a role with a web identity, at moto's STS")
  func webIdentity() async throws {
    try await withTemporaryDirectory { home in
      let variables = [
        "AWS_ENDPOINT_URL_STS": try TestEnvironment.motoEndpoint(), "AWS_ROLE_ARN": Self.role,
        "AWS_WEB_IDENTITY_TOKEN_FILE": try home.write("a.web.token", to: "web-token"), "AWS_REGION": "eu-west-1",
      ]
      let found = try await credentials(home, variables)
      #expect(found.accessKeyID.hasPrefix("ASIA") && found.sessionToken?.isEmpty == false)
      let end = try #require(found.expiration)
      #expect(end > Date())
      let missing = await refusal(home, variables.merging(["AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent"]) { $1 })
      #expect(missing?.code == .invalidCredentials && missing?.message.contains("/nonexistent") == true)
    }
  }

  @Test("takes on the role of a profile, based on another's keys, its own, or the environment's")
  func roles() async throws {
    try await withTemporaryDirectory { home in
      try home.write(
        """
        [keys]
        aws_access_key_id = AKBASE
        aws_secret_access_key = base-hush
        [self]
        aws_access_key_id = AKSELF
        aws_secret_access_key = self-hush
        """, to: ".aws/credentials")
      try home.write(
        """
        [profile other]
        role_arn = \(Self.role)
        source_profile = keys
        external_id = e/1
        role_session_name = nightly
        duration_seconds = 900
        region = eu-west-3
        [profile self]
        role_arn = \(Self.role)
        source_profile = self
        [profile environment]
        role_arn = \(Self.role)
        credential_source = Environment
        [profile a]
        role_arn = \(Self.role)
        source_profile = b
        [profile b]
        role_arn = \(Self.role)
        source_profile = a
        [profile mfa]
        role_arn = \(Self.role)
        source_profile = keys
        mfa_serial = arn:aws:iam::1:mfa/x
        """, to: ".aws/config")
      let moto = ["AWS_ENDPOINT_URL_STS": try TestEnvironment.motoEndpoint()]
      let keys = ["AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "env-hush"]
      for profile in ["other", "self", "environment"] {
        let found = try await credentials(home, profile: profile, moto.merging(keys) { $1 })
        #expect(found.accessKeyID.hasPrefix("ASIA"), "\(profile)")
      }
      for (profile, word) in [("a", "each other"), ("mfa", "mfa_serial"), ("environment", "no credentials")] {
        let error = await refusal(home, profile: profile, moto)
        #expect(error?.code == .invalidCredentials && error?.message.contains(word) == true, "\(profile)")
      }
      // What exactly is asked, which moto does not look at.
      let refused = ScriptedServer.Reply.answer(
        "403 Forbidden", body: "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
      try await withScriptedServer([refused]) { server in
        let error = await refusal(home, profile: "other", ["AWS_ENDPOINT_URL_STS": server.endpoint])
        #expect(error?.code == .invalidCredentials && error?.serviceCode == "AccessDenied")
        let request = try #require(server.requests.first)
        #expect(
          String(decoding: request.body, as: UTF8.self)
            == "Action=AssumeRole&DurationSeconds=900&ExternalId=e%2F1&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F"
            + "archive&RoleSessionName=nightly&Version=2011-06-15")
        #expect(request.headers["authorization"]?.contains("Credential=AKBASE/") == true)
        #expect(request.headers["authorization"]?.contains("/eu-west-3/sts/aws4_request") == true)
      }
    }
  }

  @Test("runs the program of a profile, without a shell")
  func process() async throws {
    try await withTemporaryDirectory { home in
      let answer = Self.document.replacing("\"Code\":\"Success\"", with: "\"Version\":1")
      try home.write("printf '%s' \"$2\" >\"$HOME/argument\"; printf '%s' '\(answer)'", to: "good program")
      try home.write("echo hush >&2; echo hush; exit 3", to: "bad")
      try home.write(
        """
        [profile good]
        credential_process = sh "\(home.path)/good program" --for 'a $(b)'
        [profile bad]
        credential_process = sh \(home.path)/bad
        """, to: ".aws/config")
      let found = try await credentials(home, profile: "good", [:])
      #expect(found == Self.expected)
      let argument = try String(contentsOf: home.file("argument"), encoding: .utf8)
      #expect(argument == "a $(b)")
      let error = await refusal(home, profile: "bad", [:])
      #expect(error?.message.contains("status 3") == true && error?.message.contains("hush") == false)
    }
  }

  @Test("takes the token that `aws sso login` left", arguments: [true, false])
  func singleSignOn(hasSession: Bool) async throws {
    try await withTemporaryDirectory { home in
      let start = "https://start.example/x"
      let login = "sso_region = eu-west-1\nsso_start_url = \(start)\n"
      try home.write(
        "[profile p]\nsso_account_id = 123\nsso_role_name = reader\n"
          + (hasSession ? "sso_session = corp\n[sso-session corp]\n\(login)" : login), to: ".aws/config")
      // sha1 of "corp" and of the start URL, by sha1sum.
      let name = hasSession ? "ee0bfd2552fbd840c02cc48b6e823320543c450f" : "67c3274477afd815a6b914b4512d90b9f7747413"
      let cache = ".aws/sso/cache/\(name).json"
      let answer =
        #"{"roleCredentials":{"accessKeyId":"AK","secretAccessKey":"hush","sessionToken":"T","expiration":4070908800000}}"#
      try await withScriptedServer([.answer("200 OK", body: answer)]) { server in
        let variables = ["AWS_ENDPOINT_URL_SSO": server.endpoint, "AWS_PROFILE": "p"]
        #expect(await refusal(home, variables)?.message.contains("aws sso login") == true)
        try home.write(#"{"accessToken":"BEARER","expiresAt":"2001-01-01T00:00:00Z"}"#, to: cache)
        #expect(await refusal(home, variables)?.message.contains("has expired") == true)
        try home.write(#"{"accessToken":"BEARER","expiresAt":"2099-01-01T00:00:00Z"}"#, to: cache)
        let found = try await credentials(home, variables)
        #expect(found == Self.expected)
        let request = try #require(server.requests.first)
        #expect(request.line == "GET /federation/credentials?account_id=123&role_name=reader HTTP/1.1")
        #expect(request.headers["x-amz-sso_bearer_token"] == "BEARER")
      }
    }
  }
}
