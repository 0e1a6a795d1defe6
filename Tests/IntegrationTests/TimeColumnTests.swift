import Foundation
import TestSupport
import Testing

/// Every row leaves once, for the folder of its UTC period, whatever its time column and zone are.
@Suite struct TimeColumnTests {
  /// Times at midnights, in gaps and overlaps of the clocks, and at the ends of the calendar.
  private static let moments = """
    CREATE TABLE moments AS SELECT unnest(ARRAY['-infinity', 'infinity', NULL, '4713-02-01 BC', '0044-03-15 12:00 BC',
      '0001-12-31 23:59:59.999999 BC', '0001-01-01 00:00', '0001-01-01 23:59:59.999999', '0001-01-02 00:00', '1582-10-10 01:02',
      '1969-12-31 23:59:59.999999', '1970-01-01', '1999-12-31 23:59:59.999999', '2000-01-01', '2023-12-31 23:59:59.999999',
      '2024-01-01', '2024-01-01 00:00:00.000001', '2024-02-29 12:00', '2024-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999',
      '10000-01-01', '294276-12-31 23:59:59.999999']) AS at
    UNION ALL SELECT (d + g * interval '30 minutes')::text FROM generate_series(0, 70) g,
      unnest(ARRAY[timestamp '2024-03-30 14:00', '2024-10-26 14:00', '2024-03-09 14:00', '2024-11-02 14:00']) d
    UNION ALL SELECT (timestamp '2011-12-28 18:00' + g * interval '2 hours')::text FROM generate_series(0, 48) g
    UNION ALL SELECT (timestamp '2024-05-05 00:00' + g * interval '1 microsecond')::text FROM generate_series(-4, 4) g
    UNION ALL SELECT '2024-07-01 00:00' FROM generate_series(1, 40)
    UNION ALL SELECT '2024-07-31 23:59:59.999999' FROM generate_series(1, 40);
    """

  private struct Table {
    var name: String
    var type: String
    var zone: String
    var partition: String

    /// Past the last timestamp there is none.
    var instant: String {
      type == "timestamptz"
        ? "at" : "CASE WHEN at < '200000-01-01' THEN at::timestamp AT TIME ZONE '\(zone)' ELSE 'infinity' END"
    }

    var definition: String {
      """
      CREATE TABLE \(name) (id int PRIMARY KEY, at \(type));
      INSERT INTO \(name) SELECT row_number() OVER (), at::\(type) FROM moments; CREATE INDEX ON \(name) (at, id);
      CREATE TABLE \(name)_before AS SELECT id, at, \(instant) AS instant FROM \(name);
      """
    }

    /// The folder that a row belongs in, computed from the table alone.
    var folder: String {
      let format = ["day": "YYYY-MM-DD", "month": "YYYY-MM", "year": "YYYY"][partition] ?? ""
      return partition == "none"
        ? "''"
        : """
        CASE WHEN instant < timestamptz '0001-01-01 00:00+00' OR instant >= timestamptz '10000-01-01 00:00+00'
          THEN '__HIVE_DEFAULT_PARTITION__' ELSE to_char(instant AT TIME ZONE 'UTC', '\(format)') END
        """
    }
  }

  private static let zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]

  private static let tables: [Table] =
    ([("day", zones), ("month", ["Pacific/Apia"]), ("year", ["America/New_York"]), ("none", ["Europe/Berlin"])]
    .flatMap { partition, zones in
      zones.flatMap { zone in
        (zone.hasPrefix("A") ? ["timestamp"] : ["date", "timestamp"]).map { (partition, $0, zone) }
      } + [
        (partition, "timestamptz", "UTC")
      ]
    }).enumerated().map { Table(name: "t\($0)", type: $1.1, zone: $1.2, partition: $1.0) }

  /// Reads every archived line beside its file's path.
  private static func lines(of scenario: TablesScenario) -> String {
    """
    CREATE TABLE lines (file text, row jsonb);
    \\copy lines FROM PROGRAM 'cd \(scenario.storage)/db=app && for f in $(find . -name "*.jsonl.gz"); do zcat $f | sed "s|^|$f\\t|"; done'

    """
  }

  @Test func `each row is archived once, in the folder of its own period`() async throws {
    let tables = Self.tables
    let sql = "SET timezone = 'UTC';" + Self.moments + tables.map(\.definition).joined()
    try await withTablesScenario(sql) { scenario in
      try scenario.configure(
        tables.map { table in
          [
            "name: \(table.name)", "timestamp_column: at", "time_zone: \(table.zone)", "partition: \(table.partition)",
            "batch_size: 50", "retention_days: 90",
          ]
        })
      try await scenario.archiver(["archive"])
      let found = try await scenario.database.psql(
        "SET timezone = 'UTC';" + Self.lines(of: scenario)
          + tables.map { table in
            """
            SELECT '\(table.name) \(table.type) \(table.zone) \(table.partition)', b.id, b.at, b.folders, l.folders, t.id
            FROM (SELECT id, at, CASE WHEN instant < now() - interval '90 days' THEN ARRAY[\(table.folder)] END AS folders
              FROM \(table.name)_before) b
            FULL JOIN (SELECT (row->>'id')::int AS id, array_agg(coalesce(substring(file FROM '/dt=([^/]*)/'), '')) AS folders
              FROM lines WHERE file LIKE './schema=public/table=\(table.name)/%' GROUP BY 1) l ON l.id = b.id
            LEFT JOIN \(table.name) t ON t.id = b.id
            WHERE b.folders IS DISTINCT FROM l.folders OR (b.folders IS NULL) <> (t.id IS NOT NULL);
            """
          }.joined())
      #expect(found == "")
      try await scenario.archiver(["restore"])
      let changed = try await scenario.database.psql(
        "SET timezone = 'UTC';"
          + tables.map { table in
            """
            SELECT '\(table.name)', count(*) FROM (SELECT id, at::text FROM \(table.name)
              EXCEPT SELECT id, at::text FROM \(table.name)_before) d HAVING count(*) > 0;
            SELECT '\(table.name)', count(*) FROM \(table.name) HAVING count(*) <> (SELECT count(*) FROM moments);
            """
          }.joined())
      #expect(changed == "")
    }
  }
}
