import Foundation
import TestSupport
import Testing

/// Without a ledger the keys in the database tell what became of a batch, whatever their types.
@Suite struct KeySettlingTests {
  /// Every committed batch as a crash right after its COMMIT, or right before it, would have left it: without a manifest,
  /// and the run without a record.
  private func unsettle(_ scenario: TablesScenario) throws {
    for (file, manifest) in try scenario.manifests() {
      var prepared = manifest
      prepared["format"] = "archiver-prepared/1"
      prepared["committed_at"] = nil
      // Documents from before the transaction was noted in them; with it, the server's word would do.
      prepared["transaction"] = nil
      var counts = try #require(manifest["counts"] as? [String: Any])
      counts["deleted"] = nil
      prepared["counts"] = counts
      let place = URL(fileURLWithPath: scenario.storage + "/" + file)
      let name = place.lastPathComponent.replacing(".manifest.json", with: ".prepared.json")
      try JSONSerialization.data(withJSONObject: prepared).write(
        to: place.deletingLastPathComponent().appending(path: name))
      try FileManager.default.removeItem(at: place)
    }
    try? FileManager.default.removeItem(atPath: scenario.storage + "/_runs")
  }

  private func outcomes(_ scenario: TablesScenario, expecting code: Int32) async throws -> [String: Int] {
    let result = try await scenario.archiver(["recover", "--output", "json"], expecting: code)
    return result.output.split(separator: "\n").reduce(into: [:]) { counts, line in
      for outcome in ["committed", "rolledBack", "inDoubt", "inProgress"] where line.contains("\"\(outcome)\"") {
        counts[outcome, default: 0] += 1
      }
    }
  }

  @Test func `keys of every type settle a batch`() async throws {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    let tables = KeySubject.all.shuffled(using: &random).prefix(24).enumerated().map { (name: "t\($0)", key: $1) }
    let sql = tables.map { table in
      "CREATE TABLE \(table.name) (k \(table.key.type), n int, at date, PRIMARY KEY (n, k));"
        + (1...6).map { number in
          let key = table.key.make(&random).replacing("'", with: "''")
          return "INSERT INTO \(table.name) VALUES ('\(key)', \(number), '2024-01-01');"
        }.joined(separator: "\n") + "CREATE TABLE o\(table.name) AS SELECT * FROM \(table.name);\n"
    }
    try await withTablesScenario(KeySubject.setUp + sql.joined()) { scenario in
      let comment = Comment(rawValue: "seed \(seed)")
      let database = scenario.database
      try scenario.configure(
        tables.map { ["name: \($0.name)", "timestamp_column: at", "retention_days: 90"] }, ledger: "none")
      try await scenario.archiver(["archive"])
      #expect(try scenario.archivedCount() == 6 * tables.count)
      try unsettle(scenario)
      try await database.psql(tables.map { "INSERT INTO \($0.name) SELECT * FROM o\($0.name) WHERE n > 1;" }.joined())
      #expect(try await outcomes(scenario, expecting: 1) == ["inDoubt": tables.count], comment)
      try await database.psql(tables.map { "DELETE FROM \($0.name);" }.joined())
      #expect(try await outcomes(scenario, expecting: 0) == ["committed": tables.count], comment)
      try await scenario.archiver(["verify", "--level", "database"])
      try unsettle(scenario)
      try await database.psql(tables.map { "INSERT INTO \($0.name) SELECT * FROM o\($0.name);" }.joined())
      #expect(try await outcomes(scenario, expecting: 0) == ["rolledBack": tables.count], comment)
    }
  }
}
