import Foundation

/// A server that follows a `ThrowawayCluster`.
package struct ThrowawayStandby: Sendable {
  private let cluster: ThrowawayCluster
  private let data: String
  package let port: UInt16

  fileprivate init(of cluster: ThrowawayCluster, data: String, port: UInt16) {
    (self.cluster, self.data, self.port) = (cluster, data, port)
  }

  /// The connection URL of the superuser.
  package var url: String { "postgresql://archiver_test@127.0.0.1:\(port)/postgres" }

  private var database: ThrowawayDatabase { ThrowawayDatabase(name: "postgres", url: url) }

  /// Waits until it has replayed all that the primary has committed by now.
  package func catchUp() async throws {
    let primary = ThrowawayDatabase(name: "postgres", url: cluster.url)
    let position = try await primary.psql("SELECT pg_current_wal_insert_lsn()")
    try await wait(for: "pg_last_wal_replay_lsn() >= '\(position)'")
  }

  /// Takes nothing from the primary any more.
  package func cutOff() async throws {
    try await database.psql("ALTER SYSTEM SET primary_conninfo = ''")
    try await database.psql("SELECT pg_reload_conf()")
    try await wait(for: "NOT EXISTS (SELECT FROM pg_stat_wal_receiver)")
  }

  /// Makes it a primary.
  package func promote() async throws {
    try await cluster.run(["\(cluster.binaries)/pg_ctl", "promote", "-w", "-D", data])
  }

  private func wait(for condition: String) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await database.psql("SELECT \(condition)") != "t" {
      guard ContinuousClock.now < deadline else {
        throw PsqlError(exitCode: 1, message: "never became true: \(condition)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}

extension ThrowawayCluster {
  /// Runs `body` while a standby follows the server, replaying each commit `applyDelay` (as `3s`) after it was made.
  nonisolated(nonsending) package func withStandby(
    applyDelay: String = "0", _ body: (ThrowawayStandby) async throws -> Void
  ) async throws {
    let copy = directory.path + "/standby"
    try await run([
      "\(binaries)/pg_basebackup", "-D", copy, "-R", "-X", "stream", "--no-sync", "--checkpoint=fast",
      "-d", "host=127.0.0.1 port=\(port) user=archiver_test",
    ])
    let probe = try FaultProxy(to: 1, wire: .http) { _ in .pass }
    let standbyPort = probe.port
    probe.stop()
    let isOld = TestServer.version < 120_000
    if isOld {
      // What was in recovery.conf until 11 is a setting like others since.
      try await run([
        "sh", "-c", "echo \"recovery_min_apply_delay = '\(applyDelay)'\" >>'\(copy)/recovery.conf'",
      ])
    }
    let settings =
      [
        "fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=30",
        "wal_receiver_status_interval=1s",
      ] + (isOld ? [] : ["recovery_min_apply_delay=\(applyDelay)"])
    let standby = try CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"),
      prefix + ["\(binaries)/postgres", "-D", copy, "-p", "\(standbyPort)"] + settings.flatMap { ["-c", $0] },
      environment: ArchiverCommand.cleanEnvironment, workingDirectory: URL(fileURLWithPath: "/"))
    try await standby.wait(for: "started streaming WAL")
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await body(ThrowawayStandby(of: self, data: copy, port: standbyPort)))
    } catch {
      outcome = .failure(error)
    }
    standby.send(signal: SIGQUIT)
    _ = try await standby.result()
    try outcome.get()
  }
}
