import Foundation
import Synchronization

/// Standard error, for logs, progress and errors. A closed stream is no reason to stop archiving.
enum StandardError {
  private static let eraseLine = "\r\u{1B}[K"

  /// The line drawn last, which further text must not run into.
  private static let drawn = Mutex("")

  /// Writes whole lines, above the line that `draw` keeps at the bottom.
  static func write(_ text: String) {
    drawn.withLock { drawn in
      _ = StandardStreams.write(drawn.isEmpty ? text : eraseLine + text + drawn, to: STDERR_FILENO)
    }
  }

  /// Shows `line` at the bottom of the terminal, in place of the one shown before; an empty one leaves nothing there.
  static func draw(_ line: String) {
    drawn.withLock { drawn in
      guard line != drawn else { return }
      _ = StandardStreams.write(eraseLine + line, to: STDERR_FILENO)
      drawn = line
    }
  }
}

/// Standard output, for results.
enum StandardOutput {
  private static let firstFailure = Mutex<Int32?>(nil)
  private static let isBegun = Mutex(false)

  /// Whether any result was written.
  static var hasResults: Bool { isBegun.withLock { $0 } }

  /// Whether someone watches, whose terminal nothing from an archive may steer.
  static let isTerminal = isatty(STDOUT_FILENO) == 1

  /// Characters in a line of the terminal; nil when results go elsewhere.
  static var width: Int? {
    guard isTerminal else { return nil }
    var size = winsize()
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  static func write(_ text: String) {
    write(Array(text.utf8))
  }

  /// Writes bytes as they are. Returns false once the reader has gone away, or the disk is full.
  @discardableResult
  static func write(_ bytes: [UInt8]) -> Bool {
    isBegun.withLock { $0 = true }
    guard let code = StandardStreams.write(bytes, to: STDOUT_FILENO) else { return true }
    firstFailure.withLock { $0 = $0 ?? code }
    return false
  }

  /// Why results were lost; nil when all were written, or when the reader went away because it had seen enough.
  static var failure: String? {
    guard let code = firstFailure.withLock({ $0 }), code != EPIPE else { return nil }
    return unsafe String(cString: strerror(code))
  }
}

/// The descriptors 0, 1 and 2.
enum StandardStreams {
  /// Opens `/dev/null` for each that the caller closed: else a socket or an archive's file would get its number, and
  /// results and errors would be written into it.
  static func occupy() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
      // The lowest free number is given out, and all below are taken.
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }

  fileprivate static func write(_ text: String, to descriptor: Int32) -> Int32? {
    write(Array(text.utf8), to: descriptor)
  }

  /// Returns the `errno` of the write that failed.
  fileprivate static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    var offset = 0
    while offset < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Foundation.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
      }
      if written >= 0 {
        offset += written
      } else if errno == EAGAIN {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&request, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }
}
