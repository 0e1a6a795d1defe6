import Foundation
import Synchronization

/// A TCP server on a loopback port that answers HTTP requests from a script: a store with faults on demand.
///
/// Each request takes the next reply, whichever connection it came on; after the last, the last is repeated.
final class ScriptedServer: Sendable {
  enum Reply: Sendable {
    /// Sends these bytes and keeps the connection open.
    case bytes([UInt8])
    /// Sends these bytes and closes the connection.
    case bytesThenClose([UInt8])
    /// Sends these bytes and resets the connection.
    case bytesThenReset([UInt8])
    /// Sends these bytes a tenth of a second's worth at a time.
    case trickled([UInt8], bytesPerSecond: Int)
    /// Reads the request and never answers.
    case silence

    /// An answer with a body and its length.
    static func answer(_ status: String, headers: [String] = [], body: String = "") -> Reply {
      .bytes(ScriptedServer.head(status, headers: headers + ["Content-Length: \(body.utf8.count)"]) + Array(body.utf8))
    }

    /// An error answer as S3 gives it.
    static func failure(_ status: String, _ code: String, headers: [String] = []) -> Reply {
      .answer(
        status, headers: headers + ["x-amz-request-id: REQ1"],
        body: "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>m</Message></Error>")
    }
  }

  /// The head of an answer, complete with its closing empty line.
  static func head(_ status: String, headers: [String]) -> [UInt8] {
    Array("HTTP/1.1 \(status)\r\n\(headers.map { "\($0)\r\n" }.joined())\r\n".utf8)
  }

  struct Request: Sendable {
    var line: String
    var headers: [String: String]
    var body: [UInt8]
    /// Counts the accepted connections from 1.
    var connection: Int
  }

  private struct State {
    var replies: [Reply]
    var requests: [Request] = []
    var connectionCount = 0
  }

  private let listener: Int32
  private let state: Mutex<State>
  let port: UInt16

  init(_ replies: [Reply]) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
    port = UInt16(bigEndian: address.sin_port)
    state = Mutex(State(replies: replies))
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let self else { return }
        let number = state.withLock { state in
          state.connectionCount += 1
          return state.connectionCount
        }
        Thread.detachNewThread { self.serve(connection, number) }
      }
    }
  }

  /// Ends the listening; connections end when their clients close them.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  var endpoint: String { "http://127.0.0.1:\(port)" }
  var requests: [Request] { state.withLock { $0.requests } }

  private func serve(_ connection: Int32, _ number: Int) {
    defer { close(connection) }
    var pending: [UInt8] = []
    while let request = readRequest(connection, number, &pending) {
      let reply = state.withLock { state in
        state.requests.append(request)
        return state.replies.count > 1 ? state.replies.removeFirst() : state.replies[0]
      }
      switch reply {
      case .bytes(let bytes):
        send(bytes, connection)
      case .bytesThenClose(let bytes):
        return send(bytes, connection)
      case .bytesThenReset(let bytes):
        send(bytes, connection)
        // Gives the client time to read what came before the reset, which would discard it.
        if !bytes.isEmpty { usleep(200_000) }
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        return
      case .trickled(let bytes, let rate):
        for start in stride(from: 0, to: bytes.count, by: max(1, rate / 10)) {
          send(Array(bytes[start..<min(bytes.count, start + max(1, rate / 10))]), connection)
          usleep(100_000)
        }
      case .silence:
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) > 0 {}
        return
      }
    }
  }

  private func send(_ bytes: [UInt8], _ connection: Int32) {
    var position = 0
    while position < bytes.count {
      let count = bytes[position...].withUnsafeBytes { buffer in
        Foundation.send(connection, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      position += count
    }
  }

  private func readRequest(_ connection: Int32, _ number: Int, _ pending: inout [UInt8]) -> Request? {
    let separator = Array("\r\n\r\n".utf8)
    var headEnd: Int?
    while headEnd == nil {
      headEnd = pending.indices.first { pending[$0...].starts(with: separator) }
      guard headEnd != nil || receive(connection, &pending) else { return nil }
    }
    guard let headEnd else { return nil }
    var lines = String(decoding: pending[..<headEnd], as: UTF8.self).components(separatedBy: "\r\n")
    let line = lines.removeFirst()
    var headers: [String: String] = [:]
    for header in lines {
      let parts = header.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1] : ""
    }
    if headers["expect"] == "100-continue" { send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), connection) }
    let bodyStart = headEnd + separator.count
    let bodyEnd = bodyStart + (headers["content-length"].flatMap { Int($0) } ?? 0)
    while pending.count < bodyEnd {
      guard receive(connection, &pending) else { return nil }
    }
    defer { pending.removeFirst(bodyEnd) }
    return Request(line: line, headers: headers, body: Array(pending[bodyStart..<bodyEnd]), connection: number)
  }

  private func receive(_ connection: Int32, _ pending: inout [UInt8]) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(connection, &buffer, buffer.count, 0)
    guard count > 0 else { return false }
    pending += buffer[..<count]
    return true
  }
}

/// Runs `body` with a server that follows the script, and stops it afterwards.
nonisolated(nonsending) func withScriptedServer<Result>(
  _ replies: [ScriptedServer.Reply], _ body: (ScriptedServer) async throws -> Result
) async throws -> Result {
  let server = try ScriptedServer(replies)
  defer { server.stop() }
  return try await body(server)
}
