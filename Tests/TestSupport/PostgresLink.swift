import Foundation
import Synchronization

/// One PostgreSQL connection through a `FaultProxy`: messages pass, and each statement is shown with its answer.
///
/// Refuses encryption in the server's name, so that it can read along.
final class PostgresLink: Sendable {
  private let client: TCPSocket
  private let server: TCPSocket
  private let script: FaultProxy.Script
  /// The statements sent and not answered yet.
  private let underWay = Mutex<[String]>([])

  init(client: TCPSocket, server: TCPSocket, script: @escaping FaultProxy.Script) {
    (self.client, self.server, self.script) = (client, server, script)
  }

  func run() {
    var requests = ByteStream(client)
    while true {
      guard let length = requests.bytes(4), let rest = requests.bytes(Self.number(length) - 4) else { return }
      // SSLRequest and GSSENCRequest (PostgreSQL documentation, "Message Formats").
      if [80_877_103, 80_877_104].contains(Self.number(Array(rest.prefix(4)))) {
        client.send(Array("N".utf8))
        continue
      }
      server.send(length + rest)
      break
    }
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [self] in
      passAnswers()
      client.end()
      server.end()
      done.signal()
    }
    passRequests(&requests)
    client.end()
    server.end()
    done.wait()
  }

  private static func number(_ bytes: [UInt8]) -> Int { bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } }

  /// The next message with its type and length; nil at the end.
  private static func message(_ stream: inout ByteStream) -> [UInt8]? {
    guard let head = stream.bytes(5), let body = stream.bytes(number(Array(head.dropFirst())) - 4) else { return nil }
    return head + body
  }

  private func passRequests(_ requests: inout ByteStream) {
    var isSwallowing = false
    while let message = Self.message(&requests) {
      let type = Character(UnicodeScalar(message[0]))
      if isSwallowing {
        // The rest of a statement that was answered here; it ends with Sync.
        isSwallowing = type != "S"
        continue
      }
      guard let text = Self.statement(message, type) else {
        guard server.send(message) else { return }
        continue
      }
      switch script(FaultProxy.Moment(phase: .request, text: text, answer: [])) {
      case .pass:
        underWay.withLock { $0.append(text) }
        guard server.send(message) else { return }
      case .altered(let change):
        underWay.withLock { $0.append(text) }
        guard server.send(change(message)) else { return }
      case .answer(let bytes):
        isSwallowing = type == "P"
        guard client.send(bytes) else { return }
      case .silence: return client.waitForEnd()
      case .reset: return client.reset()
      case .cut(let count):
        server.send(message.prefix(count))
        return client.reset()
      }
    }
  }

  /// The SQL of a Query or Parse message.
  private static func statement(_ message: [UInt8], _ type: Character) -> String? {
    let parts = message.dropFirst(5).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    switch type {
    case "Q": return parts.first.map { String(decoding: $0, as: UTF8.self) }
    case "P": return parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : nil
    default: return nil
    }
  }

  private func passAnswers() {
    var answers = ByteStream(server)
    var answer: [UInt8] = []
    while let message = Self.message(&answers) {
      answer += message
      let isReady = message[0] == UInt8(ascii: "Z")
      let text = underWay.withLock { isReady && !$0.isEmpty ? $0.removeFirst() : nil }
      if let text {
        guard finish(text, answer) else { return }
        answer = []
      } else if underWay.withLock({ $0.isEmpty }) || message[0] == UInt8(ascii: "G") {
        // The start of a session, what the server says unasked, or a COPY that waits for the client.
        guard message[0] == UInt8(ascii: "S") ? finish("ParameterStatus", answer) : client.send(answer) else { return }
        answer = []
      }
    }
    // What a server says when it ends a session in the middle of a statement.
    client.send(answer)
  }

  /// Passes a whole answer on as the script wants it; false ends the connection.
  private func finish(_ text: String, _ answer: [UInt8]) -> Bool {
    switch script(FaultProxy.Moment(phase: .answer, text: text, answer: answer)) {
    case .pass: return client.send(answer)
    case .altered(let change): return client.send(change(answer))
    case .answer(let bytes): return client.send(bytes)
    case .silence: client.waitForEnd()
    case .reset: client.reset()
    case .cut(let count):
      client.send(answer.prefix(count))
      usleep(50_000)
      client.reset()
    }
    return false
  }
}

extension FaultProxy.Action {
  /// An error in place of a statement's answer, which leaves the transaction failed.
  package static func postgresError(_ sqlState: String) -> FaultProxy.Action {
    let fields = "SERROR\0VERROR\0C\(sqlState)\0Minjected\0\0"
    return .answer(postgresMessage("E", Array(fields.utf8)) + postgresMessage("Z", Array("E".utf8)))
  }

  /// A PostgreSQL message of that type.
  package static func postgresMessage(_ type: Character, _ body: [UInt8]) -> [UInt8] {
    let length = UInt32(body.count + 4)
    return Array(String(type).utf8) + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32($0))) } + body
  }
}
