import Foundation
import TestSupport
import Testing

/// A database with any tables, and a configuration that archives them.
struct TablesScenario {
  let database: ThrowawayDatabase
  let directory: TemporaryDirectory

  var storage: String { directory.path + "/storage" }

  /// Writes the configuration: a table is its lines of YAML, `name:` first.
  func configure(_ tables: [[String]], ledger: String = "archiver") throws {
    let lines = tables.flatMap { table in table.enumerated().map { ($0 == 0 ? "      - " : "        ") + $1 } }
    try directory.write(
      """
      version: 1
      storage:
        url: file://\(storage)
      databases:
        - name: app
          url: \(database.url)
          ledger: \(ledger)
          tables:
      \(lines.map { "      " + $0 }.joined(separator: "\n"))
      """, to: "archiver.yaml")
    try FileManager.default.createDirectory(atPath: storage, withIntermediateDirectories: true)
  }

  /// Runs the tool on the configuration; `comment` is told when it exits otherwise.
  @discardableResult
  func archiver(_ arguments: [String], expecting code: Int32 = 0, _ comment: String = "") async throws -> CommandResult
  {
    let result = try await ArchiverCommand(arguments + ["--config", directory.path + "/archiver.yaml"]).run()
    #expect(result.exitCode == code, "\(comment) \(arguments): \(result.output)\n\(result.errorOutput)")
    return result
  }

  /// The archive's committed manifests, by their keys.
  func manifests(of table: String = "") throws -> [String: [String: Any]] {
    var found: [String: [String: Any]] = [:]
    for case let file as String in FileManager.default.enumerator(atPath: storage) ?? .init()
    where file.hasSuffix(".manifest.json") && (table.isEmpty || file.contains("/table=\(table)/")) {
      let data = try Data(contentsOf: URL(fileURLWithPath: storage + "/" + file))
      found[file] = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
    return found
  }

  /// The rows that the manifests say were archived.
  func archivedCount(of table: String = "") throws -> Int {
    try manifests(of: table).values.reduce(0) { sum, manifest in
      sum + ((manifest["counts"] as? [String: Any])?["deleted"] as? Int ?? 0)
    }
  }
}

/// Runs `body` with the tables that `sql` makes.
func withTablesScenario(_ sql: String, _ body: (TablesScenario) async throws -> Void) async throws {
  try await withThrowawayDatabase { database in
    try await withTemporaryDirectory { directory in
      try await database.psql(sql)
      try await body(TablesScenario(database: database, directory: directory))
    }
  }
}
