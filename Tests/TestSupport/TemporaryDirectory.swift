package import Foundation

/// A directory of its own under the system's temporary directory.
package struct TemporaryDirectory: Sendable {
  package let url: URL

  /// The absolute path, without a trailing slash.
  package var path: String { url.path }

  /// Where `name` is, or would be, in the directory.
  package func file(_ name: String) -> URL {
    url.appendingPathComponent(name)
  }

  /// Writes `text` to `name`, making the directories on the way, and gives its path.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    let target = file(name)
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: target)
    return target.path
  }

  static func make() throws -> TemporaryDirectory {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("archiver-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return TemporaryDirectory(url: url)
  }

  func remove() throws {
    try FileManager.default.removeItem(at: url)
  }
}

/// Runs `body` with a fresh directory and removes it afterwards, whatever happened.
nonisolated(nonsending) package func withTemporaryDirectory<Result>(
  _ body: (TemporaryDirectory) async throws -> Result
) async throws -> Result {
  let directory = try TemporaryDirectory.make()
  let outcome: Swift.Result<Result, any Error>
  do {
    outcome = .success(try await body(directory))
  } catch {
    outcome = .failure(error)
  }
  try directory.remove()
  return try outcome.get()
}

/// Runs a synchronous `body` with a fresh directory and removes it afterwards, whatever happened.
package func withTemporaryDirectory<Result>(_ body: (TemporaryDirectory) throws -> Result) throws -> Result {
  let directory = try TemporaryDirectory.make()
  let outcome = Swift.Result { try body(directory) }
  try directory.remove()
  return try outcome.get()
}
