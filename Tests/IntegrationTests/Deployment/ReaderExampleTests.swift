import Foundation
import TestSupport
import Testing

/// The code that the pages give to readers of an archive, run as it stands there.
@Suite struct ReaderExampleTests {
  /// An archive of one day's rows, one of which needs `_raw`; with what PostgreSQL says of `columns`, a row each.
  private func withArchive(
    of columns: String, _ body: (ArchiveScenario, _ expected: [[String]]) async throws -> Void
  ) async throws {
    try await withArchiveScenario(rows: 60) { scenario in
      _ = try await scenario.database.psql(
        "UPDATE public.events SET tags = '[0:1]={7,8}' WHERE id = 5; DELETE FROM public.events WHERE created_at >= '2025-01-31Z'"
      )
      let rows = try await scenario.database.psql(
        "SELECT json_build_array(\(columns)) FROM public.events ORDER BY id")
      var expected: [[String]] = []
      for row in rows.split(separator: "\n") {
        let values = try #require(try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [Any])
        expected.append(values.map { "\($0)" })
      }
      try await scenario.archiver("archive")
      try await body(scenario, expected)
    }
  }

  @Test func `the Python of the types' page reads every value`() async throws {
    let code = try #require(try DocumentPage("docs/types.md").blocks("python").first)
    try await withArchive(of: "id::text, amount::text, encode(raw, 'hex'), (id = 5)::text") { scenario, expected in
      let object = try #require(scenario.files.first { $0.hasSuffix(".jsonl.gz") })
      let program = try scenario.directory.write(
        code.replacing("0199c0de-….jsonl.gz", with: scenario.directory.path + "/storage/" + object)
          + "\n        print(row['id'], amount, raw.hex(), str(exact == {'tags': '[0:1]={7,8}'}).lower())\n",
        to: "read.py")
      let run = try await DocumentPage.shell("python3 \(program)", in: scenario.directory.path)
      #expect(run.exitCode == 0, "\(run)")
      #expect(run.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) } == expected)
      #expect(expected.count > 5)
    }
  }

  @Test func `the DuckDB of the types' page reads every value`() async throws {
    let query = try #require(try DocumentPage("docs/types.md").blocks("sql").first { $0.contains("DuckDB") })
    let columns = "id::text, round(amount, 2)::text, encode(raw, 'hex'), details->>'n'"
    try await withArchive(of: columns) { scenario, expected in
      let view = try await scenario.archiver("inspect", "ddl", "--engine", "duckdb")
      let statement = query.split(separator: "\n").filter { !$0.hasPrefix("--") }.joined(separator: " ")
        .replacing("from_base64(raw)", with: "lower(hex(from_base64(raw)))").replacing(";", with: " ORDER BY id")
      let rows = try await DocumentPage.duckDB(statement, after: view.output, in: scenario.directory.path)
      #expect(rows.map { $0.map { "\($0)" } } == expected)
    }
  }

  @Test func `the page of the query engines gets its definition from storage alone`() async throws {
    let command = try #require(try DocumentPage("docs/examples/query-engines.md").blocks("sh").first)
    try await withArchive(of: "id") { scenario, expected in
      let run = try await DocumentPage.shell(
        command.replacing("s3://acme-archive/prod --region eu-west-1", with: scenario.storageURL),
        in: scenario.directory.path)
      #expect(run.exitCode == 0, "\(run)")
      let view = try String(contentsOfFile: scenario.directory.path + "/events.sql", encoding: .utf8)
      let rows = try await DocumentPage.duckDB(
        "SELECT count(*) FROM events", after: view, in: scenario.directory.path)
      #expect(rows.map { $0.map { "\($0)" } } == [["\(expected.count)"]])
    }
  }
}
