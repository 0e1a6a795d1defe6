import Foundation
import Synchronization

/// A TCP proxy between the program and a real server, which shows every exchange to a script and spoils it on demand.
///
/// An exchange is one HTTP request or one PostgreSQL statement, with its answer. The script is called on the
/// connection's thread, so that it holds the exchange up as long as it likes: it may end the program there.
package final class FaultProxy: Sendable {
  /// What the connections carry.
  package enum Wire: Sendable {
    case http, postgres
  }

  /// Where an exchange stands.
  package enum Phase: Sendable {
    /// The client has sent the request, and the server knows nothing of it yet.
    case request
    /// The server has answered, and the client knows nothing of that yet.
    case answer
  }

  /// One step of an exchange.
  package struct Moment: Sendable {
    package let phase: Phase
    /// `PUT /bucket/key?query`, percent-decoded, or the SQL text, or `ParameterStatus` for a setting that the server
    /// reports unasked.
    package let text: String
    /// The answer as it came, head included; empty in the request phase.
    package let answer: [UInt8]
  }

  /// What becomes of the exchange.
  package enum Action: Sendable {
    case pass
    /// Resets the client's connection and ends the server's.
    case reset
    /// Never goes on; ends when the client gives up.
    case silence
    /// Gives the client these bytes in place of the server's, which does not even get the request in its phase.
    case answer([UInt8])
    /// In the request phase: passes so many bytes of the request, head included, and resets both sides.
    /// In the answer phase: passes so many bytes of the answer and resets the client.
    case cut(after: Int)
    /// Passes other bytes on: to the server in the request phase, to the client in the answer phase.
    case altered(@Sendable ([UInt8]) -> [UInt8])
  }

  package typealias Script = @Sendable (Moment) -> Action

  private let listener: Int32
  private let upstream: UInt16
  private let wire: Wire
  private let script: Script
  private let open = Mutex<[Weak]>([])
  package let port: UInt16

  private struct Weak { weak var socket: TCPSocket? }

  /// Listens on a free port of this machine. Throws `POSIXError`.
  package init(to upstream: UInt16, wire: Wire, script: @escaping Script) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let isListening = TCPSocket.withLoopback(port: 0) { bind(listener, $0, $1) == 0 && listen(listener, 64) == 0 }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isNamed = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) == 0 }
    }
    guard isListening, isNamed else { throw POSIXError(.EADDRNOTAVAIL) }
    (self.listener, self.upstream, self.wire, self.script) = (listener, upstream, wire, script)
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [weak self] in
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        let client = TCPSocket(owning: descriptor)
        guard let self else { return }
        Thread.detachNewThread { self.serve(client) }
      }
    }
  }

  /// Takes no more connections and ends those that are open.
  package func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
    for socket in open.withLock({ $0.compactMap(\.socket) }) { socket.end() }
  }

  private func serve(_ client: TCPSocket) {
    client.sendsAtOnce()
    // A server that is down looks to the client as it would without a proxy, or nearly.
    guard let server = try? TCPSocket.connect(port: upstream) else { return client.reset() }
    open.withLock { open in
      open.removeAll { $0.socket == nil }
      open += [Weak(socket: client), Weak(socket: server)]
    }
    switch wire {
    case .http: HTTPLink(client: client, server: server, script: script).run()
    case .postgres: PostgresLink(client: client, server: server, script: script).run()
    }
    client.end()
    server.end()
  }
}

/// Runs `body` with a proxy before the port of `url`, and gives it that URL with the proxy's port. Stops it afterwards.
nonisolated(nonsending) package func withFaultProxy<Result>(
  to url: String, wire: FaultProxy.Wire, script: @escaping FaultProxy.Script,
  _ body: (String) async throws -> Result
) async throws -> Result {
  guard var components = URLComponents(string: url), let port = components.port, let number = UInt16(exactly: port)
  else { throw URLError(.badURL) }
  let proxy = try FaultProxy(to: number, wire: wire, script: script)
  defer { proxy.stop() }
  components.host = "127.0.0.1"
  components.port = Int(proxy.port)
  guard let proxied = components.string else { throw URLError(.badURL) }
  return try await body(proxied)
}
