import ArchiveModel
import Gzip
import ObjectStore
import Operations
import Testing

/// What verify makes of several batches, restores and filters.
extension VerifyTests {
  @Test(
    "finds a key in two batches, unless a restore in between explains it, damaged or not", arguments: [false, true],
    [false, true])
  func duplicateBetweenBatches(isRestored: Bool, isDamaged: Bool) async throws {
    let archive = try SampleArchive()
    let older = try await archive.write(SampleArchive.Draft())
    if isDamaged { try await archive.put(older.objectKey, try await archive.bytes(older.objectKey) + [1]) }
    var draft = SampleArchive.Draft(day: 1, ids: 3...9)
    draft.archive(at: "2025-08-01T00:00:00Z")
    try await archive.write(draft)
    if isRestored {
      let restore = UUIDv7(unixMilliseconds: 1_760_000_000_000)
      let list = ArchiveLayout.restoredKeys(restore)
      let keys = Array("[\"3\"]\n[\"4\"]\n[\"5\"]\n".utf8)
      try await archive.put(list, try GzipCompressor(level: 6).compress(keys.span))
      let record = RestoreRecord(
        tool: "test", restoreID: restore, name: SampleArchive.table, target: nil, batches: [older.batchID], rows: 3,
        restoredAt: SampleArchive.time("2025-07-01"), holdUntil: SampleArchive.time("2025-07-08"), keys: list)
      try await archive.put(ArchiveLayout.restoreRecord(restore), try ArchiveDocument.encode(record))
    }
    let report = try await archive.verify()
    #expect(codes(report) == (isRestored ? [] : ["duplicate-key"]) + (isDamaged ? ["gzip", "sha256", "size"] : []))
  }

  @Test("takes only what the filters let through")
  func filters() async throws {
    let archive = try SampleArchive()
    let other = TableName(database: "app", schema: "public", table: "orders")
    let first = try await archive.write(SampleArchive.Draft())
    try await archive.write(SampleArchive.Draft(day: 9, ids: 10...12))
    try await archive.write(SampleArchive.Draft(table: other))
    var selection = Selection()
    selection.tables = [.init(schema: nil, table: "orders")]
    #expect(try await archive.verify(VerifyRequest(selection: selection)).tables.map(\.name) == [other])
    selection = Selection()
    selection.from = SampleArchive.time("2025-01-05")
    #expect(try await archive.verify(VerifyRequest(selection: selection)).rowCount == 3)
    #expect(try await archive.verify(VerifyRequest(selection: only(first))).rowCount == 5)
  }

  @Test("covers every batch once in N samples")
  func samples() async throws {
    let archive = try SampleArchive()
    for day in 1...12 { try await archive.write(SampleArchive.Draft(day: day, ids: day * 100...day * 100 + 1)) }
    var batches = 0
    for part in 1...4 {
      let report = try await archive.verify(VerifyRequest(sample: Sample(part: part, of: 4)))
      #expect(report.isSound)
      batches += report.batchCount
    }
    #expect(batches == 12)
  }

  @Test("stays sound when rows are read at a time zone of their own")
  func timeZone() async throws {
    let archive = try SampleArchive()
    var draft = SampleArchive.Draft()
    draft.manifest.columns[1].type = "timestamp without time zone"
    draft.manifest.timeZone = "Europe/Berlin"
    // 00:00:01 in Berlin is 23:00:01 of the day before in UTC.
    draft.lines = draft.lines.map {
      $0.replacing("2025-01-01T", with: "2025-01-02T").replacing(/Z","body"/, with: #"","body""#)
    }
    draft.manifest.range.first.time = SampleArchive.time("2025-01-01T23:00:01Z")
    draft.manifest.range.last.time = SampleArchive.time("2025-01-01T23:00:05Z")
    try await archive.write(draft)
    #expect(try await codes(archive.verify()) == [])
  }

  @Test("fails when the storage is not there")
  func missingStorage() async throws {
    let archive = try SampleArchive()
    try archive.removeStorage()
    await #expect(throws: OperationError.self) { _ = try await archive.verify() }
  }

  @Test(
    "reads samples as K/N",
    arguments: [
      ("1/7", true), ("7/7", true), ("0/7", false), ("8/7", false), ("1", false), ("a/b", false), ("1/2/3", false),
    ])
  func sampleText(text: String, isSample: Bool) {
    #expect((Sample(text) != nil) == isSample)
  }

  @Test("leaves a prepared document beside its manifest alone, and a superseded batch, run record and all")
  func explained() async throws {
    let archive = try SampleArchive()
    let (first, second) = (
      try await archive.write(SampleArchive.Draft()), try await archive.write(SampleArchive.Draft(day: 2))
    )
    let marker = try await archive.mark(second, .superseded)
    try await archive.writeRunRecord([first, second], superseded: [marker])
    try await archive.put(
      ArchiveLayout.document(.prepared, in: first.manifest.folder, batch: first.batchID), Array("{}\n".utf8))
    let report = try await archive.verify()
    #expect(codes(report) == [], "the superseded batch has the other's keys, and is ignored")
    #expect(report.tables.first?.batches == 1)
  }
}
