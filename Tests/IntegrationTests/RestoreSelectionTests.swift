import ArchiveModel
import Foundation
import Operations
import TestSupport
import Testing

/// Which rows a restore takes, and how long `archive` leaves them alone.
struct RestoreSelectionTests {
  private static let compound = #"""
    CREATE TABLE t (code text, n numeric(6,2), at timestamptz NOT NULL, v int, PRIMARY KEY (code, n));
    INSERT INTO t VALUES ('a,b', 7, '2024-01-01', 1), ('say "hi"', 1.5, '2024-01-02', 2), (E'back\\slash', 2, '2024-01-03', 3),
      (E'new\nline', 3, '2024-01-04', 4), ('', 4, '2024-01-05', 5), ('NULL', 5, '2024-01-06', 6), ('{}', 6, '2024-01-07', 7);
    """#

  @Test(arguments: [
    (keys: ["\"a,b\",7"], sum: "1"), (keys: [#""say ""hi""",01.50"#, "NULL,5.00"], sum: "8"),
    (keys: ["\",4", #"back\slash,2"#], sum: "usage"), (keys: ["\"\",4", #"back\slash,2"#], sum: "8"),
  ])
  func `keys are given by CSV rules and in any form their types take`(keys: [String], sum: String) async throws {
    try await withRestoreScenario(Self.compound) { scenario in
      let arguments = ["restore"] + keys.flatMap { ["--where-key", $0] }
      try await scenario.archiver(arguments, expecting: sum == "usage" ? 64 : 0)
      #expect(try await scenario.database.psql("SELECT sum(v) FROM t") == (sum == "usage" ? "" : sum))
    }
  }

  @Test func `a key that is not archived matches nothing, and one that cannot be a key is an error`() async throws {
    try await withRestoreScenario(Self.compound) { scenario in
      let nothing = try await scenario.restore("--where-key", "a,1")
      #expect(nothing.output == "no archived rows match\n")
      try await scenario.restore("--where-key", "a", expecting: 65)
      let malformed = try await scenario.restore("--where-key", "a,secret", expecting: 65)
      #expect(!malformed.errorOutput.contains("secret"))
      #expect(try await scenario.content().hasPrefix("0|"))
    }
  }

  @Test func `a range takes whole and parts of batches, half open`() async throws {
    let sql = """
      CREATE TABLE t (id int PRIMARY KEY, at timestamptz NOT NULL);
      INSERT INTO t SELECT g, timestamptz '2024-05-05 00:00+00' + g * interval '1 hour' FROM generate_series(0, 99) g;
      """
    try await withRestoreScenario(sql) { scenario in
      try await scenario.restore("--from", "2024-05-05T10:00:00Z", "--to", "2024-05-07T12:00:00+02:00")
      #expect(try await scenario.database.psql("SELECT min(id), max(id), count(*) FROM t") == "10|57|48")
    }
  }

  @Test func `a range on local times goes by the table's time zone`() async throws {
    let sql = """
      CREATE TABLE t (id int PRIMARY KEY, at timestamp NOT NULL);
      INSERT INTO t SELECT g, timestamp '2024-03-30 00:00' + g * interval '1 hour' FROM generate_series(0, 71) g;
      """
    try await withRestoreScenario(sql, table: ["time_zone: Europe/Berlin"]) { scenario in
      // 01:00 UTC is where the clocks go from 02:00 to 03:00; both of these local times name that instant.
      try await scenario.restore("--from", "2024-03-31T01:00:00Z", "--to", "2024-03-31T02:00:00Z")
      let expected = try await scenario.database.psql(
        """
        SELECT string_agg(g::text, ',' ORDER BY g) FROM generate_series(0, 71) g
        WHERE (timestamp '2024-03-30 00:00' + g * interval '1 hour') AT TIME ZONE 'Europe/Berlin'
          BETWEEN '2024-03-31 01:00+00' AND '2024-03-31 01:59+00'
        """)
      #expect(try await scenario.database.psql("SELECT string_agg(id::text, ',' ORDER BY id) FROM t") == expected)
    }
  }

  @Test func `restored rows are left alone until their hold is over, and then archived again`() async throws {
    try await withRestoreScenario(Self.compound) { scenario in
      let report = try await scenario.report()
      let hold = try #require(report["hold_until"] as? String)
      let key = try #require(report["record"] as? String)
      let record = try scenario.scenario.json(key)
      #expect(record["format"] as? String == "archiver-restore/1")
      #expect(record["rows"] as? Int == 7)
      #expect((record["batches"] as? [String])?.count == report["batches"] as? Int)
      #expect(record["hold_until"] as? String == hold)
      let before = try await scenario.content()
      try await scenario.archiver(["archive"])
      #expect(try await scenario.content() == before)

      try await scenario.database.psql("DELETE FROM t")
      for file in scenario.scenario.files where file.hasPrefix("_restores/") {
        try FileManager.default.removeItem(atPath: scenario.scenario.directory.path + "/storage/" + file)
      }
      try await scenario.restore("--hold-days", "0")
      #expect(try await scenario.content() == before)
      try await scenario.archiver(["archive"])
      #expect(try await scenario.content().hasPrefix("0|"))
    }
  }

  @Test func `of a key in several batches the newest row wins`() async throws {
    try await withRestoreScenario(Self.compound) { scenario in
      try await scenario.restore("--hold-days", "0")
      try await scenario.database.psql("UPDATE t SET v = v + 100 WHERE n < 3; DELETE FROM t WHERE n > 5.5")
      try await scenario.archiver(["archive"])
      let report = try await scenario.report()
      #expect(report["outdated"] as? Int == 5)
      #expect(report["selected"] as? Int == 7)
      // Sums to 28 with all seven rows; two of them have 100 more in their newer version.
      #expect(try await scenario.database.psql("SELECT sum(v), count(*) FROM t") == "228|7")
    }
  }

  @Test func `tens of thousands of held keys are each left out`() async throws {
    try await withThrowawayDatabase { database in
      try await database.psql(
        "CREATE TABLE t (a int, b text, c int[]); INSERT INTO t SELECT g, 'x' || g, ARRAY[g] FROM generate_series(1, 30000) g"
      )
      func column(_ name: String, _ type: String) -> KeyColumn {
        KeyColumn(.init(name: name, type: type, baseType: nil, nullable: false, identity: nil, generated: nil))
      }
      let held = HeldKeys(keys: Set((1...25_000).map { ["\($0)", "x\($0)", "{\($0)}"] } + [["5"]]))
      let condition = try #require(
        held.condition(keyColumns: [column("a", "integer"), column("b", "text"), column("c", "integer[]")]))
      let left = try await database.psql(
        "SET search_path = pg_catalog, pg_temp; SELECT count(*), min(a) FROM public.t AS t WHERE \(condition)")
      #expect(left == "5000|25001")
      #expect(HeldKeys(keys: [["5"]]).condition(keyColumns: [column("a", "integer"), column("b", "text")]) == nil)
    }
  }
}
