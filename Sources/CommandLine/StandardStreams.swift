import Foundation

/// Standard error, for logs, progress and errors. A closed stream is no reason to stop archiving.
enum StandardError {
  static func write(_ text: String) {
    StandardStreams.write(text, to: STDERR_FILENO)
  }
}

/// Standard output, for results.
enum StandardOutput {
  static func write(_ text: String) {
    StandardStreams.write(text, to: STDOUT_FILENO)
  }

  /// Writes bytes as they are. Returns false once the reader has gone away.
  @discardableResult
  static func write(_ bytes: [UInt8]) -> Bool {
    StandardStreams.write(bytes, to: STDOUT_FILENO)
  }
}

private enum StandardStreams {
  static func write(_ text: String, to descriptor: Int32) {
    write(Array(text.utf8), to: descriptor)
  }

  @discardableResult
  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Foundation.write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
      }
      if written < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        return false
      }
      offset += written
    }
    return true
  }
}
