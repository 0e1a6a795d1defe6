import Foundation
import TestSupport
import Testing

/// A database of its own on the test server, reached through `psql`, so that these tests need no other room's code.
struct PsqlServer {
  let url: String
  let database: String
  let directory: URL

  /// Creates the database, runs `body` and drops it again.
  static func withDatabase(_ body: (PsqlServer) throws -> Void) throws {
    let url = try #require(
      ProcessInfo.processInfo.environment["ARCHIVER_TEST_POSTGRES_URL"], "set ARCHIVER_TEST_POSTGRES_URL")
    let name = "codec_\(UUID().uuidString.prefix(8).lowercased())_\(ProcessInfo.processInfo.processIdentifier)"
    let directory = FileManager.default.temporaryDirectory.appending(path: name)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let administrator = PsqlServer(url: url, database: "", directory: directory)
    try administrator.run("CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8'")
    defer { _ = try? administrator.run(dropStatements(name)) }
    var components = try #require(URLComponents(string: url))
    components.path = "/" + name
    try body(PsqlServer(url: components.string ?? url, database: name, directory: directory))
  }

  /// Runs a script and gives what it printed.
  @discardableResult
  func run(_ sql: String) throws -> [UInt8] {
    let script = directory.appending(path: "\(UUID().uuidString).sql")
    let output = directory.appending(path: "\(UUID().uuidString).out")
    try Data(StandIns.putting(into: sql).utf8).write(to: script)
    try Data().write(to: output)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["psql", url, "-X", "-At", "-v", "ON_ERROR_STOP=1", "-q", "-f", script.path]
    process.environment = ProcessInfo.processInfo.environment.merging([
      "PGOPTIONS":
        "-c intervalstyle=iso_8601 -c datestyle=ISO -c timezone=UTC -c extra_float_digits=1 -c bytea_output=hex",
      "PGCLIENTENCODING": "UTF8",
    ]) { $1 }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "psql failed on the test's SQL")
    return [UInt8](try Data(contentsOf: output))
  }

  /// Writes bytes to a file for `\copy`, and gives its path.
  func file(_ bytes: [UInt8]) throws -> String {
    let file = directory.appending(path: UUID().uuidString)
    try Data(bytes).write(to: file)
    return file.path
  }
}
