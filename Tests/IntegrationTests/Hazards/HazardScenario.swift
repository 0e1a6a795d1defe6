import Foundation
import TestSupport
import Testing

/// A database with a table `public.t` that has a hazard and a sound one, `public.sound`, each with 20 old rows.
struct HazardScenario {
  let database: ThrowawayDatabase
  let directory: TemporaryDirectory
  /// Who archives; nil for the superuser.
  let role: ThrowawayRole?

  static let tables = """
    CREATE TABLE public.t (id bigint PRIMARY KEY, at timestamptz NOT NULL, v text);
    INSERT INTO public.t SELECT g, timestamptz '2025-01-01 00:00:00+00' + g * interval '1 hour', 'v' || g
      FROM generate_series(1, 20) AS g;
    CREATE INDEX ON public.t (at, id);
    CREATE TABLE public.sound (LIKE public.t INCLUDING ALL);
    INSERT INTO public.sound SELECT * FROM public.t;
    """

  var configuration: String { directory.path + "/archiver.yaml" }

  /// Writes the configuration; `table` holds further lines for `t`, or for the table of another name.
  func configure(_ table: [String] = [], name: String = "t") throws {
    let url = try role.map { try database.url(for: $0) } ?? database.url
    let lines = ["timestamp_column: at", "retention_days: 90"] + table
    try directory.write(
      """
      version: 1
      storage:
        url: file://\(directory.path)/storage
      databases:
        - name: app
          url: \(url)
          tables:
            - name: \(name)
      \(lines.map { "        " + $0 }.joined(separator: "\n"))
            - {name: sound, timestamp_column: at, retention_days: 90}
      """, to: "archiver.yaml")
  }

  @discardableResult
  func archiver(_ arguments: String..., expecting code: Int32 = 0) async throws -> CommandResult {
    try await archiver(arguments, expecting: code)
  }

  @discardableResult
  func archiver(_ arguments: [String], expecting code: Int32 = 0) async throws -> CommandResult {
    let result = try await ArchiverCommand(arguments + ["--config", configuration]).run()
    #expect(result.exitCode == code, "\(arguments): \(result)")
    return result
  }

  /// A sum over whatever a table holds.
  func content(_ table: String = "public.t") async throws -> String {
    try await database.psql("SELECT count(*), md5(string_agg(x::text, ' ' ORDER BY x::text)) FROM \(table) AS x")
  }

  func count(_ table: String = "public.t") async throws -> Int {
    Int(try await database.psql("SELECT count(*) FROM \(table)")) ?? -1
  }

  /// Files of the archive that belong to the table, given as `schema.name`.
  func files(of table: String) -> [String] {
    let folder = directory.path + "/storage/db=app/schema=" + table.replacing(".", with: "/table=")
    return (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
      .filter { $0.hasSuffix(".gz") || $0.hasSuffix(".json") }
  }

  /// The line that refuses the table, and the hint below it.
  static func refusal(_ result: CommandResult) -> (error: String, hint: String)? {
    let lines = result.errorOutput.split(separator: "\n").map(String.init)
    guard let index = lines.firstIndex(where: { $0.hasPrefix("error: refused: ") }) else { return nil }
    let next = lines.dropFirst(index + 1).first ?? ""
    return (lines[index], next.hasPrefix("hint: ") ? next : "")
  }
}

/// Runs `body` with the two tables and what `sql` does to them, in which `{role}` names the role that archives.
func withHazardScenario(
  _ sql: String = "", asRole: Bool = false, attributes: String = "", options: String = "",
  _ body: (HazardScenario) async throws -> Void
) async throws {
  try await withThrowawayDatabase(options: options) { database in
    try await withTemporaryDirectory { directory in
      try await database.psql(HazardScenario.tables)
      guard asRole else {
        try await database.psql(sql)
        return try await body(HazardScenario(database: database, directory: directory, role: nil))
      }
      try await database.withRole(attributes: attributes) { role in
        try await database.psql(
          """
          GRANT CREATE ON DATABASE \(database.name) TO \(role.name);
          GRANT SELECT, DELETE, UPDATE ON public.sound TO \(role.name);
          \(sql.replacing("{role}", with: role.name))
          """)
        try await body(HazardScenario(database: database, directory: directory, role: role))
      }
    }
  }
}
