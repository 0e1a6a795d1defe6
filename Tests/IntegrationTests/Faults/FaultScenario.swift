import Foundation
import TestSupport
import Testing

/// A table that is archived from the real PostgreSQL to the real S3 server, with a fault proxy before each, and a checker
/// that counts every row.
struct FaultScenario {
  let database: ThrowawayDatabase
  let directory: TemporaryDirectory
  let faults: FaultScript
  /// What the tool is told: the proxies' addresses.
  let databaseURL: String
  let endpoint: String
  let prefix: String
  let ledger: LedgerUse

  private static let columns = """
    (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, created_at timestamptz NOT NULL, kind text, amount numeric,
     details jsonb, raw bytea, active boolean)
    """

  /// The table, and beside it a copy that nobody touches.
  static let schema = """
    CREATE TABLE public.events \(columns);
    CREATE INDEX ON public.events (created_at, id);
    CREATE TABLE public.original (LIKE public.events);
    """

  /// Adds old rows to the table and to its copy.
  func fill(_ rows: Int) async throws {
    try await database.psql(
      """
      WITH fresh AS (
        INSERT INTO public.events (created_at, kind, amount, details, raw, active)
        SELECT timestamptz '2025-01-30 00:00:00+00' + g * interval '1.5 seconds', E'kind\\n' || g, g::numeric / 7,
          jsonb_build_object('n', g), decode(md5(g::text), 'hex'), g % 2 = 0
        FROM generate_series(1, \(rows)) AS g RETURNING *)
      INSERT INTO public.original SELECT * FROM fresh
      """)
  }

  /// Fills the table up again when fewer than `rows` are left.
  func fill(upTo rows: Int) async throws {
    let left = Int(try await database.psql("SELECT count(*) FROM public.events")) ?? 0
    if left < rows { try await fill(rows - left) }
  }

  /// Writes the configuration; `table`, `database` and `storage` are further lines of YAML.
  func configure(
    table: [String] = ["partition: none"], database: [String] = [], storage: [String] = [], credentials: Bool = true
  ) throws {
    let server = try TestEnvironment.s3()
    let keys = ["access_key_id: \(server.accessKeyID)", "secret_access_key: \(server.secretAccessKey)"]
    let text = """
      version: 1
      storage:
        url: s3://\(server.bucket)/\(prefix)
        region: \(server.region)
        endpoint: \(endpoint)
      \(Self.lines((credentials ? keys : []) + storage, indent: 2))
      databases:
        - name: app
          url: \(databaseURL)
          \(ledger.rawValue)
      \(Self.lines(database, indent: 4))
          tables:
            - name: events
              timestamp_column: created_at
              batch_size: 20
      \(Self.lines(table, indent: 8))
      """
    try directory.write(text, to: "archiver.yaml")
  }

  private static func lines(_ lines: [String], indent: Int) -> String {
    lines.map { String(repeating: " ", count: indent) + $0 }.joined(separator: "\n")
  }

  /// A call of the tool on the configuration.
  func command(_ arguments: [String], environment: [String: String] = [:]) -> ArchiverCommand {
    ArchiverCommand(
      arguments + ["--config", directory.path + "/archiver.yaml"], environment: environment)
  }

  /// Runs the tool to its end and expects that exit code.
  @discardableResult
  func archiver(
    _ arguments: String..., expecting code: Int32 = 0, comment: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> CommandResult {
    let result = try await command(arguments).run()
    #expect(result.exitCode == code, "\(comment) \(arguments): \(result)", sourceLocation: sourceLocation)
    return result
  }

  /// How far a check may find things from their end.
  enum Check {
    /// In the middle of things: no row is lost.
    case moment
    /// Every row is in one place, and nothing is left over.
    case settled
  }

  /// Has the checker count every row.
  func check(
    _ check: Check = .settled, _ comment: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let server = try TestEnvironment.s3()
    let storage = "\(try TestEnvironment.s3Directory())/\(server.bucket)/\(prefix)"
    var arguments = check == .moment ? ["--moment"] : []
    if ledger == .none { arguments.append("--no-ledger") }
    let result = try await Checker.run(storage: storage, database: database.url, arguments)
    #expect(result.exitCode == 0, "\(comment), \(check): \(result)", sourceLocation: sourceLocation)
  }

  /// The end of every fault: the next run finds everything as it should be, settles it and archives what is left.
  func recover(_ comment: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await check(.moment, comment, sourceLocation: sourceLocation)
    faults.install()
    try await archiver("recover", comment: comment, sourceLocation: sourceLocation)
    try await check(.settled, comment, sourceLocation: sourceLocation)
  }
}

/// Runs `body` with `rows` old rows behind two proxies that pass everything until told otherwise.
func withFaultScenario(
  rows: Int = 60, ledger: LedgerUse = .ledger, _ body: (FaultScenario) async throws -> Void
) async throws {
  let faults = FaultScript()
  let server = try TestEnvironment.s3()
  try await withThrowawayDatabase { database in
    try await withTemporaryDirectory { directory in
      try await withFaultProxy(to: server.endpoint, wire: .http, script: faults.act) { endpoint in
        try await withFaultProxy(to: database.url, wire: .postgres, script: faults.act) { url in
          let prefix = "faults-\(UUID().uuidString.lowercased())"
          let scenario = FaultScenario(
            database: database, directory: directory, faults: faults, databaseURL: url, endpoint: endpoint,
            prefix: prefix, ledger: ledger)
          try await database.psql(FaultScenario.schema)
          try await scenario.fill(rows)
          try scenario.configure()
          try await body(scenario)
          let left = "\(try TestEnvironment.s3Directory())/\(server.bucket)/\(prefix)"
          if FileManager.default.fileExists(atPath: left) { try FileManager.default.removeItem(atPath: left) }
        }
      }
    }
  }
}

/// The independent checker of Tests/Checker.
enum Checker {
  static func run(storage: String, database: String, _ options: [String] = []) async throws -> CommandResult {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Checker/check_archive.py").standardizedFileURL
    return try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"),
      [
        "python3", script.path, "--storage", storage, "--database", database, "--table", "public.events",
        "--original", "public.original",
      ] + options,
      environment: ArchiverCommand.cleanEnvironment
    ).result()
  }
}
