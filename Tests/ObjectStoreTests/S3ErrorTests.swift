import Foundation
import Testing

@testable import ObjectStore

/// What S3's errors become.
@Suite("S3 errors")
struct S3ErrorTests {
  struct Meaning: Sendable, CustomTestStringConvertible {
    let status: String
    var serviceCode: String?
    var headers: [String] = []
    let code: ObjectStoreError.Code
    var attempts = 1
    var testDescription: String { "\(status) \(serviceCode ?? "without a body")" }

    static let all: [Meaning] = [
      Meaning(status: "403 Forbidden", serviceCode: "AccessDenied", code: .accessDenied),
      Meaning(status: "403 Forbidden", serviceCode: "InvalidAccessKeyId", code: .invalidCredentials),
      Meaning(status: "403 Forbidden", serviceCode: "SignatureDoesNotMatch", code: .signatureMismatch),
      Meaning(status: "403 Forbidden", serviceCode: "RequestTimeTooSkewed", code: .signatureMismatch),
      Meaning(status: "400 Bad Request", serviceCode: "ExpiredToken", code: .invalidCredentials),
      Meaning(status: "403 Forbidden", serviceCode: "InvalidObjectState", code: .other),
      Meaning(status: "403 Forbidden", code: .accessDenied),
      Meaning(status: "404 Not Found", serviceCode: "NoSuchBucket", code: .bucketMissing),
      Meaning(status: "404 Not Found", serviceCode: "NoSuchKey", code: .notFound),
      Meaning(status: "404 Not Found", code: .notFound),
      Meaning(status: "301 Moved Permanently", serviceCode: "PermanentRedirect", code: .wrongRegion),
      Meaning(status: "307 Temporary Redirect", headers: ["Location: http://127.0.0.1:1/"], code: .wrongRegion),
      Meaning(status: "400 Bad Request", serviceCode: "AuthorizationHeaderMalformed", code: .signatureMismatch),
      Meaning(status: "400 Bad Request", serviceCode: "BadDigest", code: .checksumMismatch),
      Meaning(status: "400 Bad Request", serviceCode: "RequestTimeout", code: .timedOut, attempts: 3),
      Meaning(status: "412 Precondition Failed", serviceCode: "PreconditionFailed", code: .preconditionFailed),
      Meaning(status: "429 Too Many Requests", code: .throttled, attempts: 3),
      Meaning(status: "500 Internal Server Error", serviceCode: "InternalError", code: .unreachable, attempts: 3),
      Meaning(status: "502 Bad Gateway", code: .unreachable, attempts: 3),
      Meaning(status: "504 Gateway Timeout", code: .unreachable, attempts: 3),
      Meaning(status: "501 Not Implemented", serviceCode: "NotImplemented", code: .other),
      Meaning(status: "507 Insufficient Storage", serviceCode: "XMinioStorageFull", code: .storageFull),
    ]
  }

  @Test("errors get their meaning, and are repeated only when that can help", arguments: Meaning.all)
  func meanings(_ meaning: Meaning) async throws {
    let reply: ScriptedServer.Reply =
      if let code = meaning.serviceCode {
        .failure(meaning.status, code, headers: meaning.headers)
      } else {
        .answer(meaning.status, headers: meaning.headers)
      }
    try await withScriptedServer([reply]) { server in
      let store = try scriptedStore(server)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("k", [1], PutOptions())
      }
      #expect(error?.code == meaning.code)
      #expect(error?.attempts == meaning.attempts)
      #expect(error?.serviceCode == meaning.serviceCode)
      #expect(server.requests.count == meaning.attempts)
    }
  }

  @Test("the bucket's own region is told")
  func regionHint() async throws {
    let reply = ScriptedServer.Reply.failure(
      "301 Moved Permanently", "PermanentRedirect", headers: ["x-amz-bucket-region: eu-north-1"])
    try await withScriptedServer([reply]) { server in
      let store = try scriptedStore(server)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.list(prefix: "", after: nil)
      }
      #expect(error?.message.contains("eu-north-1") == true)
      #expect(error?.hint?.contains("storage.region") == true)
    }
  }

  @Test("a delete of what is missing is no error, of a missing bucket is one")
  func deletes() async throws {
    try await withScriptedServer([.failure("404 Not Found", "NoSuchKey"), .failure("404 Not Found", "NoSuchBucket")]) {
      server in
      let store = try scriptedStore(server)
      try await store.delete("k")
      let error = await storeError { () async throws(ObjectStoreError) in try await store.delete("k") }
      #expect(error?.code == .bucketMissing)
    }
  }

  @Test("a conditional put that finds its own earlier write is a success", arguments: [true, false])
  func ownWrite(isOwn: Bool) async throws {
    let body = isOwn ? "mine" : "else"
    let replies: [ScriptedServer.Reply] = [
      .bytesThenReset([]), .failure("412 Precondition Failed", "PreconditionFailed"),
      .answer("200 OK", headers: ["ETag: \"e9\""]).asHead(byteCount: 4), .answer("200 OK", body: body),
    ]
    try await withScriptedServer(replies) { server in
      let store = try scriptedStore(server)
      var result: PutResult?
      let error = await storeError { () async throws(ObjectStoreError) in
        result = try await store.put("k", Array("mine".utf8), PutOptions(ifNoneMatch: true))
      }
      #expect(error?.code == (isOwn ? nil : .preconditionFailed))
      #expect(result?.etag == (isOwn ? "e9" : nil))
      #expect(server.requests.first?.headers["if-none-match"] == "*")
    }
  }
}

extension ScriptedServer.Reply {
  /// The answer to HEAD: it tells a length and has no body.
  fileprivate func asHead(byteCount: Int) -> ScriptedServer.Reply {
    guard case .bytes(let bytes) = self else { return self }
    let text = String(decoding: bytes, as: UTF8.self)
    return .bytes(Array(text.replacingOccurrences(of: "Content-Length: 0", with: "Content-Length: \(byteCount)").utf8))
  }
}
