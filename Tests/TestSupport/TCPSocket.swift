import Foundation

/// A connected TCP socket with blocking reads and writes; closed when let go of.
final class TCPSocket: Sendable {
  private let descriptor: Int32

  /// Owns `descriptor` from here on.
  init(owning descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Connects to a port of this machine. Throws `POSIXError`.
  static func connect(port: UInt16) throws -> TCPSocket {
    let made = TCPSocket(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    let result = withLoopback(port: port) { Foundation.connect(made.descriptor, $0, $1) }
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .ECONNREFUSED) }
    made.sendsAtOnce()
    return made
  }

  /// Calls `body` with the address of a port of this machine.
  static func withLoopback<Result>(
    port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// Turns Nagle's algorithm off, as a proxy that waits for full packets would slow every exchange down.
  func sendsAtOnce() {
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  /// The next bytes, up to 64 KiB; nil at the end.
  func receive() -> ArraySlice<UInt8>? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 { return buffer[..<count] }
      guard count < 0, errno == EINTR else { return nil }
    }
  }

  /// False when the other side is gone.
  @discardableResult
  func send(_ bytes: some Collection<UInt8>) -> Bool {
    let bytes = Array(bytes)
    var position = 0
    while position < bytes.count {
      let count = bytes[position...].withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 { position += count } else if errno != EINTR { return false }
    }
    return true
  }

  /// Ends both directions in good order; a read under way ends.
  func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Sends a RST: what is under way is lost, and the other side's next call fails.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    var nowhere = sockaddr()
    nowhere.sa_family = sa_family_t(AF_UNSPEC)
    // On Linux, "connecting" to no address aborts the connection.
    _ = withUnsafePointer(to: &nowhere) {
      Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr>.size))
    }
  }

  /// Waits for the other side to go away.
  func waitForEnd() {
    while receive() != nil {}
  }
}

/// Reads a socket's bytes by counts and up to marks.
struct ByteStream {
  let socket: TCPSocket
  private var pending: [UInt8] = []

  init(_ socket: TCPSocket) {
    self.socket = socket
  }

  /// The next `count` bytes; nil when the stream ends before.
  mutating func bytes(_ count: Int) -> [UInt8]? {
    while pending.count < count {
      guard let more = socket.receive() else { return nil }
      pending += more
    }
    defer { pending.removeFirst(count) }
    return Array(pending[..<count])
  }

  /// All bytes up to and with `mark`; nil when the stream ends before.
  mutating func bytes(through mark: String) -> [UInt8]? {
    let mark = Array(mark.utf8)
    while true {
      if let start = pending.firstRange(of: mark) {
        defer { pending.removeFirst(start.upperBound) }
        return Array(pending[..<start.upperBound])
      }
      guard let more = socket.receive() else { return nil }
      pending += more
    }
  }

  /// Everything up to the stream's end.
  mutating func rest() -> [UInt8] {
    while let more = socket.receive() { pending += more }
    defer { pending = [] }
    return pending
  }
}
