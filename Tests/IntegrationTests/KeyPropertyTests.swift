import Foundation
import TestSupport
import Testing

/// Rows of random keys of every type: each leaves exactly once, and comes back with the same text.
@Suite struct KeyPropertyTests {
  /// One table of a case: its definition and its configuration.
  private struct Table {
    var name: String
    var key: [KeySubject]
    var zone: String
    var timeType: String
    var partition: String
    var batchSize: Int

    var description: String {
      "\(name): key \(key.map(\.type)), \(timeType) in \(zone), partition \(partition), batch_size \(batchSize)"
    }

    var keyNames: String { key.indices.map { "k\($0)" }.joined(separator: ", ") }

    var definition: String {
      let columns = key.indices.map { "k\($0) \(key[$0].type)" } + ["at \(timeType)", "v text"]
      return "CREATE TABLE \(name) (\(columns.joined(separator: ", ")), PRIMARY KEY (\(keyNames)));"
    }

    /// `count` attempts at a row: keys that are there already leave it out.
    func rows(_ count: Int, _ random: inout SeededRandom) -> String {
      let rows = (0..<count).map { number in
        let values = key.map { subject in
          "'" + subject.make(&random).replacing("'", with: "''") + "'"
        }
        return "(\((values + [Self.time(&random), "'\(number)'"]).joined(separator: ", ")))"
      }
      return rows.map { "INSERT INTO \(name) VALUES \($0) ON CONFLICT DO NOTHING;" }.joined(separator: "\n") + "\n"
    }

    /// Few times, so that many are equal; some are never past retention.
    private static func time(_ random: inout SeededRandom) -> String {
      switch random.int(0...19) {
      case 0: return "'-infinity'"
      case 1: return "'infinity'"
      case 2: return "NULL"
      case 3: return "now()"
      default:
        let (month, hour) = (random.int(1...2), random.int(0...1))
        return "'2024-0\(month)-0\(random.int(1...3)) \(hour * 23):59:59.99999\(hour)'"
      }
    }

    var settings: [String] {
      [
        "name: \(name)", "timestamp_column: at", "time_zone: \(zone)", "partition: \(partition)",
        "batch_size: \(batchSize)", "retention_days: 90",
      ]
    }
  }

  /// A table a type, and some with several key columns in any order.
  private static func tables(_ subjects: some Sequence<KeySubject>, batchSize: Int, _ random: inout SeededRandom)
    -> [Table]
  {
    let compound = (0..<4).map { _ in
      (0..<random.int(2...4)).map { _ in random.pick(KeySubject.all) }
    }
    return (subjects.map { [$0] } + compound).enumerated().map { number, key in
      Table(
        name: "t\(number)", key: key,
        zone: random.pick(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
        timeType: random.pick(["timestamptz", "timestamp", "date"]),
        partition: random.pick(["day", "month", "year", "none"]), batchSize: batchSize)
    }
  }

  /// Each batch size takes a third of the types.
  @Test(arguments: [(0, 1, 5), (1, 7, 20), (2, 1000, 60)])
  func `every row is archived exactly once and comes back the same`(third: Int, batchSize: Int, attempts: Int)
    async throws
  {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    let shuffled = KeySubject.all.shuffled(using: &random).enumerated()
    let subjects = shuffled.filter { $0.offset % 3 == third }.map(\.element)
    let tables = Self.tables(subjects, batchSize: batchSize, &random)
    let sql = tables.map { $0.definition + $0.rows(attempts, &random) }.joined()
    try await withTablesScenario(KeySubject.setUp + sql) { scenario in
      let database = scenario.database
      try scenario.configure(tables.map(\.settings))
      try await database.psql(
        tables.map { "CREATE TABLE o\($0.name) AS SELECT t::text AS row FROM \($0.name) t;" }.joined())
      let due = try await counts(tables, "WHERE at < now() - interval '90 days'", database)
      let before = try await counts(tables, "", database)
      let result = try await scenario.archiver(["archive"], "seed \(seed)")
      let left = try await counts(tables, "", database)
      for (index, table) in tables.enumerated() {
        let place = "seed \(seed), \(table.description)\n\(result.errorOutput)"
        #expect(left[index] == before[index] - due[index], "\(place)")
        #expect(try scenario.archivedCount(of: table.name) == due[index], "\(place)")
      }
      try await scenario.archiver(["verify", "--level", "database"], "seed \(seed)")
      try await scenario.archiver(["restore"], "seed \(seed)")
      let differing = try await database.psql(
        tables.map { table in
          """
          SELECT '\(table.name)', count(*) FROM (
            (SELECT t::text FROM \(table.name) t EXCEPT ALL SELECT row FROM o\(table.name))
            UNION ALL (SELECT row FROM o\(table.name) EXCEPT ALL SELECT t::text FROM \(table.name) t)) d HAVING count(*) > 0;
          """
        }.joined())
      #expect(differing == "", "seed \(seed)\n\(tables.map(\.description).joined(separator: "\n"))")
    }
  }

  private func counts(_ tables: [Table], _ condition: String, _ database: ThrowawayDatabase) async throws -> [Int] {
    try await database.psql(tables.map { "SELECT count(*) FROM \($0.name) \(condition);" }.joined())
      .split(separator: "\n").compactMap { Int($0) }
  }
}
