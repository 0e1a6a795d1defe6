#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A pipe that lets any thread interrupt a wait on a socket.
final class WakeSignal: Sendable {
  private let readEnd: Int32
  private let writeEnd: Int32

  /// What ended a wait.
  enum Outcome {
    case ready
    case woken
    case expired
  }

  /// Nil when the process is out of file descriptors.
  init?() {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return nil }
    readEnd = ends[0]
    writeEnd = ends[1]
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
  }

  deinit {
    _ = close(readEnd)
    _ = close(writeEnd)
  }

  /// Ends the wait under way, or else the next one. A full pipe wakes just as well, so a failed write is no loss.
  func wake() {
    var byte: UInt8 = 1
    _ = unsafe write(writeEnd, &byte, 1)
  }

  /// Waits until `socket` can be read (or, where asked, written), has failed, or the wait is ended otherwise.
  func wait(forReading reads: Bool, writing writes: Bool, on socket: Int32, until deadline: ContinuousClock.Instant?)
    -> Outcome
  {
    let events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0)
    while true {
      var descriptors = [
        pollfd(fd: socket, events: Int16(events), revents: 0), pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
      ]
      let count = unsafe poll(&descriptors, 2, Self.milliseconds(until: deadline))
      if descriptors[1].revents != 0 {
        drain()
        return .woken
      }
      if count > 0 { return .ready }
      if let deadline, ContinuousClock.now >= deadline { return .expired }
    }
  }

  /// Whether `socket` has something to read, or its end, without waiting.
  static func isReadable(_ socket: Int32) -> Bool {
    var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&descriptor, 1, 0) != 0
  }

  private func drain() {
    var bytes = [UInt8](repeating: 0, count: 64)
    while unsafe read(readEnd, &bytes, bytes.count) > 0 {}
  }

  /// Rounded up, so that a wait never ends just before its deadline; -1 waits without end.
  private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
    guard let deadline else { return -1 }
    let left = ContinuousClock.now.duration(to: deadline).components
    let milliseconds = left.seconds * 1000 + (left.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return Int32(clamping: max(0, milliseconds))
  }
}
