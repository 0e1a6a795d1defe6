import Foundation

/// The file that Prometheus's node_exporter reads: replaced as a whole, so that no reader sees half of it.
struct MetricsFile {
  let path: String

  /// Far more than thousands of tables need.
  private static let maximumByteCount = 16 << 20

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
