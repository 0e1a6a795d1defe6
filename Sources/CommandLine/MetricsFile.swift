import Foundation

/// The file that Prometheus's node_exporter reads: replaced as a whole, so that no reader sees half of it.
struct MetricsFile {
  let path: String

  /// Far more than thousands of tables need.
  private static let maximumByteCount = 16 << 20

  /// Replaces what the file holds; another process that does so at the same time waits, so that no count is lost.
  func change(_ update: (String) -> String) throws {
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let lock = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    // Closing lets go of the lock.
    defer { close(lock) }
    guard flock(lock, LOCK_EX) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    try replace(with: update(read()))
  }

  /// What the file holds; empty when there is none yet.
  func read() throws -> String {
    guard FileManager.default.fileExists(atPath: path) else { return "" }
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    return String(decoding: try file.read(upToCount: Self.maximumByteCount) ?? Data(), as: UTF8.self)
  }

  /// Replaces the file, readable by all: node_exporter runs as another user.
  func replace(with text: String) throws {
    // node_exporter reads *.prom alone, so that it passes over this one.
    let temporary = "\(path).\(getpid()).tmp"
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: temporary))
      guard unsafe chmod(temporary, 0o644) == 0, unsafe rename(temporary, path) == 0 else {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
      }
    } catch {
      _ = unsafe unlink(temporary)
      throw error
    }
  }
}
