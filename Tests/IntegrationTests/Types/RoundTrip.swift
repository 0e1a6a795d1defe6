import Foundation
import Postgres
import TestSupport
import Testing

/// Tables of a database that go to the archive and come back, compared text by text.
///
/// Each has a key column and a time column that make every row of it old.
struct RoundTrip {
  struct Table {
    var schema = "public"
    var name: String
    var key = "id"
    var time = "at"

    var quoted: String { SQLText.identifier(schema, name) }
  }

  let database: ThrowawayDatabase
  let directory: TemporaryDirectory
  var tables: [Table]
  /// What the tool runs with, beside nothing.
  var environment: [String: String] = [:]
  /// Further lines of each table's configuration.
  var settings: [String] = []
  /// The connection URL; nil takes the superuser's.
  var url: String?

  /// Runs the tool and expects the exit code.
  @discardableResult
  func archiver(_ arguments: String..., expecting code: Int32 = 0) async throws -> CommandResult {
    try configure()
    let result = try await ArchiverCommand(
      arguments + ["--config", directory.path + "/archiver.yaml"], environment: environment
    ).run(timeout: .seconds(300))
    #expect(result.exitCode == code, "\(arguments): \(result.output.suffix(2000))\n\(result.errorOutput.suffix(4000))")
    return result
  }

  /// Objects and documents of tables in storage.
  var files: [String] {
    ArchiveScenario(database: database, directory: directory, storageURL: "").files.filter { $0.hasPrefix("db=") }
  }

  private func configure() throws {
    var lines = [
      "version: 1", "storage: {url: \(quoted("file://" + directory.path + "/storage"))}", "databases:",
      "  - name: app", "    url: \(quoted(url ?? database.url))", "    tables:",
    ]
    for table in tables {
      lines += [
        "      - name: \(quoted(table.name))", "        schema: \(quoted(table.schema))",
        "        timestamp_column: \(quoted(table.time))",
      ]
      lines += settings.map { "        " + $0 }
    }
    try FileManager.default.createDirectory(atPath: directory.path + "/storage", withIntermediateDirectories: true)
    try directory.write(lines.joined(separator: "\n"), to: "archiver.yaml")
  }

  /// A double-quoted scalar of YAML. Names with control characters are not meant.
  private func quoted(_ text: String) -> String {
    "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
  }

  /// Keeps every column's text and the whole row's of each table, to compare with afterwards.
  func keepTexts() async throws {
    var sql = "CREATE SCHEMA kept;"
    for (number, table) in tables.enumerated() {
      sql += "CREATE TABLE kept.t\(number) AS SELECT \(try await texts(of: table)) FROM ONLY \(table.quoted) AS t;"
    }
    try await database.psql(sql)
  }

  /// Archives all rows, proves that they have left, verifies, restores them and compares their texts.
  ///
  /// `label` tells what a column holds, for the message.
  func run(_ comment: String = "", label: (Table, String) -> String = { "\($0.name).\($1)" }) async throws {
    try await keepTexts()
    try await archiver("archive")
    for table in tables {
      let left = try await database.psql("SELECT count(*) FROM \(table.quoted)")
      #expect(left == "0", "\(comment) \(table.name) keeps rows")
    }
    try await archiver("verify", "--level", "full")
    try await archiver("restore")
    try await compare(comment, label: label)
  }

  /// Compares the tables with what `keepTexts` kept.
  func compare(_ comment: String = "", label: (Table, String) -> String = { "\($0.name).\($1)" }) async throws {
    for (number, table) in tables.enumerated() {
      let result = try await database.psql(
        """
        WITH now AS \(materialized) (SELECT \(try await texts(of: table)) FROM ONLY \(table.quoted) AS t),
        pair AS (SELECT k.whole AS old, n.whole AS new, k.texts IS DISTINCT FROM n.texts AS differ
          FROM kept.t\(number) k FULL JOIN now n USING (key))
        SELECT count(*) FILTER (WHERE old IS NULL OR new IS NULL),
          count(*) FILTER (WHERE differ OR old IS DISTINCT FROM new) FROM pair;
        """)
      let counts = result.split(separator: "|").map(String.init)
      try #require(counts.count == 2)
      #expect(counts[0] == "0", "\(comment) \(table.name): \(counts[0]) rows were lost or made")
      guard counts[1] != "0" else { continue }
      let columns = try await differingColumns(number, table).map { label(table, $0) }
      Issue.record("\(comment) \(table.name): \(counts[1]) rows differ, in \(columns)")
    }
  }

  /// Before 12 every WITH is computed by itself, and there is no word for it.
  private var materialized: String { TestServer.version < 120_000 ? "" : "MATERIALIZED" }

  private func differingColumns(_ number: Int, _ table: Table) async throws -> [String] {
    let columns = try await columns(of: table)
    let numbers = try await database.psql(
      """
      WITH now AS \(materialized) (SELECT \(try await texts(of: table)) FROM ONLY \(table.quoted) AS t)
      SELECT DISTINCT i FROM kept.t\(number) k JOIN now n USING (key), generate_series(1, \(columns.count)) AS i
      WHERE k.texts[i] IS DISTINCT FROM n.texts[i] ORDER BY i
      """)
    return numbers.split(separator: "\n").compactMap { Int($0) }.map { columns[$0 - 1] }
  }

  /// Key, the row's text, and the texts of all its columns; in a bpchar's the padding shows only in the row's.
  private func texts(of table: Table) async throws -> String {
    let columns = try await columns(of: table).map { "t.\(SQLText.identifier($0))::text" }
    return """
      t.\(SQLText.identifier(table.key))::text AS key, t::text AS whole,
      ARRAY[\(columns.joined(separator: ", "))]::text[] AS texts
      """
  }

  private func columns(of table: Table) async throws -> [String] {
    try await database.psql(
      """
      SELECT attname FROM pg_attribute WHERE attrelid = \(SQLText.literal(table.quoted))::regclass AND attnum > 0
      AND NOT attisdropped ORDER BY attnum
      """
    ).split(separator: "\n").map(String.init)
  }
}

/// Runs `body` with tables made by `sql` in a fresh database.
func withRoundTrip(
  _ sql: String, tables: [RoundTrip.Table], options: String = "", _ body: (RoundTrip) async throws -> Void
) async throws {
  try await withThrowawayDatabase(options: options) { database in
    try await withTemporaryDirectory { directory in
      try await database.psql(sql)
      try await body(RoundTrip(database: database, directory: directory, tables: tables))
    }
  }
}
