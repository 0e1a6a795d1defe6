import Foundation

extension ThrowawayCluster {
  /// Runs `body` while a standby follows the server, replaying each commit `applyDelay` (as `3s`) after it was made.
  nonisolated(nonsending) package func withStandby(
    applyDelay: String, _ body: () async throws -> Void
  ) async throws {
    let copy = directory.path + "/standby"
    try await run([
      "\(binaries)/pg_basebackup", "-D", copy, "-R", "-X", "stream", "--no-sync", "--checkpoint=fast",
      "-d", "host=127.0.0.1 port=\(port) user=archiver_test",
    ])
    let probe = try FaultProxy(to: 1, wire: .http) { _ in .pass }
    let standbyPort = probe.port
    probe.stop()
    let settings = [
      "fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=30",
      "recovery_min_apply_delay=\(applyDelay)", "wal_receiver_status_interval=1s",
    ]
    let standby = try CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"),
      prefix + ["\(binaries)/postgres", "-D", copy, "-p", "\(standbyPort)"] + settings.flatMap { ["-c", $0] },
      environment: ArchiverCommand.cleanEnvironment, workingDirectory: URL(fileURLWithPath: "/"))
    try await standby.wait(for: "started streaming WAL")
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await body())
    } catch {
      outcome = .failure(error)
    }
    standby.send(signal: SIGQUIT)
    _ = try await standby.result()
    try outcome.get()
  }
}
