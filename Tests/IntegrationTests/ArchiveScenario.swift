import Foundation
import TestSupport
import Testing

/// A database with one table of old and fresh rows, and a configuration that archives it.
struct ArchiveScenario {
  let database: ThrowawayDatabase
  let directory: TemporaryDirectory
  /// `file:///…` or `s3://…`.
  let storageURL: String

  var configuration: String { directory.path + "/archiver.yaml" }

  /// A table of the common types: `rows` old rows over five days, 50 fresh ones.
  static func events(_ rows: Int) -> String {
    """
    CREATE TABLE public.events (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, created_at timestamptz NOT NULL, customer uuid, kind text,
      amount numeric(12,2), ratio double precision, tags text[], details jsonb, raw bytea, active boolean,
      day date, took interval, note varchar(80));
    INSERT INTO public.events (created_at, customer, kind, amount, ratio, tags, details, raw, active, day, took, note)
    SELECT timestamptz '2025-01-30 00:00:00+00' + g * (interval '5 days' / \(max(rows, 1))),
      md5(g::text)::uuid, (ARRAY['view','click','buy'])[1 + g % 3], (g % 1000)::numeric / 7, g / 3.0,
      ARRAY['a' || g % 5, NULL, 'quote"d'], jsonb_build_object('n', g, 's', E'line\\nbreak'), decode(md5(g::text), 'hex'),
      g % 2 = 0, date '2025-01-30' + g % 5, g * interval '1 minute 1 second', CASE WHEN g % 10 > 0 THEN 'émoji 😀 ' || g END
    FROM generate_series(0, \(rows - 1)) AS g;
    INSERT INTO public.events (created_at, kind) SELECT now(), 'fresh' FROM generate_series(1, 50);
    CREATE INDEX ON public.events (created_at, id);
    """
  }

  /// Writes the configuration; `table` and `database` are further lines of YAML at their levels.
  func configure(
    table: String = "", database: String = "", storage: String = "", top: String = "", batchSize: Int = 300
  ) throws {
    let text = """
      version: 1
      \(top)
      storage:
        url: \(storageURL)
      \(storage.indented(2))
      databases:
        - name: app
          url: \(self.database.url)
      \(database.indented(4))
          tables:
            - name: events
              timestamp_column: created_at
              retention_days: 90
              batch_size: \(batchSize)
      \(table.indented(8))
      """
    try directory.write(text, to: "archiver.yaml")
  }

  /// Runs the tool on the configuration.
  @discardableResult
  func archiver(_ arguments: String..., expecting code: Int32 = 0) async throws -> CommandResult {
    let result = try await ArchiverCommand(
      [arguments[0]] + Array(arguments.dropFirst()) + ["--config", configuration]
    ).run()
    #expect(result.exitCode == code, "\(arguments): \(result.output)\n\(result.errorOutput)")
    return result
  }

  /// Everything below the storage directory, relative and sorted.
  var files: [String] {
    let root = directory.path + "/storage"
    return (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? [])
      .filter {
        !$0.hasPrefix(".")
          && (try? FileManager.default.attributesOfItem(atPath: root + "/" + $0))?[.type] as? FileAttributeType
            == .typeRegular
      }
      .sorted()
  }

  func json(_ file: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: directory.path + "/storage/" + file))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  var manifests: [String] { files.filter { $0.hasSuffix(".manifest.json") } }

  /// A sum over every column of every old row.
  func fingerprint(_ table: String = "public.events") async throws -> String {
    try await database.psql(
      "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY id)) FROM \(table) AS t WHERE kind IS DISTINCT FROM 'fresh'"
    )
  }
}

extension String {
  fileprivate func indented(_ count: Int) -> String {
    split(separator: "\n").map { String(repeating: " ", count: count) + $0 }.joined(separator: "\n")
  }
}

extension TestEnvironment.S3Server {
  /// The lines of a configuration's `storage` that lead to the server.
  var settings: String {
    """
    region: \(region)
    endpoint: \(endpoint)
    access_key_id: \(accessKeyID)
    secret_access_key: \(secretAccessKey)
    """
  }
}

/// Runs `body` with `rows` old rows to archive to a directory.
func withArchiveScenario(
  rows: Int = 2000, _ body: (ArchiveScenario) async throws -> Void
) async throws {
  try await withThrowawayDatabase { database in
    try await withTemporaryDirectory { directory in
      _ = try await database.psql(ArchiveScenario.events(rows))
      let scenario = ArchiveScenario(
        database: database, directory: directory, storageURL: "file://" + directory.path + "/storage")
      try scenario.configure()
      try await body(scenario)
    }
  }
}
