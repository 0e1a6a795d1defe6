import Foundation
import TestSupport
import Testing

/// What `inspect` prints of an archive, as people and programs read it.
@Suite struct InspectOutputTests {
  private func inspect(_ archive: GoodArchive, _ arguments: String...) async throws -> [String] {
    let result = try await ArchiverCommand(["inspect"] + arguments + ["--storage", archive.url]).run()
    #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(result)")
    return result.output.split(separator: "\n").map(String.init)
  }

  /// The words of a line, without what lies between columns.
  private func words(_ line: String?) -> [String] { (line ?? "").split(separator: " ").map(String.init) }

  @Test func `a table and its batches are listed with totals, sizes and times`() async throws {
    try await GoodArchive.withCopy { archive in
      let bytes = try archive.objects.reduce(0) { $0 + (try archive.data($1).count) }
      let tables = try await inspect(archive, "list", "--output", "json")
      #expect(tables.count == 1)
      for part in [
        #""table":"events""#, #""batches":4"#, #""objects":4"#, #""rows":40"#, #""bytes":\#(bytes)"#,
        #""first":"2025-01-30T00:00:00Z""#, #""last":"2025-01-31T22:48:00Z""#,
      ] {
        #expect(tables[0].contains(part), "\(part): \(tables)")
      }
      let text = try await inspect(archive, "list")
      #expect(words(text.last).prefix(4) == ["app.public.events", "4", "4", "40"], "\(text)")
      let batches = try await inspect(archive, "list", "--batches")
      for manifest in archive.manifests { #expect(batches.contains { $0.hasPrefix(archive.batch(of: manifest)) }) }
      #expect(words(batches.last).prefix(4) == ["all", "4", "4", "40"], "\(batches)")
      let day = try await inspect(archive, "list", "--batches", "--output", "json", "--from", "2025-01-31")
      #expect(day.count == 2 && day.allSatisfy { $0.contains("dt=2025-01-31") }, "\(day)")
    }
  }

  @Test func `rows and bytes are drawn by period, with growth and compression`() async throws {
    try await GoodArchive.withCopy { archive in
      let days = try await inspect(archive, "stats", "--by", "day")
      #expect(days.first?.hasPrefix("app.public.events: 40 rows, ") == true, "\(days)")
      let (first, second) = (words(days.first { $0.hasPrefix("2025-01-30") }), words(days.last))
      #expect(first.prefix(2) == ["2025-01-30", "20"] && first.last?.hasPrefix("███") == true, "\(days)")
      #expect(second.prefix(4) == ["2025-01-31", "20", "+0", "%"] && second.last == first.last, "\(days)")
      let months = try await inspect(archive, "stats", "--by", "month", "--output", "json")
      #expect(months.count == 1 && months[0].contains(#""period":"2025-01""#) && months[0].contains(#""rows":40"#))
    }
  }

  @Test func `of several tables the biggest comes first`() async throws {
    try await withTablesScenario(
      """
      CREATE TABLE public.a (id int PRIMARY KEY, at timestamptz NOT NULL, note text);
      CREATE TABLE public.b (LIKE public.a INCLUDING ALL);
      INSERT INTO a SELECT g, '2025-01-30', md5(g::text) FROM generate_series(1, 20) g;
      INSERT INTO b SELECT g, '2025-01-30', md5(g::text) FROM generate_series(1, 900) g;
      """
    ) { scenario in
      try scenario.configure(["a", "b"].map { ["name: \($0)", "timestamp_column: at"] })
      try await scenario.archiver(["archive"])
      let lines = try await scenario.archiver(["inspect", "stats"]).output.split(separator: "\n")
      let places = ["app.public.b ", "app.public.a "].map { name in lines.firstIndex { $0.hasPrefix(name) } ?? -1 }
      #expect(places[0] > 0 && places[1] == places[0] + 1, "\(lines)")
      let total = try await scenario.archiver(["inspect", "list"]).output.split(separator: "\n").last
      #expect(words(total.map(String.init)).prefix(4) == ["all", "2", "2", "920"], "\(total ?? "")")
    }
  }

  @Test func `rows are printed as they are stored, as CSV, and as a table`() async throws {
    try await GoodArchive.withCopy { archive in
      let lines = try archive.lines(archive.objects[0])
      #expect(try await inspect(archive, "rows", "--batch", archive.batch(of: archive.objects[0])) == lines)
      #expect(try await inspect(archive, "rows", "--limit", "3") == Array(lines.prefix(3)))
      let csv = try await inspect(archive, "rows", "--format", "csv", "--limit", "2")
      #expect(csv.count == 3 && csv[0].hasPrefix("id,created_at,customer,kind,"), "\(csv)")
      // PostgreSQL's own text forms, and nothing for NULL.
      #expect(csv[1].hasPrefix("51,2025-01-30 00:00:00+00,,old,") && csv[1].hasSuffix(",row 0"), "\(csv)")
      let table = try await inspect(archive, "rows", "--format", "table", "--where-key", "52")
      #expect(words(table.first).prefix(2) == ["id", "created_at"] && words(table.last).first == "52", "\(table)")
    }
  }
}
