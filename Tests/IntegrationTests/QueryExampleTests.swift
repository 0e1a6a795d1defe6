import Foundation
import TestSupport
import Testing

/// The queries of `docs/examples/query-engines.md`, run as they stand there.
@Suite struct QueryExampleTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The statements of the first SQL block below a heading.
  private static func queries(under heading: String) throws -> [String] {
    let page = try String(
      contentsOf: root.appendingPathComponent("docs/examples/query-engines.md"), encoding: .utf8)
    let section = try #require(page.components(separatedBy: "\n## \(heading)\n").last)
    let block = try #require(section.components(separatedBy: "```").dropFirst().first)
    return block.dropFirst("sql\n".count).split(separator: "\n").filter { !$0.hasPrefix("--") }
      .joined(separator: "\n").components(separatedBy: ";").filter {
        !$0.allSatisfy(\.isWhitespace)
      }
  }

  @Test(arguments: [("duckdb", "DuckDB", 5), ("clickhouse", "ClickHouse", 4)])
  func `every query on the page gives rows, and the first what PostgreSQL gave`(
    engine: String, heading: String, count: Int
  ) async throws {
    let queries = try Self.queries(under: heading)
    try #require(queries.count == count)
    try await withArchiveScenario(rows: 500) { scenario in
      let before = try await scenario.database.psql(
        """
        SELECT json_build_array(to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), count(*))
        FROM public.events WHERE created_at >= '2025-01-30Z' AND created_at < '2025-02-02Z'
        GROUP BY to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') ORDER BY 1::text
        """)
      try await scenario.archiver("archive")
      let statements = try await scenario.archiver("inspect", "ddl", "--engine", engine)
      let file = try scenario.directory.write(statements.output, to: "ddl.sql")
      let script = Self.root.appendingPathComponent("Tests/Engines/query_archive.py").path
      let answer = try await CommandRun(
        URL(fileURLWithPath: try TestEnvironment.enginesPython()), [script, engine, file] + queries,
        environment: ArchiverCommand.cleanEnvironment, workingDirectory: scenario.directory.url
      ).result()
      try #require(answer.exitCode == 0, "\(answer)")
      let answers = try answer.output.split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [[Any]])
      }
      #expect(answers.count == count && answers.allSatisfy { !$0.isEmpty }, "\(answer)")
      let found = answers[0].map { "[\"\($0[0])\", \($0[1])]" }.sorted()
      #expect(found == before.split(separator: "\n").map { String($0).replacing(" , ", with: ", ") }.sorted())
    }
  }
}
