import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A PostgreSQL server of its own, for tests that stop it.
package final class ThrowawayCluster: Sendable {
  let directory: TemporaryDirectory
  let binaries: String
  /// What runs a program as a user that PostgreSQL accepts: it refuses root.
  let prefix: [String]
  private let server = Mutex<CommandRun?>(nil)
  package let port: UInt16

  /// The connection URL of the superuser.
  package var url: String { "postgresql://archiver_test@127.0.0.1:\(port)/postgres" }

  fileprivate init(_ directory: TemporaryDirectory) async throws {
    self.directory = directory
    binaries = try Self.binaries()
    let isRoot = geteuid() == 0
    prefix = isRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : []
    let probe = try FaultProxy(to: 1, wire: .http) { _ in .pass }
    port = probe.port
    probe.stop()
    if isRoot { try await run(["chown", "-R", "postgres", directory.path], asServer: false) }
    try await run([
      "\(binaries)/initdb", "-D", data, "-U", "archiver_test", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
      "--no-sync", "--wal-segsize=1",
    ])
    try await start()
  }

  /// Where its files are.
  package var data: String { directory.path + "/data" }

  /// Starts the server and waits until it answers.
  package func start() async throws {
    let settings = ["fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=30"]
    let started = try CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"),
      prefix + ["\(binaries)/postgres", "-D", data, "-p", "\(port)"] + settings.flatMap { ["-c", $0] },
      environment: ArchiverCommand.cleanEnvironment, workingDirectory: URL(fileURLWithPath: "/"))
    server.withLock { $0 = started }
    // A standby goes on with "read-only connections".
    try await started.wait(for: "ready to accept ")
  }

  /// Stops the server as a crash would, at once and without a checkpoint.
  package func crash() async throws {
    guard let running = server.withLock({ $0 }) else { return }
    running.send(signal: SIGQUIT)
    _ = try await running.result()
  }

  func run(_ command: [String], asServer: Bool = true) async throws {
    let result = try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"), (asServer ? prefix : []) + command,
      environment: ArchiverCommand.cleanEnvironment, workingDirectory: URL(fileURLWithPath: "/")
    ).result()
    guard result.exitCode == 0 else { throw PsqlError(exitCode: result.exitCode, message: "\(command): \(result)") }
  }

  /// `ARCHIVER_PG_BIN`, or the newest that Debian has, as in `scripts/lib/install.sh`.
  private static func binaries() throws -> String {
    if let named = ProcessInfo.processInfo.environment["ARCHIVER_PG_BIN"], !named.isEmpty { return named }
    let root = "/usr/lib/postgresql"
    let versions = try FileManager.default.contentsOfDirectory(atPath: root).compactMap { Int($0) }.sorted()
    guard let newest = versions.last else { throw TestEnvironment.MissingVariable(name: "ARCHIVER_PG_BIN") }
    return "\(root)/\(newest)/bin"
  }
}

/// Runs `body` with a fresh server whose files are on a disk of that size (as `80m`), and ends it afterwards.
nonisolated(nonsending) package func withThrowawayCluster(
  diskSize: String, _ body: (ThrowawayCluster) async throws -> Void
) async throws {
  try await withTemporaryDirectory { directory in
    try await SmallDisk.with(diskSize, at: directory.path) { try await run(body, in: directory) }
  }
}

/// Runs `body` with a fresh server and ends it afterwards.
nonisolated(nonsending) package func withThrowawayCluster(_ body: (ThrowawayCluster) async throws -> Void) async throws
{
  try await withTemporaryDirectory { directory in try await run(body, in: directory) }
}

nonisolated(nonsending) private func run(
  _ body: (ThrowawayCluster) async throws -> Void, in directory: TemporaryDirectory
) async throws {
  let cluster = try await ThrowawayCluster(directory)
  let outcome: Result<Void, any Error>
  do {
    outcome = .success(try await body(cluster))
  } catch {
    outcome = .failure(error)
  }
  try await cluster.crash()
  try outcome.get()
}
