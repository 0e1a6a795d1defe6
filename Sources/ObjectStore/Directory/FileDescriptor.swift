import Foundation

/// A failed system call.
struct SystemCallError: Error, Sendable, CustomStringConvertible {
  let call: StaticString
  /// The call's `errno`.
  let number: Int32

  /// `errno` as the call just made left it.
  static func last(_ call: StaticString) -> SystemCallError {
    SystemCallError(call: call, number: errno)
  }

  var description: String {
    "\(call): \(unsafe String(cString: strerror(number)))"
  }
}

/// Owner of an open file or directory.
struct FileDescriptor: ~Copyable {
  private let number: Int32

  private init(number: Int32) {
    self.number = number
  }

  deinit {
    // A file whose bytes matter was synchronised before; a close has nothing to report then.
    _ = Foundation.close(number)
  }

  /// Opens what exists, or with `O_CREAT` makes a file that only its owner may use.
  static func open(_ path: String, _ flags: Int32) throws(SystemCallError) -> FileDescriptor {
    while true {
      let number = unsafe Foundation.open(path, flags | O_CLOEXEC, 0o600)
      if number >= 0 { return FileDescriptor(number: number) }
      guard errno == EINTR else { throw .last("open") }
    }
  }

  /// Size, kind and times.
  borrowing func status() throws(SystemCallError) -> stat {
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw .last("fstat") }
    return status
  }

  /// Fills `buffer` from its start and tells how far; zero at the file's end.
  borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemCallError) -> Int {
    while true {
      let count = unsafe Foundation.read(number, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      guard errno == EINTR else { throw .last("read") }
    }
  }

  /// Writes all of `bytes`.
  borrowing func write(_ bytes: Span<UInt8>) throws(SystemCallError) {
    var position = 0
    while position < bytes.count {
      let rest = bytes.extracting(position..<bytes.count)
      let count = unsafe rest.withUnsafeBytes { buffer in
        unsafe Foundation.write(number, buffer.baseAddress, buffer.count)
      }
      if count >= 0 {
        position += count
      } else if errno != EINTR {
        throw .last("write")
      }
    }
  }

  /// Returns once what was written is on the disk.
  borrowing func synchronize() throws(SystemCallError) {
    guard fsync(number) == 0 else { throw .last("fsync") }
  }
}
