import Foundation
import TestSupport
import Testing

@testable import ObjectStore

/// Mistakes of configuration, on the real server where it can tell them apart, and on a scripted one.
@Suite("Bucket check")
struct BucketCheckTests {
  private func check(
    _ change: (inout S3Configuration) -> Void
  ) async throws -> ObjectStoreError {
    var configuration = try realServerConfiguration()
    change(&configuration)
    let store = try S3Store(configuration: configuration, surroundings: SleepRecorder().surroundings)
    return try #require(
      await storeError { () async throws(ObjectStoreError) in
        _ = try await BucketCheck.check(store, probeID: "unused")
      })
  }

  private func checkScripted(_ replies: [ScriptedServer.Reply]) async throws -> Result<
    BucketCheck.Report, ObjectStoreError
  > {
    try await withScriptedServer(replies) { server in
      let store = try scriptedStore(server)
      do throws(ObjectStoreError) {
        return .success(try await BucketCheck.check(store, probeID: "id"))
      } catch {
        return .failure(error)
      }
    }
  }

  @Test("tells a missing bucket")
  func missingBucket() async throws {
    let error = try await check { $0.bucket = "no-such-bucket-here" }
    #expect(error.code == .bucketMissing)
    #expect(error.message == "cannot write to s3://no-such-bucket-here: the bucket does not exist")
    #expect(error.hint != nil)
  }

  @Test("tells a wrong access key")
  func wrongKey() async throws {
    let error = try await check { configuration in
      configuration.credentials = StaticCredentialProvider(
        Credentials(accessKeyID: "nobody", secretAccessKey: "wrongsecretvalue"))
    }
    #expect([.invalidCredentials, .accessDenied].contains(error.code))
    #expect(!"\(error)".contains("wrongsecretvalue"))
    #expect(error.attempts == 1)
  }

  @Test("tells a wrong secret")
  func wrongSecret() async throws {
    let server = try TestEnvironment.s3()
    let error = try await check { configuration in
      configuration.credentials = StaticCredentialProvider(
        Credentials(accessKeyID: server.accessKeyID, secretAccessKey: "wrongsecretvalue"))
    }
    #expect(error.code == .signatureMismatch)
    #expect(error.hint == "check the secret access key")
    #expect(!"\(error)".contains("wrongsecretvalue"))
  }

  @Test(
    "tells an endpoint where nobody listens, and a name that nobody has",
    arguments: ["http://127.0.0.1:1", "https://nowhere.invalid"])
  func unreachable(endpoint: String) async throws {
    let error = try await check { $0.endpoint = endpoint }
    #expect(error.code == .unreachable, "\(error)")
    #expect(error.attempts == 3)
    #expect(error.message.hasPrefix("cannot write to s3://"))
  }

  @Test("tells a server without TLS where TLS was asked for")
  func noTLS() async throws {
    let endpoint = try TestEnvironment.s3().endpoint.replacingOccurrences(of: "http://", with: "https://")
    let error = try await check { $0.endpoint = endpoint }
    #expect(error.code == .unreachable)
  }

  @Test("tells a wrong clock")
  func wrongClock() async throws {
    let result = try await checkScripted([.failure("403 Forbidden", "RequestTimeTooSkewed")])
    let error = try #require(throws: ObjectStoreError.self) { try result.get() }
    #expect(error.code == .signatureMismatch)
    #expect(error.hint?.contains("clock") == true)
  }

  @Test("names the step that failed")
  func steps() async throws {
    let denied = ScriptedServer.Reply.failure("403 Forbidden", "AccessDenied")
    let body = "archiver wrote this to check that it can: id\n"
    let read = ScriptedServer.Reply.answer("200 OK", body: body)
    let page = ScriptedServer.Reply.answer(
      "200 OK", body: "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
    for (replies, message) in [
      ([denied], "cannot write to s3://b/p: the storage denies access"),
      ([.stored, denied], "cannot read from s3://b/p: the storage denies access"),
      ([.stored, .answer("200 OK", body: "other")], "s3://b/p gives back other bytes than were written"),
      ([.stored, read, denied], "cannot list s3://b/p: the storage denies access"),
    ] {
      let result = try await checkScripted(replies)
      let error = try #require(throws: ObjectStoreError.self) { try result.get() }
      #expect(error.message == message)
    }
    let report = try await checkScripted([.stored, read, page, denied]).get()
    #expect(report.deleteFailure?.message == "cannot delete from s3://b/p: the storage denies access")
  }

  @Test("an auditor's check lists and writes nothing")
  func reading() async throws {
    let page = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
    try await withScriptedServer([.answer("200 OK", body: page)]) { server in
      try await BucketCheck.checkReading(scriptedStore(server))
      #expect(server.requests.map { $0.line.prefix(4) } == ["GET "])
    }
  }
}
