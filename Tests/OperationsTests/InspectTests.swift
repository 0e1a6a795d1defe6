import ArchiveModel
import Logging
import Operations
import Testing

@Suite("Inspect") struct InspectTests {
  /// Gathers what it is shown, up to a limit.
  private struct Collector: ArchivedRowVisitor {
    var lines: [String] = []
    var bodies: [String?] = []
    var limit = Int.max

    mutating func begin(_ manifest: Manifest) {}

    mutating func visit(_ line: Span<UInt8>, _ row: ArchivedRow) -> Bool {
      lines.append(String(decoding: line.indices.map { line[$0] }, as: UTF8.self))
      bodies.append(row.text(2))
      return lines.count < limit
    }
  }

  private func job(_ archive: SampleArchive) -> InspectJob {
    InspectJob(
      store: archive.store,
      context: JobContext(
        runID: UUIDv7(unixMilliseconds: 0), logger: Logger(label: "test"), progress: SilentProgress(),
        stop: StopRequest()))
  }

  private func rows(_ archive: SampleArchive, _ selection: Selection, limit: Int = .max) async throws -> Collector {
    let job = job(archive)
    var collector = Collector()
    collector.limit = limit
    try await job.rows(selection, of: try await job.batches(selection).batches, into: &collector)
    return collector
  }

  @Test("adds up batches by table and by period")
  func totals() async throws {
    let archive = try SampleArchive()
    let other = TableName(database: "app", schema: "public", table: "orders")
    try await archive.write(SampleArchive.Draft())
    try await archive.write(SampleArchive.Draft(day: 2, ids: 6...12))
    try await archive.write(SampleArchive.Draft(table: other))
    let batches = try await job(archive).batches(Selection()).batches
    let tables = ArchiveTotals.byTable(batches)
    #expect(tables.map(\.name) == [SampleArchive.table, other])
    #expect(tables.map(\.totals.rows) == [12, 5])
    #expect(tables.first?.totals.first == SampleArchive.time("2025-01-01T00:00:01Z"))
    #expect(tables.first?.totals.last == SampleArchive.time("2025-01-02T00:00:12Z"))
    #expect(ArchiveTotals.byPeriod(batches, .day).map(\.period) == ["2025-01-01", "2025-01-02"])
    #expect(ArchiveTotals.byPeriod(batches, .year).map(\.totals.rows) == [17])
  }

  @Test("lists the sound batches beside a damaged manifest, and says what is wrong")
  func damagedManifest() async throws {
    let archive = try SampleArchive()
    let draft = try await archive.write(SampleArchive.Draft())
    try await archive.write(SampleArchive.Draft(day: 2))
    try await archive.put(draft.manifestKey, Array("[]".utf8))
    let found = try await job(archive).batches(Selection())
    #expect(found.batches.count == 1)
    #expect(found.problems.map(\.place) == [draft.manifestKey])
  }

  @Test("leaves superseded batches out")
  func superseded() async throws {
    let archive = try SampleArchive()
    let draft = try await archive.write(SampleArchive.Draft())
    try await archive.mark(draft, .superseded)
    let found = try await job(archive).batches(Selection())
    #expect(found.batches.isEmpty && found.problems.isEmpty)
    // The manifest is another one since: the mark is none of it.
    try await archive.put(draft.manifestKey, archive.bytes(draft.manifestKey) + [UInt8(ascii: "\n")])
    let changed = try await job(archive).batches(Selection())
    #expect(changed.batches.count == 1)
    #expect(changed.problems.map(\.place) == [draft.manifestKey])
  }

  @Test("gives a batch's manifest as it is stored, and says when there is none")
  func manifest() async throws {
    let archive = try SampleArchive()
    let draft = try await archive.write(SampleArchive.Draft())
    let stored = try await archive.bytes(draft.manifestKey)
    let document = try await job(archive).manifest(draft.batchID, Selection())
    #expect(document.bytes == stored)
    await #expect(throws: OperationError.self) {
      _ = try await job(archive).manifest(UUIDv7(unixMilliseconds: 5), Selection())
    }
  }

  @Test("gives rows as they are stored, by key, by time and up to a limit")
  func rowSelection() async throws {
    let archive = try SampleArchive()
    let draft = try await archive.write(SampleArchive.Draft())
    try await archive.write(SampleArchive.Draft(day: 2, ids: 6...12))
    var selection = Selection()
    #expect(try await rows(archive, selection).lines.count == 12)
    #expect(try await rows(archive, selection, limit: 7).lines.count == 7)
    selection.keys = [["3"]]
    let byKey = try await rows(archive, selection)
    #expect(byKey.lines == [draft.lines[2]])
    #expect(byKey.bodies == ["row"])
    selection.keys = []
    selection.from = SampleArchive.time("2025-01-01T00:00:05Z")
    selection.to = SampleArchive.time("2025-01-02T00:00:07Z")
    #expect(try await rows(archive, selection).lines.count == 2, "the bounds are half-open")
  }

  /// The key is a bigint, 1 to 5.
  @Test(
    "refuses a key that cannot be one of the table's",
    arguments: [
      ["1", "2"], ["x"], [""], ["3.0"], ["1e0"], ["--3"], ["3 4"], ["9223372036854775808"], ["NaN"],
    ])
  func impossibleKeys(key: [String]) async throws {
    let archive = try SampleArchive()
    try await archive.write(SampleArchive.Draft())
    var selection = Selection()
    selection.keys = [["3"], key]
    let error = await #expect(throws: OperationError.self) { _ = try await rows(archive, selection) }
    #expect(error?.category == .data && error?.place == "app.public.events")
  }

  @Test("finds a key however PostgreSQL takes it", arguments: ["3", "+3", "003", " 3\n"])
  func spelledKeys(key: String) async throws {
    let archive = try SampleArchive()
    var draft = SampleArchive.Draft()
    draft.manifest.range.keys = .init(least: "1", greatest: "5")
    try await archive.write(draft)
    var selection = Selection()
    selection.keys = [[key]]
    #expect(try await rows(archive, selection).lines == [draft.lines[2]])
  }

  /// A type, a key, and how the rows have it; nil where the type takes no such value.
  static let forms: [(type: String, key: String, form: String?)] = [
    ("smallint", "-32768", "-32768"), ("smallint", "32768", nil), ("integer", "2147483647", "2147483647"),
    ("integer", "-2147483649", nil), ("bigint", "-9223372036854775808", "-9223372036854775808"),
    ("oid", "4294967295", "4294967295"), ("oid", "-1", "4294967295"), ("oid", "4294967296", nil),
    ("uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("uuid", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("uuid", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", nil), ("uuid", "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11", nil),
    ("uuid", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", nil), ("uuid", "17", nil), ("text", " x", " x"),
  ]

  @Test("takes the forms of a key that its type takes", arguments: forms.indices)
  func takenForms(index: Int) {
    let (type, key, form) = Self.forms[index]
    var manifest = SampleArchive.Draft().manifest
    manifest.columns[0].type = type
    #expect(manifest.canonicalKey([key]) == form.map { [$0] })
  }

  @Test("shows no row of a damaged object")
  func damagedObject() async throws {
    let archive = try SampleArchive()
    let draft = try await archive.write(SampleArchive.Draft())
    try await archive.put(draft.objectKey, try SampleArchive.gzip(Array(draft.lines.dropLast())).file)
    let job = job(archive)
    var collector = Collector()
    let batches = try await job.batches(Selection()).batches
    await #expect(throws: OperationError.self) {
      try await job.rows(Selection(), of: batches, into: &collector)
    }
    #expect(collector.lines.isEmpty)
  }

  @Test("names the external table as the table, in each engine", arguments: QueryEngine.allCases)
  func externalTable(engine: QueryEngine) async throws {
    let archive = try SampleArchive()
    try await archive.write(SampleArchive.Draft())
    let batches = try await job(archive).batches(Selection()).batches
    let table = try #require(ExternalTable.all(batches, at: "s3://bucket/o'clock").first)
    let statement = table.statement(for: engine)
    #expect(statement.contains("\"events\"") || statement.contains("`events`"))
    #expect(statement.contains("bucket/o''clock/db=app/schema=public/table=events/"))
    #expect(statement.contains("_batch_id"))
  }
}
