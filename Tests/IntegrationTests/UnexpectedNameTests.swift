import Foundation
import TestSupport
import Testing

/// Names of types and times that nobody expects.
@Suite struct UnexpectedNameTests {
  @Test func `arrays of types named like those of PostGIS have their own delimiter`() async throws {
    try await withRoundTrip(
      """
      CREATE SCHEMA maps; CREATE TYPE maps.geometry AS ENUM ('a:b', 'c,d', 'e');
      CREATE TYPE public.geography AS (x int, note text);
      CREATE TABLE t (id maps.geometry[] PRIMARY KEY, at date, shapes maps.geometry[], places geography[], b box[], one maps.geometry);
      INSERT INTO t VALUES ('{e,"c,d"}', '2024-01-01', '{"a:b","c,d",NULL,e}', ARRAY[ROW(1, 'a:b')::geography, NULL],
        '{(1,1),(0,0);(3,3),(2,2)}', 'a:b'),
        ('{a:b}', '2024-01-02', '[2:3]={"a:b",e}', '{}', '[0:0]={(1,1),(0,0)}', NULL);
      """, tables: [.init(name: "t")]
    ) { trip in try await trip.run() }
  }

  @Test func `a time that its zone moves out of range is refused by its column, and other tables go on`() async throws {
    try await withTablesScenario(
      """
      CREATE TABLE t (id int PRIMARY KEY, at timestamp); INSERT INTO t VALUES (1, '4714-11-24 BC'), (2, '2024-01-01');
      CREATE TABLE u (id int PRIMARY KEY, at timestamp); INSERT INTO u VALUES (1, '2024-01-01');
      """
    ) { scenario in
      func configure(_ more: String...) throws {
        try scenario.configure([
          ["name: t", "timestamp_column: at", "retention_days: 90", "time_zone: Asia/Tokyo"] + more,
          ["name: u", "timestamp_column: at", "retention_days: 90"],
        ])
      }
      try configure()
      let run = try await scenario.archiver(["archive"], expecting: 1)
      #expect(run.errorOutput.contains("column at") && run.errorOutput.contains("where: at >"), "\(run)")
      #expect(try await scenario.database.psql("SELECT count(*) FROM t; SELECT count(*) FROM u") == "2\n0")
      try await scenario.archiver(["archive", "--dry-run"], expecting: 1)
      try await scenario.archiver(["archive", "--no-count"], expecting: 1)
      try configure("where: \"at > '4713-01-01 BC'\"")
      try await scenario.archiver(["archive"])
      #expect(try await scenario.database.psql("SELECT id FROM t") == "1")
    }
  }
}
