import Foundation
import TestSupport
import Testing

@testable import ObjectStore

@Suite("Credentials")
struct CredentialTests {
  private let secret = Credentials(accessKeyID: "AKID", secretAccessKey: "hush-hush", sessionToken: "hush-token")

  @Test("never show their secrets, however they are printed")
  func redacted() throws {
    var configuration = S3Configuration(
      bucket: "b", region: "r", credentials: StaticCredentialProvider(secret))
    configuration.userAgent = "u"
    var dumped = ""
    dump(configuration, to: &dumped)
    dump(secret, to: &dumped)
    let texts = [
      "\(secret)", String(reflecting: secret), "\(configuration)", String(reflecting: configuration), dumped,
      "\([secret])", "\(Optional(secret) as Any)",
    ]
    for text in texts { #expect(!text.contains("hush"), "\(text)") }
    #expect("\(secret)".contains("AKID"))
  }

  @Test("come from the environment")
  func environment() async throws {
    let variables = [
      "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T", "AWS_PROFILE": "none",
    ]
    let expected = Credentials(accessKeyID: "A", secretAccessKey: "S", sessionToken: "T")
    #expect(try await DefaultCredentialProvider(environment: variables).credentials() == expected)
  }

  @Test("are missing when the environment has half of them", arguments: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
  func halfEnvironment(name: String) async throws {
    let variables = [name: "hush", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"]
    let error = await storeError { () async throws(ObjectStoreError) in
      _ = try await DefaultCredentialProvider(environment: variables).credentials()
    }
    #expect(error?.code == .invalidCredentials && error?.message.contains("hush") == false)
  }

  @Test("come from the shared files, the credentials file first")
  func profiles() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write(
        """
        # comment
        [default]
        aws_access_key_id = A1
        aws_secret_access_key=S1=with=equals

        [ ops ]
        AWS_ACCESS_KEY_ID = A2
        aws_secret_access_key = S2
        aws_session_token = T2
        """, to: ".aws/credentials")
      try directory.write(
        """
        [profile ops]
        aws_access_key_id = wrong
        aws_secret_access_key = wrong
        [profile  audit]
        region = eu-west-1
        s3 =
            aws_access_key_id = nested
        aws_access_key_id = A3
        aws_secret_access_key = S3
        """, to: ".aws/config")
      func credentials(_ profile: String?, _ variables: [String: String] = [:]) async throws -> Credentials {
        let environment = variables.merging(["HOME": directory.path]) { first, _ in first }
        return try await DefaultCredentialProvider(profile: profile, environment: environment).credentials()
      }
      #expect(try await credentials(nil) == Credentials(accessKeyID: "A1", secretAccessKey: "S1=with=equals"))
      let ops = Credentials(accessKeyID: "A2", secretAccessKey: "S2", sessionToken: "T2")
      #expect(try await credentials("ops") == ops)
      #expect(try await credentials("", ["AWS_PROFILE": "ops"]) == ops)
      let environment = ["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "E"]
      #expect(try await credentials("audit", environment) == Credentials(accessKeyID: "A3", secretAccessKey: "S3"))
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await DefaultCredentialProvider(profile: "nobody", environment: ["HOME": directory.path]).credentials()
      }
      #expect(error?.code == .invalidCredentials)
      #expect(error?.message.contains("nobody") == true)
      #expect(
        DefaultCredentialProvider.region(ofProfile: "audit", environment: ["HOME": directory.path]) == "eu-west-1")
    }
  }
}
