import Foundation
import Hashing
import TestSupport
import Testing

@testable import ObjectStore

/// What an `S3Store` makes of a store in trouble, over real sockets.
@Suite("S3 retries")
struct S3RetryTests {
  @Test("a throttled put is repeated with the same bytes after growing waits")
  func throttled() async throws {
    try await withScriptedServer([.slowDown, .slowDown, .stored]) { server in
      let recorder = SleepRecorder()
      _ = try await scriptedStore(server, recorder).put("k", [1, 2, 3], PutOptions())
      #expect(server.requests.map(\.body) == [[1, 2, 3], [1, 2, 3], [1, 2, 3]])
      #expect(recorder.recorded == [.milliseconds(500), .seconds(1)])
    }
  }

  @Test("the last attempt's error is told with the number of attempts")
  func exhausted() async throws {
    try await withScriptedServer([.slowDown]) { server in
      let store = try scriptedStore(server)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("k", [1], PutOptions())
      }
      #expect(error?.code == .throttled)
      #expect(error?.attempts == 3)
      #expect(error?.httpStatus == 503)
      #expect(error?.serviceCode == "SlowDown")
      #expect(error?.requestID == "REQ1")
      #expect(error?.key == "k")
      #expect(server.requests.count == 3)
    }
  }

  @Test("waits as long as the store asks")
  func retryAfter() async throws {
    let replies: [ScriptedServer.Reply] = [
      .failure("503 Service Unavailable", "ServiceUnavailable", headers: ["Retry-After: 7"]),
      .failure("500 Internal Server Error", "InternalError", headers: ["x-amz-retry-after: 1500"]), .stored,
    ]
    try await withScriptedServer(replies) { server in
      let recorder = SleepRecorder()
      _ = try await scriptedStore(server, recorder).put("k", [1], PutOptions())
      #expect(recorder.recorded == [.seconds(7), .milliseconds(1500)])
    }
  }

  @Test("an error under status 200 is an error", arguments: ["InternalError", "AccessDenied"])
  func hiddenError(serviceCode: String) async throws {
    try await withScriptedServer([.failure("200 OK", serviceCode), .stored]) { server in
      let store = try scriptedStore(server)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("k", [1], PutOptions())
      }
      #expect(error?.code == (serviceCode == "InternalError" ? nil : .accessDenied))
      #expect(server.requests.count == (serviceCode == "InternalError" ? 2 : 1))
    }
    try await withScriptedServer([.failure("200 OK", "SlowDown")]) { server in
      let store = try scriptedStore(server)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.list(prefix: "", after: nil)
      }
      #expect(error?.code == .throttled)
    }
  }

  @Test("a wrong clock is corrected once by the store's")
  func skewedClock() async throws {
    let date = "Fri, 24 May 2013 00:00:00 GMT"
    let skewed = ScriptedServer.Reply.failure("403 Forbidden", "RequestTimeTooSkewed", headers: ["Date: \(date)"])
    try await withScriptedServer([skewed, .stored, .stored]) { server in
      let recorder = SleepRecorder()
      let store = try scriptedStore(server, recorder)
      _ = try await store.put("a", [1], PutOptions())
      _ = try await store.put("b", [2], PutOptions())
      let dates = server.requests.compactMap { $0.headers["x-amz-date"]?.prefix(9) }
      #expect(dates.count == 3 && dates[0] != "20130524T")
      #expect(dates.dropFirst().allSatisfy { $0 == "20130524T" }, "\(dates)")
      #expect(recorder.recorded == [])
    }
    try await withScriptedServer([skewed]) { server in
      let store = try scriptedStore(server)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("k", [1], PutOptions())
      }
      #expect(error?.serviceCode == "RequestTimeTooSkewed")
      #expect(server.requests.count == 2)
    }
  }

  @Test("expired credentials are read anew from the profile's file, once")
  func expiredToken() async throws {
    let expired = ScriptedServer.Reply.failure("400 Bad Request", "ExpiredToken")
    try await withTemporaryDirectory { directory in
      func write(_ token: String) throws -> String {
        try directory.write(
          "[default]\naws_access_key_id = AKID\naws_secret_access_key = s\naws_session_token = \(token)\n",
          to: "credentials")
      }
      let file = try write("old")
      let provider = DefaultCredentialProvider(
        environment: ["AWS_SHARED_CREDENTIALS_FILE": file, "AWS_CONFIG_FILE": "/nonexistent"])
      try await withScriptedServer([.stored, expired, .stored, expired]) { server in
        let store = try scriptedStore(server) { $0.credentials = provider }
        _ = try await store.put("a", [1], PutOptions())
        _ = try write("new")
        _ = try await store.put("b", [2], PutOptions())
        #expect(server.requests.map { $0.headers["x-amz-security-token"] } == ["old", "old", "new"])
        let error = await storeError { () async throws(ObjectStoreError) in
          _ = try await store.put("c", [3], PutOptions())
        }
        #expect(error?.code == .invalidCredentials)
        #expect(server.requests.count == 4)
      }
    }
  }

  @Test("a sum that is not the body's is an error")
  func checksumMismatch() async throws {
    let other = SHA256.hash([9].span).base64
    try await withScriptedServer([.answer("200 OK", headers: ["x-amz-checksum-sha256: \(other)"])]) { server in
      let store = try scriptedStore(server)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.put("k", [1], PutOptions())
      }
      #expect(error?.code == .checksumMismatch)
    }
  }

  @Test("a connection reset before or within the answer is survived")
  func reset() async throws {
    let half = ScriptedServer.head("200 OK", headers: ["Content-Length: 6", "ETag: \"e\""]) + Array("abc".utf8)
    let replies: [ScriptedServer.Reply] = [
      .bytesThenReset([]), .bytesThenReset(half), .answer("200 OK", body: "abcdef"),
    ]
    try await withScriptedServer(replies) { server in
      let store = try scriptedStore(server)
      #expect(try await store.get("k", maximumByteCount: 10) == Array("abcdef".utf8))
      #expect(server.requests.count == 3)
    }
  }

  @Test("a dropped keep-alive connection costs no attempt")
  func staleConnection() async throws {
    let first = ScriptedServer.head("200 OK", headers: ["Content-Length: 0"])
    try await withScriptedServer([.bytesThenClose(first), .stored]) { server in
      let recorder = SleepRecorder()
      let store = try scriptedStore(server, recorder)
      _ = try await store.put("a", [1], PutOptions())
      _ = try await store.put("b", [2], PutOptions())
      #expect(server.requests.map(\.body) == [[1], [2]])
      #expect(recorder.recorded == [])
    }
  }

  @Test("a body that ends too early is an error, never a short object")
  func truncated() async throws {
    let short = ScriptedServer.head("200 OK", headers: ["Content-Length: 6"]) + Array("abc".utf8)
    let lengthless = ScriptedServer.head("200 OK", headers: []) + Array("abc".utf8)
    let unfinished = ScriptedServer.head("200 OK", headers: ["Transfer-Encoding: chunked"]) + Array("3\r\nabc\r\n".utf8)
    for reply in [short, lengthless, unfinished] {
      try await withScriptedServer([.bytesThenClose(reply)]) { server in
        let store = try scriptedStore(server)
        let error = await storeError { () async throws(ObjectStoreError) in
          _ = try await store.get("k", maximumByteCount: 10)
        }
        #expect([.corruptResponse, .unreachable].contains(error?.code))
        #expect(error?.attempts == 3)
      }
    }
  }

  @Test("a chunked body is read whole")
  func chunked() async throws {
    let chunks = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    let reply = ScriptedServer.head("200 OK", headers: ["Transfer-Encoding: chunked"]) + Array(chunks.utf8)
    try await withScriptedServer([.bytes(reply)]) { server in
      let store = try scriptedStore(server)
      #expect(try await store.get("k", maximumByteCount: 10) == Array("abcde".utf8))
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.get("k", maximumByteCount: 4)
      }
      #expect(error?.code == .tooLarge)
    }
  }
}
