import Foundation

/// A file without a name in the system's temporary directory, gone with its owner however the process ends.
struct TemporaryFile: ~Copyable {
  private let descriptor: Int32
  private let directory: String
  /// Bytes written.
  private var byteCount = 0

  private init(descriptor: Int32, directory: String) {
    (self.descriptor, self.directory) = (descriptor, directory)
  }

  deinit {
    // Nobody reads it any more, so that a close has nothing to report.
    _ = Foundation.close(descriptor)
  }

  static func make() throws(OperationError) -> TemporaryFile {
    let directory = FileManager.default.temporaryDirectory.path
    var template = Array("\(directory)/archiver-XXXXXX".utf8CString)
    // mkstemp writes the name into the bytes it is lent, which end with a NUL.
    let descriptor = unsafe template.withUnsafeMutableBufferPointer { name -> Int32 in
      guard let start = name.baseAddress else { return -1 }
      let descriptor = unsafe mkstemp(start)
      if descriptor >= 0 { unsafe unlink(start) }
      return descriptor
    }
    guard descriptor >= 0 else { throw failure(directory) }
    return TemporaryFile(descriptor: descriptor, directory: directory)
  }

  /// Adds the elements' bytes as they lie in memory.
  mutating func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(OperationError) {
    let (descriptor, start) = (descriptor, byteCount)
    let isWritten = unsafe elements.withUnsafeBytes { bytes in
      Self.moveAll(bytes.count) { offset in
        unsafe pwrite(descriptor, bytes.baseAddress.map { unsafe $0 + offset }, bytes.count - offset, start + offset)
      }
    }
    guard isWritten else { throw Self.failure(directory) }
    byteCount += elements.count * MemoryLayout<Element>.stride
  }

  /// Reads `count` elements of those appended, from the one at place `first` on.
  func read<Element: BitwiseCopyable>(
    _ count: Int, from first: Int, appendingTo elements: inout [Element]
  ) throws(OperationError) {
    guard count > 0 else { return }
    let (descriptor, start) = (descriptor, first * MemoryLayout<Element>.stride)
    var isRead = false
    let read = unsafe [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      let byteCount = count * MemoryLayout<Element>.stride
      isRead = Self.moveAll(byteCount) { offset in
        unsafe pread(descriptor, bytes.baseAddress.map { unsafe $0 + offset }, byteCount - offset, start + offset)
      }
      initializedCount = isRead ? count : 0
    }
    guard isRead else { throw Self.failure(directory) }
    elements += read
  }

  /// Calls until every byte is moved; false when it is not, `errno` says why.
  private static func moveAll(_ byteCount: Int, _ move: (Int) -> Int) -> Bool {
    var offset = 0
    while offset < byteCount {
      let moved = move(offset)
      if moved > 0 {
        offset += moved
      } else if moved == 0 {
        errno = EIO
        return false
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }

  private static func failure(_ directory: String) -> OperationError {
    OperationError(
      .configuration, "cannot use a temporary file", at: directory, cause: unsafe String(cString: strerror(errno)),
      hint:
        "set TMPDIR to a directory with room: 16 bytes for each row of the largest table, and at level database the "
        + "keys of four batches")
  }
}
