import Foundation
import Testing

@testable import ObjectStore

/// How a lost download goes on, over real sockets.
@Suite("S3 streams")
struct S3ResumeTests {
  @Test("a lost stream goes on where it stopped, if the object is still the same")
  func resumed() async throws {
    let half = ScriptedServer.head("200 OK", headers: ["Content-Length: 6", "ETag: \"e1\""]) + Array("abc".utf8)
    let rest = ScriptedServer.Reply.answer(
      "206 Partial Content", headers: ["ETag: \"e1\"", "Content-Range: bytes 3-5/6"], body: "def")
    try await withScriptedServer([.bytesThenReset(half), rest]) { server in
      let sink = try await scriptedStore(server).read("k", into: CollectingSink())
      #expect(sink.bytes == Array("abcdef".utf8))
      let second = try #require(server.requests.last)
      #expect(second.headers["range"] == "bytes=3-")
      #expect(second.headers["if-match"] == "\"e1\"")
    }
  }

  @Test("a store without ranges sends all again, and the sink gets the rest only")
  func resumedFromStart() async throws {
    let half = ScriptedServer.head("200 OK", headers: ["Content-Length: 6", "ETag: \"e1\""]) + Array("abc".utf8)
    let whole = ScriptedServer.Reply.answer("200 OK", headers: ["ETag: \"e1\""], body: "abcdef")
    try await withScriptedServer([.bytesThenReset(half), whole]) { server in
      let sink = try await scriptedStore(server).read("k", into: CollectingSink())
      #expect(sink.bytes == Array("abcdef".utf8))
    }
  }

  @Test(
    "a stream is not continued with another object's bytes",
    arguments: [
      ScriptedServer.Reply.answer("200 OK", headers: ["ETag: \"e2\""], body: "uvwxyz"),
      .answer("206 Partial Content", headers: ["ETag: \"e2\"", "Content-Range: bytes 3-5/6"], body: "xyz"),
      .answer("206 Partial Content", headers: ["ETag: \"e1\"", "Content-Range: bytes 4-5/6"], body: "ef"),
      .answer("206 Partial Content", headers: ["ETag: \"e1\""], body: "def"),
      .answer("200 OK", body: "abcdef"),
      .failure("412 Precondition Failed", "PreconditionFailed"),
    ])
  func changedMeanwhile(reply: ScriptedServer.Reply) async throws {
    let half = ScriptedServer.head("200 OK", headers: ["Content-Length: 6", "ETag: \"e1\""]) + Array("abc".utf8)
    try await withScriptedServer([.bytesThenReset(half), reply]) { server in
      let store = try scriptedStore(server)
      let error = await storeError { () async throws(ObjectStoreError) in
        _ = try await store.read("k", into: CollectingSink())
      }
      #expect(error?.code == .corruptResponse)
    }
  }
}
