import Foundation

/// One HTTP connection through a `FaultProxy`: request by request, each read whole, passed on and answered.
struct HTTPLink {
  let client: TCPSocket
  let server: TCPSocket
  let script: FaultProxy.Script

  func run() {
    var requests = ByteStream(client)
    var answers = ByteStream(server)
    while let request = message(&requests, hasBody: { !$0.contains("transfer-encoding") }) {
      let words = request.head.split(separator: " ", maxSplits: 2)
      let path = words.count > 1 ? String(words[1]).removingPercentEncoding ?? "" : ""
      let text = "\(words.first ?? "") \(path)"
      var passed = request.bytes
      switch script(FaultProxy.Moment(phase: .request, text: text, answer: [])) {
      case .pass: break
      case .altered(let change): passed = change(passed)
      case .answer(let bytes):
        guard client.send(bytes) else { return }
        continue
      case .silence: return client.waitForEnd()
      case .reset: return client.reset()
      case .cut(let count):
        server.send(request.bytes.prefix(count))
        // Gives the server time to read what came before the reset, which would discard it.
        usleep(50_000)
        server.reset()
        return client.reset()
      }
      let isHead = text.hasPrefix("HEAD ")
      guard server.send(passed), let answer = message(&answers, hasBody: { _ in !isHead }) else { return }
      switch script(FaultProxy.Moment(phase: .answer, text: text, answer: answer.bytes)) {
      case .pass: guard client.send(answer.bytes) else { return }
      case .altered(let change): guard client.send(change(answer.bytes)) else { return }
      case .answer(let bytes): guard client.send(bytes) else { return }
      case .silence: return client.waitForEnd()
      case .reset: return client.reset()
      case .cut(let count):
        client.send(answer.bytes.prefix(count))
        usleep(50_000)
        return client.reset()
      }
    }
  }

  private struct Message {
    var head: String
    var bytes: [UInt8]
  }

  /// The next message whole; nil at the stream's end.
  private func message(_ stream: inout ByteStream, hasBody: (String) -> Bool) -> Message? {
    guard let head = stream.bytes(through: "\r\n\r\n") else { return nil }
    let text = String(decoding: head, as: UTF8.self)
    let lines = text.lowercased().split(separator: "\r\n")
    func header(_ name: String) -> String? {
      lines.first { $0.hasPrefix("\(name):") }
        .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
    guard hasBody(text.lowercased()) else { return Message(head: text, bytes: head) }
    if let length = header("content-length").flatMap({ Int($0) }) {
      guard let body = stream.bytes(length) else { return nil }
      return Message(head: text, bytes: head + body)
    }
    guard header("transfer-encoding") == "chunked" else { return Message(head: text, bytes: head) }
    var body: [UInt8] = []
    while let line = stream.bytes(through: "\r\n") {
      let size = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16) ?? 0
      guard let chunk = stream.bytes(size + 2) else { return nil }
      body += line + chunk
      if size == 0 { return Message(head: text, bytes: head + body) }
    }
    return nil
  }
}

extension FaultProxy.Action {
  /// An HTTP answer with a body and its length.
  package static func http(_ status: String, headers: [String] = [], body: String = "") -> FaultProxy.Action {
    let head = (["HTTP/1.1 \(status)"] + headers + ["Content-Length: \(body.utf8.count)"]).joined(separator: "\r\n")
    return .answer(Array("\(head)\r\n\r\n\(body)".utf8))
  }

  /// An error as S3 answers it.
  package static func s3(_ status: String, _ code: String, headers: [String] = []) -> FaultProxy.Action {
    .http(
      status, headers: headers + ["x-amz-request-id: FAULT", "Content-Type: application/xml"],
      body: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(code)</Code><Message>injected</Message></Error>"
    )
  }
}
