import Foundation
import TestSupport
import Testing

/// A database with one archived table, `public.t`, and the configuration that archived it.
struct RestoreScenario {
  let scenario: ArchiveScenario
  var database: ThrowawayDatabase { scenario.database }

  /// Runs the tool and expects the exit code.
  @discardableResult
  func archiver(_ arguments: [String], expecting code: Int32 = 0) async throws -> CommandResult {
    let result = try await ArchiverCommand(arguments + ["--config", scenario.configuration]).run()
    #expect(result.exitCode == code, "\(arguments): \(result.output)\n\(result.errorOutput)")
    return result
  }

  @discardableResult
  func restore(_ arguments: String..., expecting code: Int32 = 0) async throws -> CommandResult {
    try await archiver(["restore"] + arguments, expecting: code)
  }

  /// Runs a restore and gives the report of its only table.
  func report(_ arguments: String...) async throws -> [String: Any] {
    let result = try await archiver(["restore", "--output", "json"] + arguments)
    let document = try JSONSerialization.jsonObject(with: Data(result.outputBytes)) as? [String: Any]
    let tables = try #require(document?["tables"] as? [[String: Any]])
    return try #require(tables.first)
  }

  /// Count and sum over the whole text of every row.
  func content(_ table: String = "public.t") async throws -> String {
    try await database.psql(
      "SELECT count(*), md5(coalesce(string_agg(x::text, E'\\n' ORDER BY x::text), '')) FROM \(table) AS x")
  }
}

/// Runs `body` with the rows of `public.t`, which `sql` makes, archived as far as they are older than 90 days.
///
/// `t` must have a time column `at`. `table` holds further lines of the table's configuration.
func withRestoreScenario(
  _ sql: String, table: [String] = [], batchSize: Int = 100, archives: Bool = true,
  _ body: (RestoreScenario) async throws -> Void
) async throws {
  try await withThrowawayDatabase { database in
    try await withTemporaryDirectory { directory in
      try await database.psql(sql)
      let lines = ["timestamp_column: at", "retention_days: 90", "batch_size: \(batchSize)"] + table
      try directory.write(
        """
        version: 1
        storage:
          url: file://\(directory.path)/storage
        databases:
          - name: app
            url: \(database.url)
            tables:
              - name: t
        \(lines.map { "        " + $0 }.joined(separator: "\n"))
        """, to: "archiver.yaml")
      try FileManager.default.createDirectory(atPath: directory.path + "/storage", withIntermediateDirectories: true)
      let scenario = RestoreScenario(
        scenario: ArchiveScenario(
          database: database, directory: directory, storageURL: "file://" + directory.path + "/storage"))
      if archives { try await scenario.archiver(["archive"]) }
      try await body(scenario)
    }
  }
}
