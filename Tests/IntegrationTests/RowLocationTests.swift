import TestSupport
import Testing

/// The delete by location: the rows that were fetched go, and no others, wherever they have moved to by then.
@Suite struct RowLocationTests {
  /// The key's type and what makes one of a number.
  static let keys = [
    ("bigint", "g"), ("integer", "g"), ("smallint", "g"), ("text", "'key ' || g"), ("uuid", "md5(g::text)::uuid"),
    ("varchar(12)", "'key ' || g"), ("numeric(9,1)", "g"),
  ]

  @Test(arguments: keys)
  func `rows leave by keys of any type`(type: String, value: String) async throws {
    try await withArchiveScenario(rows: 0) { scenario in
      try await scenario.database.psql(
        """
        DROP TABLE public.events;
        CREATE TABLE public.events (id \(type) PRIMARY KEY, created_at timestamptz NOT NULL);
        INSERT INTO public.events SELECT \(value), CASE WHEN g % 3 > 0 THEN '2025-01-31' ELSE now() END
        FROM generate_series(1, 900) AS g;
        """)
      let fresh =
        "SELECT count(*), md5(string_agg(id::text, ',' ORDER BY id::text)) FROM public.events WHERE created_at > '2026-01-01'"
      let before = try await scenario.database.psql(fresh)
      try await scenario.archiver("archive")
      let after = try await scenario.database.psql(fresh)
      #expect(after == before)
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "300")
      try await scenario.archiver("verify", "--level", "database")
    }
  }

  /// READ COMMITTED hands back the newest version of a row that was changed while the fetch waited to see it.
  @Test(.enabled(if: TestServer.extensions.contains("dblink"), "the server has no dblink"))
  func `rows that move while they are fetched are deleted where they went`() async throws {
    try await withArchiveScenario(rows: 300) { scenario in
      let database = scenario.database
      // Between the fetch's snapshot and its first row, the condition changes the row it looks at from another connection.
      try await database.psql(
        """
        CREATE EXTENSION IF NOT EXISTS dblink;
        CREATE FUNCTION public.changed(key bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
          IF key % 50 = 7 AND current_query() LIKE 'COPY%' THEN
            PERFORM public.dblink_exec('\(database.url)', format(
              $sql$UPDATE public.events SET note = 'moved' WHERE id = %s AND note IS DISTINCT FROM 'moved'$sql$, key));
          END IF;
          RETURN true;
        END$$;
        """)
      try scenario.configure(table: "where: public.changed(id)")
      try await scenario.archiver("archive", "--no-count")
      let left = try await database.psql("SELECT count(*) FROM public.events")
      #expect(left == "50")
      let rows = try await scenario.archiver("inspect", "rows", "--format", "jsonl").output
      let moved = rows.split(separator: "\n").count { $0.contains(#""note":"moved""#) }
      #expect(moved == 6, "\(moved) of the changed rows came in their newest version")
    }
  }

  /// The statement with another condition in the place of `part`, and the length of that.
  private static func replacing(_ part: String, with condition: String, in message: [UInt8]) -> [UInt8] {
    guard let place = message.firstRange(of: Array(part.utf8)) else { return message }
    var message = message
    message.replaceSubrange(place, with: condition.utf8)
    let length = UInt32(message.count - 1)
    message.replaceSubrange(1..<5, with: (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - $0 * 8)) })
    return message
  }

  @Test func `a delete that misses a row takes none`() async throws {
    try await withFaultScenario(rows: 20) { scenario in
      scenario.faults.spoil(.delete, .request) { _ in
        .altered { Self.replacing("= ANY ($1)", with: "= ANY ($1) AND t.id <> 7", in: $0) }
      }
      let result = try await scenario.archiver("archive", expecting: 1)
      #expect(result.errorOutput.contains("20 rows were fetched and 19 deleted; all of it is rolled back"), "\(result)")
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "20")
      try await scenario.recover("a delete that misses a row")
    }
  }

  @Test(.enabled(if: TestServer.version >= 140_000, "rows are deleted by their location since 14"))
  func `where locations say nothing, the keys decide which rows go`() async throws {
    try await withFaultScenario(rows: 50) { scenario in
      scenario.faults.spoil(.delete, .request) { _ in
        .altered { Self.replacing("t.ctid = ANY ($2)", with: "($2 IS NOT NULL)", in: $0) }
      }
      try await scenario.archiver("archive", "--max-batches", "1")
      let left = try await scenario.database.psql("SELECT count(*), min(id) FROM public.events")
      #expect(left == "30|21")
      try await scenario.check(.moment, "keys alone")
    }
  }
}
