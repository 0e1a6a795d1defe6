import Foundation
import TestSupport
import Testing

/// Query engines read an archive as it stands, with what `inspect ddl` prints, and see what PostgreSQL had.
@Suite struct EngineTests {
  /// How one engine is asked for the same texts.
  struct Engine: Sendable, CustomTestStringConvertible {
    var name: String
    var time: String
    var text: @Sendable (String) -> String
    var testDescription: String { name }
  }

  static let engines = [
    Engine(name: "duckdb", time: "strftime(created_at AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f')") {
      "CAST(\($0) AS VARCHAR)"
    },
    Engine(name: "clickhouse", time: "toString(created_at)") { "toString(\($0))" },
  ]

  /// Columns named as the archive's folders are there to be mistaken for them.
  private static let table = """
    CREATE TABLE public.events (
      id bigint PRIMARY KEY, created_at timestamptz NOT NULL, n numeric, f double precision, ok boolean, j jsonb,
      tags text[], raw bytea, u uuid, local timestamp, note text, "schema" text, "it's `odd\\" text);
    INSERT INTO public.events VALUES
      (1, '2025-01-30 10:00:00.123456+00', 123456789012345678901234567890.123456789, 0.1, true,
       '{"a": [1, 2], "b": "x"}', ARRAY['a', NULL, 'q"d'], '\\xdeadbeef', '00000000-0000-0000-0000-000000000001',
       '2025-01-30 01:02:03', E'émoji 😀\\n', 'own', 'odd'),
      (3, '2025-02-01 00:00:00+00', 'NaN', '-Infinity', false, '[1]', '{}', '', NULL, 'infinity', '', '', '');
    INSERT INTO public.events (id, created_at) VALUES (9223372036854775807, '2025-01-31 23:59:59+00');
    """

  private static let columns = ["n", "j", "tags", "raw", "local", "note", "\"schema\"", "\"it's `odd\\\"", "dt"]

  private static let expected: [[String?]] = [
    [
      "1", "2025-01-30 10:00:00.123456", "0.1", "true", "00000000-0000-0000-0000-000000000001",
      "123456789012345678901234567890.123456789", #"{"a":[1,2],"b":"x"}"#, #"["a",null,"q\"d"]"#, "3q2+7w==",
      "2025-01-30T01:02:03", "émoji 😀\n", "own", "odd", "2025-01-30",
    ],
    [
      "3", "2025-02-01 00:00:00.000000", "-inf", "false", nil, "NaN", "[1]", "[]", "", "infinity", "", "", "",
      "2025-02-01",
    ],
    ["4", "2025-02-02 00:00:00.000000"] + Array(repeating: nil, count: 12),
    ["9223372036854775807", "2025-01-31 23:59:59.000000"] + Array(repeating: nil, count: 11) + ["2025-01-31"],
  ]

  private func check(_ engine: Engine, _ scenario: ArchiveScenario, environment: [String: String] = [:]) async throws {
    try await scenario.archiver("archive")
    // A batch that lies beside the `dt=` folders.
    try await scenario.database.psql("INSERT INTO public.events (id, created_at) VALUES (4, '2025-02-02Z')")
    try scenario.configure(table: "partition: none", storage: try Self.moto(scenario))
    try await scenario.archiver("archive")
    let statements = try await scenario.archiver("inspect", "ddl", "--engine", engine.name)
    let file = try scenario.directory.write(statements.output, to: "ddl.sql")
    let texts = ["id", "f", "ok", "u"].map(engine.text)
    // A backslash within a quoted name stands for itself in DuckDB only.
    let columns = engine.name == "duckdb" ? Self.columns : Self.columns.map { $0.replacing("\\", with: "\\\\") }
    let queries = [
      "SELECT \(([texts[0], engine.time] + texts[1...] + columns).joined(separator: ", ")) FROM events ORDER BY events.id % 10",
      "SELECT \(engine.text("count(*)")) FROM events WHERE dt >= '2025-01-31'",
      "SELECT \(engine.text("count(*)")) FROM events WHERE created_at >= '2025-01-31 00:00:00' AND created_at < '2025-02-02 00:00:00'",
    ]
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Engines/query_archive.py")
    let answer = try await CommandRun(
      URL(fileURLWithPath: try TestEnvironment.enginesPython()), [script.path, engine.name, file] + queries,
      environment: ArchiverCommand.cleanEnvironment.merging(environment) { $1 }
    ).result()
    try #require(answer.exitCode == 0, "\(answer)\n\(statements.output)")
    let rows = try answer.output.split(separator: "\n").map {
      try JSONDecoder().decode([[String?]].self, from: Data($0.utf8))
    }
    try #require(rows.count == 3)
    let expected = Self.expected.sorted { Self.lastDigit($0) < Self.lastDigit($1) }
    for (row, wanted) in zip(rows[0], expected) {
      // DuckDB writes JSON without the spaces that jsonb has.
      #expect(row.enumerated().map { $0.offset == 6 ? $0.element?.replacing(" ", with: "") : $0.element } == wanted)
    }
    #expect(rows[0].count == expected.count && rows[1] == [["2"]] && rows[2] == [["2"]])
  }

  private static func lastDigit(_ row: [String?]) -> Character { row[0]?.last ?? "0" }

  private static func moto(_ scenario: ArchiveScenario) throws -> String {
    guard scenario.storageURL.hasPrefix("s3:") else { return "" }
    return """
      endpoint: \(try TestEnvironment.motoEndpoint())
      region: us-east-1
      access_key_id: k
      secret_access_key: s
      """
  }

  @Test(arguments: engines)
  func `an engine sees every value of an archive in a directory`(engine: Engine) async throws {
    try await withThrowawayDatabase { database in
      try await withTemporaryDirectory { directory in
        _ = try await database.psql(Self.table)
        let scenario = ArchiveScenario(
          database: database, directory: directory, storageURL: "file://" + directory.path + "/storage")
        try scenario.configure()
        try await check(engine, scenario)
      }
    }
  }

  /// ClickHouse alone: DuckDB fetches its S3 client from the network.
  @Test func `ClickHouse sees every value of an archive in S3`() async throws {
    let bucket = "engine-" + UUID().uuidString.lowercased()
    let made = try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["curl", "-sSf", "-X", "PUT", "-H", "x-amz-acl: public-read", "\(try TestEnvironment.motoEndpoint())/\(bucket)"],
      environment: ArchiverCommand.cleanEnvironment
    ).result()
    try #require(made.exitCode == 0, "\(made)")
    try await withThrowawayDatabase { database in
      try await withTemporaryDirectory { directory in
        _ = try await database.psql(Self.table)
        let scenario = ArchiveScenario(
          database: database, directory: directory, storageURL: "s3://\(bucket)/the archive")
        try scenario.configure(storage: try Self.moto(scenario))
        try await check(
          Self.engines[1], scenario,
          environment: ["AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_EC2_METADATA_DISABLED": "true"])
      }
    }
  }
}
