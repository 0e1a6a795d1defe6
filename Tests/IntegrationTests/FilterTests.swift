import Foundation
import TestSupport
import Testing

/// Filters that name nothing, and archives that cannot be used as asked.
@Suite struct FilterTests {
  private static let two = """
    CREATE TABLE a (id int PRIMARY KEY, at date); CREATE TABLE b (id int PRIMARY KEY, at date);
    CREATE TABLE c (id int PRIMARY KEY, at date);
    INSERT INTO a SELECT g, '2024-01-01' FROM generate_series(1, 5) g; INSERT INTO b SELECT * FROM a;
    """

  private func withTwoTables(_ body: (TablesScenario) async throws -> Void) async throws {
    try await withTablesScenario(Self.two) { scenario in
      try scenario.configure(["a", "b", "c"].map { ["name: \($0)", "timestamp_column: at", "retention_days: 90"] })
      try await scenario.archiver(["archive"])
      try await body(scenario)
    }
  }

  @Test func `a filter that names nothing is an error, a table that has nothing archived is none`() async throws {
    try await withTwoTables { scenario in
      let storage = ["--storage", "file://" + scenario.storage]
      let stray = "01a20d27-1521-7d5a-bac0-de088c69118b"
      let manifest = try #require(try scenario.manifests(of: "a").values.first)
      let batch = try #require(manifest["batch_id"] as? String)
      let run = try #require(manifest["run_id"] as? String)
      let filters: [(String, [String], Int32)] = [
        ("verify", ["--table", "a", "--table", "d"], 78), ("restore", ["--database", "ap"], 78),
        ("restore", ["--table", "other.a"], 78), ("verify", ["--batch", batch, "--batch", stray], 65),
        ("restore", ["--batch", stray], 65), ("verify", ["--run", stray], 65), ("restore", ["--run", stray], 65),
        ("restore", ["--table", "b", "--batch", batch], 65), ("verify", ["--table", "c"], 0),
        ("restore", ["--table", "c"], 0),
        ("list", ["--table", "d"], 78), ("stats", ["--database", "ap"], 78), ("rows", ["--table", "other.a"], 78),
        ("rows", ["--batch", stray], 65), ("list", ["--run", stray], 65),
        ("stats", ["--table", "b", "--batch", batch], 65), ("list", ["--table", "c"], 0),
        ("rows", ["--table", "c"], 0),
        ("list", ["--run", run, "--from", "2025-01-01"], 0), ("rows", ["--table", "a", "--where-key", "77"], 0),
        ("restore", ["--run", run, "--from", "2025-01-01"], 0),
        ("verify", ["--batch", batch, "--from", "2025-01-01"], 0),
      ]
      for (command, filter, code) in filters {
        let isInspect = ["list", "stats", "rows"].contains(command)
        let arguments =
          (isInspect ? ["inspect"] : []) + [command] + filter + (command == "restore" ? ["--dry-run"] : [])
        let result = try await scenario.archiver(arguments, expecting: code)
        let name = filter.last ?? ""
        #expect(code == 0 || result.errorOutput.contains(name) && result.errorOutput.contains("hint: "), "\(result)")
      }
      try await scenario.archiver(["verify", "--table", "c"] + storage, expecting: 78)
      try await scenario.archiver(["inspect", "list", "--table", "c"] + storage, expecting: 78)
      try await scenario.archiver(["verify", "--table", "a"] + storage)
    }
  }

  @Test func `rows of several tables do not go into one`() async throws {
    try await withTwoTables { scenario in
      let result = try await scenario.archiver(["restore", "--into", "c"], expecting: 64)
      #expect(result.errorOutput.contains("app.public.a, app.public.b"))
      try await scenario.archiver(["restore", "--into", "c", "--table", "a"])
      #expect(try await scenario.database.psql("SELECT count(*) FROM c") == "5")
    }
  }

  @Test func `a manifest that cannot be used keeps its rows out and has a hint`() async throws {
    try await withTwoTables { scenario in
      let key = try #require(try scenario.manifests(of: "a").keys.first)
      let path = scenario.storage + "/" + key
      let text = try String(contentsOfFile: path, encoding: .utf8)
      for (part, other, hint) in [
        ("\"archiver-manifest/1\"", "\"archiver-manifest/9\"", "newer archiver"),
        ("\"counts\"", "\"count\"", "archiver verify"), ("{", "", "archiver verify"),
      ] {
        let range = try #require(text.range(of: part))
        try text.replacingCharacters(in: range, with: other).write(toFile: path, atomically: true, encoding: .utf8)
        let result = try await scenario.archiver(["restore", "--table", "a"], expecting: 65)
        #expect(result.errorOutput.contains(key) && result.errorOutput.contains("hint: "))
        #expect(result.errorOutput.contains(hint), "\(result)")
        #expect(try await scenario.database.psql("SELECT count(*) FROM a") == "0")
      }
      try await scenario.archiver(["restore", "--table", "b"])
    }
  }

  @Test func `a batch is shown by argument or by option, and by one of them`() async throws {
    try await withTwoTables { scenario in
      let manifest = try #require(try scenario.manifests(of: "b").values.first)
      let batch = try #require(manifest["batch_id"] as? String)
      let shown = try await scenario.archiver(["inspect", "show", batch])
      #expect(try await scenario.archiver(["inspect", "show", "--batch", batch]).output == shown.output)
      #expect(shown.output.contains(batch))
      try await scenario.archiver(["inspect", "show"], expecting: 64)
      try await scenario.archiver(["inspect", "show", batch, "--batch", batch], expecting: 64)
    }
  }
}
