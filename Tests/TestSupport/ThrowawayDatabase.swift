import Foundation

/// A database made for one test.
package struct ThrowawayDatabase: Sendable {
  package let name: String
  /// The connection URL of the superuser, for this database.
  package let url: String

  /// The database of that connection URL, which the caller makes and drops.
  package init(name: String, url: String) {
    (self.name, self.url) = (name, url)
  }

  /// Runs `sql` (any number of statements, each its own transaction; backslash commands work) through `psql` and gives
  /// its output: unaligned, `|` between columns, one row a line, no headings, no last newline. Throws `PsqlError`.
  @discardableResult
  package func psql(_ sql: String, as role: ThrowawayRole? = nil) async throws -> String {
    try await Psql.run(StandIns.putting(into: sql), url: role.map { try url(for: $0) } ?? url)
  }

  /// Runs `body` with a fresh login role that may only connect, and drops it with all it owns afterwards.
  nonisolated(nonsending) package func withRole<Result>(
    attributes: String = "", _ body: (ThrowawayRole) async throws -> Result
  ) async throws -> Result {
    let role = ThrowawayRole(name: Self.uniqueName(), password: "role-secret")
    try await psql("CREATE ROLE \(role.name) LOGIN PASSWORD '\(role.password)' \(attributes)")
    return try await finishing {
      try await body(role)
    } cleanup: {
      try await psql("DROP OWNED BY \(role.name) CASCADE; DROP ROLE \(role.name)")
    }
  }

  /// Ends the server process `pid` and waits until it is gone. (`pg_terminate_backend` itself waits since 14 only.)
  package func terminate(_ pid: some LosslessStringConvertible) async throws {
    try await psql(
      """
      DO $$ BEGIN
        PERFORM pg_terminate_backend(\(pid));
        WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid = \(pid)) LOOP
          PERFORM pg_sleep(0.01);
          PERFORM pg_stat_clear_snapshot();
        END LOOP;
      END $$
      """)
  }

  /// The connection URL of `role` for this database.
  package func url(for role: ThrowawayRole) throws -> String {
    try Psql.changing(url) {
      $0.user = role.name
      $0.password = role.password
    }
  }

  fileprivate static func uniqueName() -> String {
    "archiver_test_" + UUID().uuidString.replacing("-", with: "").lowercased()
  }
}

/// A role made for one test.
package struct ThrowawayRole: Sendable {
  package let name: String
  package let password: String
}

/// Runs `body` with a fresh database and drops it afterwards, connections or not. `options` go to `CREATE DATABASE`.
/// Throws `TestEnvironment.MissingVariable`, `PsqlError`, and what `body` throws.
nonisolated(nonsending) package func withThrowawayDatabase<Result>(
  options: String = "", _ body: (ThrowawayDatabase) async throws -> Result
) async throws -> Result {
  let server = try TestEnvironment.postgresURL()
  let name = ThrowawayDatabase.uniqueName()
  let database = ThrowawayDatabase(name: name, url: try Psql.changing(server) { $0.path = "/" + name })
  try await Psql.run("CREATE DATABASE \(name) \(options)", url: server)
  return try await finishing {
    try await body(database)
  } cleanup: {
    try await Psql.run(dropStatements(name), url: server)
  }
}

/// What drops a database, connections or not, for `psql`: before 13 the server cannot do that by itself.
package func dropStatements(_ name: String) -> String {
  """
  SELECT current_setting('server_version_num')::int >= 130000 AS can_force \\gset
  \\if :can_force
    DROP DATABASE \(name) WITH (FORCE);
  \\else
    ALTER DATABASE \(name) ALLOW_CONNECTIONS false;
    SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity WHERE datname = '\(name)' \\gset
    DROP DATABASE \(name);
  \\endif

  """
}

/// Runs `body`, then `cleanup` whatever happened. An error of `body` wins over one of `cleanup`.
nonisolated(nonsending) private func finishing<Result>(
  _ body: () async throws -> Result, cleanup: @Sendable @escaping () async throws -> Void
) async throws -> Result {
  let outcome: Swift.Result<Result, any Error>
  do {
    outcome = .success(try await body())
  } catch {
    outcome = .failure(error)
  }
  // A task of its own: a cancelled test must clean up too.
  let cleaned = await Task.detached { try await cleanup() }.result
  let result = try outcome.get()
  try cleaned.get()
  return result
}

/// `psql` ended with an error, which its standard error tells.
package struct PsqlError: Error, CustomStringConvertible {
  package let exitCode: Int32
  package let message: String

  package var description: String { "psql ended with \(exitCode): \(message)" }
}

private enum Psql {
  @discardableResult
  static func run(_ sql: String, url: String) async throws -> String {
    let environment = ArchiverCommand.cleanEnvironment.merging(["PGCLIENTENCODING": "UTF8"]) { $1 }
    let result = try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"), ["psql", "-AtqX", "-v", "ON_ERROR_STOP=1", "-d", url],
      environment: environment, input: Array(sql.utf8)
    ).result()
    guard result.exit == .code(0) else { throw PsqlError(exitCode: result.exitCode, message: result.errorOutput) }
    return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
  }

  static func changing(_ url: String, _ change: (inout URLComponents) -> Void) throws -> String {
    guard var components = URLComponents(string: url) else { throw URLError(.badURL) }
    change(&components)
    guard let changed = components.string else { throw URLError(.badURL) }
    return changed
  }
}
