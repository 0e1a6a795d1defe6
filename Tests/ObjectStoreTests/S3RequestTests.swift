import Foundation
import Hashing
import Testing

@testable import ObjectStore

/// What goes over the wire.
@Suite("S3 requests")
struct S3RequestTests {
  @Test("a put carries its sums, its kind and the configured storage options")
  func putHeaders() async throws {
    try await withScriptedServer([.stored]) { server in
      let store = try scriptedStore(server) { configuration in
        configuration.storageClass = "STANDARD_IA"
        configuration.serverSideEncryption = .kms(keyID: "key-1")
        configuration.userAgent = "archiver/0.1.0 run/1234"
      }
      let body = Array("hello".utf8)
      let result = try await store.put("a b/%3A.gz", body, PutOptions(contentType: "application/gzip"))
      #expect(result == PutResult(etag: "e1", versionID: "v1"))
      let request = try #require(server.requests.first)
      #expect(request.line == "PUT /b/p/a%20b/%253A.gz HTTP/1.1")
      #expect(request.body == body)
      let sum = SHA256.hash(body.span)
      let expected = [
        "content-type": "application/gzip", "content-length": "5", "user-agent": "archiver/0.1.0 run/1234",
        "x-amz-checksum-sha256": sum.base64, "x-amz-content-sha256": sum.hex, "x-amz-storage-class": "STANDARD_IA",
        "x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
        "host": "127.0.0.1:\(server.port)",
      ]
      for (name, value) in expected { #expect(request.headers[name] == value) }
      for name in ["content-encoding", "expect", "transfer-encoding", "if-none-match"] {
        #expect(request.headers[name] == nil)
      }
    }
  }

  @Test("a large put asks first, and sends the body once it may")
  func expectContinue() async throws {
    try await withScriptedServer([.stored]) { server in
      let body = [UInt8](repeating: 1, count: 3_000_000)
      _ = try await scriptedStore(server).put("k", body, PutOptions())
      #expect(server.requests.first?.headers["expect"] == "100-continue")
      #expect(server.requests.first?.body == body)
    }
  }

  @Test("a connection is used again")
  func keepAlive() async throws {
    try await withScriptedServer([.stored]) { server in
      let store = try scriptedStore(server)
      for number in 0..<5 { _ = try await store.put("k\(number)", [], PutOptions()) }
      #expect(server.requests.map(\.connection) == [1, 1, 1, 1, 1])
      #expect(server.requests.allSatisfy { $0.headers["content-length"] == "0" })
    }
  }

  @Test("a listing asks for encoded keys under the whole prefix")
  func listQuery() async throws {
    let page = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
    try await withScriptedServer([.answer("200 OK", body: page)]) { server in
      _ = try await scriptedStore(server).list(prefix: "db=a%3A/", after: ListContinuation(token: "t/+="))
      #expect(
        server.requests.first?.line
          == "GET /b?continuation-token=t%2F%2B%3D&encoding-type=url&list-type=2&max-keys=1000&prefix=p%2Fdb%3Da%253A%2F HTTP/1.1"
      )
    }
  }
}
