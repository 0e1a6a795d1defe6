import Foundation
import TestSupport
import Testing

/// What `docs/archive-format.md` shows is what the tool writes.
@Suite struct FormatExampleTests {
  /// Every path of keys in a JSON value with its kind, `objects[].rows:number`; of a list what any of its values has.
  private static func shape(_ value: Any, at path: String = "") -> Set<String> {
    switch value {
    case let object as [String: Any]:
      object.reduce(into: []) { $0.formUnion(shape($1.value, at: path.isEmpty ? $1.key : path + "." + $1.key)) }
    case let list as [Any]: list.reduce(into: []) { $0.formUnion(shape($1, at: path + "[]")) }
    case is String: [path + ":string"]
    case let number as NSNumber:
      // "c" is how Foundation keeps a truth value.
      [path + (String(cString: number.objCType) == "c" ? ":boolean" : ":number")]
    default: [path + ":null"]
    }
  }

  /// The page's documents, by the name that their `format` gives them.
  private static func shown() throws -> [String: Set<String>] {
    try DocumentPage("docs/archive-format.md").blocks("json").reduce(into: [:]) { shown, text in
      let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      if let name = document?["format"] as? String { shown[name] = shape(document as Any) }
    }
  }

  @Test func `each document has the keys that the page shows, and no others`() async throws {
    var shown = try Self.shown()
    // Of a bucket; a directory tells none.
    #expect(shown["archiver-manifest/1"]?.remove("objects[].etag:string") != nil)
    try await TimeTravelTests.withArchivedRows { scenario, batch in
      try await scenario.archiver("restore", "--where-key", "3", "--hold-days", "0")
      _ = try await scenario.database.psql("DELETE FROM public.events WHERE id = 3")
      try await TimeTravelTests.goBack(scenario)
      try await scenario.archiver("recover", "--rows-came-back")
      try await scenario.archiver("archive", "--max-batches", "1")
      let second = try #require(scenario.manifests.first { !$0.contains(batch) })
      var written: [String: Set<String>] = [:]
      func look(at file: String) throws {
        let document = try scenario.json(file)
        written[try #require(document["format"] as? String), default: []].formUnion(Self.shape(document))
      }
      for file in scenario.files where file.hasSuffix(".json") { try look(at: file) }
      // As if that run had been cut short between upload and prepare, with the rows back in the table.
      let name = try #require(try scenario.json(second)["batch_id"] as? String)
      try await scenario.archiver("restore", "--batch", name)
      try FileManager.default.removeItem(atPath: scenario.directory.path + "/storage/" + second)
      _ = try await scenario.database.psql("DELETE FROM archiver.batch WHERE batch_id = '\(name)'")
      try await scenario.archiver("recover")
      try look(at: try #require(scenario.files.first { $0.hasSuffix("_\(name).aborted.json") }))
      #expect(Set(written.keys) == Set(shown.keys))
      for (format, keys) in shown {
        #expect(written[format] == keys, "\(format): \(keys.symmetricDifference(written[format] ?? []).sorted())")
      }
    }
  }

  @Test func `the rows shown are written as they stand there, and DuckDB reads them as shown`() async throws {
    let page = try DocumentPage("docs/archive-format.md")
    let lines = page.blocks("json").filter { $0.contains("_archived_at") }
    try #require(lines.count == 2)
    try await withArchiveScenario(rows: 0) { scenario in
      _ = try await scenario.database.psql(
        """
        DROP TABLE public.events;
        CREATE TABLE public.events (
          id bigint PRIMARY KEY, created_at timestamptz NOT NULL, amount numeric(10, 2), body json);
        INSERT INTO public.events VALUES (17, '2025-01-31 12:34:56.789Z', 12.3, '{"k": 1.50}');
        """)
      try await scenario.archiver("archive")
      try await Self.expect(lines[0], amongRowsOf: scenario)
      let folder = scenario.directory.path + "/storage"
      let days = try await DocumentPage.duckDB(try #require(page.blocks("sql").first), in: folder)
      #expect(days.map { "\($0[0]) \($0[1]) \($0[2])" } == ["2025-01-31 1 2025-01-31T12:34:56.789Z"])
      _ = try await scenario.database.psql(
        """
        ALTER TABLE public.events DROP COLUMN amount, DROP COLUMN body, ADD COLUMN numbers int[];
        INSERT INTO public.events VALUES (3, '2025-03-03Z', '[0:1]={7,8}');
        """)
      try await scenario.archiver("archive")
      try await Self.expect(lines[1], amongRowsOf: scenario)
    }
  }

  /// The line stands in the archive, its time of archiving, batch and what the page leaves out apart.
  private static func expect(_ line: String, amongRowsOf scenario: ArchiveScenario) async throws {
    let rows = try await DocumentPage.shell("zcat db=*/*/*/*/*.jsonl.gz", in: scenario.directory.path + "/storage")
    let plain = { (text: String) in
      text.replacing(/"(_archived_at|_batch_id)":"[^"]+"/) { "\"\($0.1)\":\"…\"" }
    }
    let found = rows.output.split(separator: "\n").map { plain(String($0)) }
    let withoutTime = found.map { $0.replacing(/"created_at":"[^"]+",/, with: "") }
    #expect((found + withoutTime).contains(plain(line)), "\(line) among \(found)")
  }
}
