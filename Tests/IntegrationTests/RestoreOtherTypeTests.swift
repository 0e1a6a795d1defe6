import TestSupport
import Testing

/// A target whose types or collations bear the archived ones' names and are others.
struct RestoreOtherTypeTests {
  @Test func `a composite type with other attributes changes no value unseen`() async throws {
    func make(_ seen: String) -> String {
      """
      CREATE TYPE public.visit AS (who text, seen \(seen));
      CREATE TABLE t (id int PRIMARY KEY, at timestamptz NOT NULL, visits public.visit[]);
      """
    }
    let rows = "INSERT INTO t VALUES (1, '2024-05-05 00:00Z', ARRAY[('ann', '2024-05-05 12:34:56')::public.visit])"
    try await withRestoreScenario(make("timestamp") + rows) { scenario in
      let drop = "DROP TABLE t; DROP TYPE public.visit;"
      for attributes in ["date", "timestamp, place text"] {
        try await scenario.database.psql(drop + make(attributes))
        let result = try await scenario.restore(expecting: 65)
        #expect(result.errorOutput.contains("visits is of the composite type public.visit[]"), "\(result)")
        #expect(try await scenario.database.psql("SELECT count(*) FROM t") == "0")
      }
      try await scenario.database.psql(drop + make("timestamp"))
      try await scenario.restore()
      #expect(try await scenario.database.psql("SELECT visits FROM t") == #"{"(ann,\"2024-05-05 12:34:56\")"}"#)
    }
  }

  /// Two batches, a day apart.
  private static func texts(_ collation: String, _ rows: String...) -> String {
    """
    CREATE COLLATION IF NOT EXISTS public.folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE t (id text COLLATE \(collation) PRIMARY KEY, at timestamptz NOT NULL);
    """ + rows.map { "INSERT INTO t VALUES \($0);" }.joined()
  }

  @Test(.enabled(if: TestServer.hasUnlikeEquals, "the server has no collations that hold unlike texts equal"))
  func `rows that only the target holds to be equal are not taken for versions of one`() async throws {
    let rows = Self.texts("\"C\"", "('a', '2024-05-05 00:00Z'), ('A', '2024-05-06 00:00Z')")
    try await withRestoreScenario(rows, table: ["partition: day"]) { scenario in
      try await scenario.database.psql("DROP TABLE t; \(Self.texts("public.folded"))")
      let result = try await scenario.restore(expecting: 65)
      #expect(result.errorOutput.contains("though they were archived under different ones"), "\(result)")
      #expect(try await scenario.database.psql("SELECT count(*) FROM t") == "0")
    }
  }

  @Test(.enabled(if: TestServer.hasUnlikeEquals, "the server has no collations that hold unlike texts equal"))
  func `of rows that were equal where they were archived the newest goes in`() async throws {
    let first = Self.texts("public.folded", "('a', '2024-05-05 00:00Z')")
    try await withRestoreScenario(first, table: ["partition: day"]) { scenario in
      try await scenario.database.psql("INSERT INTO t VALUES ('A', '2024-05-06 00:00Z')")
      try await scenario.archiver(["archive"])
      let report = try await scenario.report()
      #expect(report["outdated"] as? Int == 1)
      #expect(try await scenario.database.psql("SELECT id FROM t") == "A")
    }
  }
}
