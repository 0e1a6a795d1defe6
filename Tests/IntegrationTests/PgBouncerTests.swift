import Foundation
import TestSupport
import Testing

/// Behind a pooler that gives each transaction another connection.
@Suite struct PgBouncerTests {
  /// Runs `body` with the URL of a pooler with so many connections to the server of `url`.
  private func withPooler(to url: String, poolSize: Int = 3, _ body: (String) async throws -> Void) async throws {
    var parts = try #require(URLComponents(string: url))
    let (user, password) = (parts.user ?? "", parts.password ?? "")
    let name = String(parts.path.dropFirst())
    let probe = try FaultProxy(to: 1, wire: .http) { _ in .pass }
    let port = probe.port
    probe.stop()
    try await withTemporaryDirectory { directory in
      try directory.write("\"\(user)\" \"\(password)\"\n", to: "users")
      let settings = try directory.write(
        """
        [databases]
        \(name) = host=\(parts.host ?? "127.0.0.1") port=\(parts.port ?? 5432) dbname=\(name)
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = \(port)
        unix_socket_dir =
        auth_type = scram-sha-256
        auth_file = \(directory.path)/users
        pool_mode = transaction
        default_pool_size = \(poolSize)
        """, to: "pgbouncer.ini")
      // It refuses to run as root, and reads its files as the user it becomes.
      for file in ["", "users", "pgbouncer.ini"] {
        try FileManager.default.setAttributes(
          [.posixPermissions: file.isEmpty ? 0o755 : 0o644], ofItemAtPath: directory.path + "/" + file)
      }
      let prefix = geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : []
      let environment = ArchiverCommand.cleanEnvironment.merging(["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]) { $1 }
      let pooler = try CommandRun(
        URL(fileURLWithPath: "/usr/bin/env"), prefix + ["pgbouncer", settings], environment: environment,
        workingDirectory: URL(fileURLWithPath: "/"))
      parts.host = "127.0.0.1"
      parts.port = Int(port)
      let outcome: Result<Void, any Error>
      do {
        try await pooler.wait(for: "process up")
        outcome = .success(try await body(try #require(parts.string)))
      } catch {
        outcome = .failure(error)
      }
      pooler.send(signal: SIGKILL)  // it has nothing to keep
      _ = try await pooler.result()
      try outcome.get()
    }
  }

  @Test(arguments: ["archiver", "none"])
  func `rows are archived, settled, verified and restored through a transaction pooler`(ledger: String) async throws {
    try await withArchiveScenario(rows: 2000) { scenario in
      try await withPooler(to: scenario.database.url) { url in
        let pooled = ArchiveScenario(
          database: ThrowawayDatabase(name: scenario.database.name, url: url), directory: scenario.directory,
          storageURL: scenario.storageURL)
        try pooled.configure(table: "workers: 3", database: "ledger: \(ledger)")
        let before = try await scenario.fingerprint()
        let run = try await pooled.archiver("archive", "--max-batches", "3")
        #expect(run.exitCode == 0)
        try await pooled.archiver("recover")
        try await pooled.archiver("archive")
        let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
        #expect(left == "50")
        try await pooled.archiver("verify", "--level", "database")
        try await pooled.archiver("restore")
        let after = try await scenario.fingerprint()
        #expect(after == before)
      }
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func `more workers than the pooler has connections restore all the same`() async throws {
    try await withArchiveScenario(rows: 2000) { scenario in
      try scenario.configure()
      let before = try await scenario.fingerprint()
      try await scenario.archiver("archive")
      for poolSize in [1, 2] {
        try await scenario.database.psql("DELETE FROM public.events WHERE kind <> 'fresh'")
        try await withPooler(to: scenario.database.url, poolSize: poolSize) { url in
          try await scenario.archiver("restore", "--workers", "4", "--target", url)
        }
        let after = try await scenario.fingerprint()
        #expect(after == before)
      }
    }
  }
}
