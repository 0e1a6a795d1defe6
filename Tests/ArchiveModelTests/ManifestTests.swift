import ArchiveModel
import Testing

@Suite struct ManifestTests {
  func prepared() throws -> Manifest {
    Manifest(
      format: Manifest.preparedFormat, tool: "archiver 0.1.0",
      batchID: try #require(UUIDv7("01936f2e-7c4a-7b3e-8d2f-0123456789ab")),
      runID: try #require(UUIDv7("01936f2e-7c4a-7b3e-8d2f-0123456789ac")),
      source: .init(
        database: "app", schema: "public", table: "events", serverVersion: 150_018,
        systemIdentifier: "7300000000000000000"),
      columns: [.init(name: "id", type: "bigint", baseType: nil, nullable: false, identity: "always", generated: nil)],
      primaryKey: ["id"], timestampColumn: "created_at", timeZone: "UTC", cutoff: try #require(Timestamp("2026-08-25")),
      partition: "dt=2025-01-31",
      range: .init(
        first: .init(time: try #require(Timestamp("2025-01-31T00:00:01Z")), key: ["17"]),
        last: .init(time: try #require(Timestamp("2025-01-31T23:00:00Z")), key: ["99"])),
      counts: .init(database: 2, fetched: 2, stored: 2, deleted: nil),
      objects: [
        .init(
          key: "db=app/schema=public/table=events/dt=2025-01-31/x.jsonl.gz", rows: 2, bytes: 61, sha256: "ab",
          contentBytes: 200, contentSHA256: "cd", etag: nil)
      ],
      archivedAt: try #require(Timestamp("2026-11-24T01:02:03Z")))
  }

  @Test func `commits to the same bytes every time`() throws {
    let time = try #require(Timestamp("2026-11-24T01:02:04.5Z"))
    let manifest = try prepared().committed(at: time)
    #expect(manifest.format == "archiver-manifest/1")
    #expect(manifest.counts.deleted == 2)
    #expect(try ArchiveDocument.encode(manifest) == ArchiveDocument.encode(prepared().committed(at: time)))
  }

  @Test func `uses the documented keys and reads back`() throws {
    let manifest = try prepared().committed(at: try #require(Timestamp("2026-11-24T01:02:04.5Z")))
    let bytes = try ArchiveDocument.encode(manifest)
    let text = String(decoding: bytes, as: UTF8.self)
    for key in [
      "batch_id", "run_id", "server_version", "system_identifier", "primary_key", "timestamp_column", "content_bytes",
      "content_sha256", "archived_at", "committed_at", "cutoff", "partition", "deleted",
    ] {
      #expect(text.contains("\"\(key)\" : "))
    }
    #expect(text.contains("\"cutoff\" : \"2026-08-25T00:00:00Z\""))
    #expect(try ArchiveDocument.decode(Manifest.self, from: bytes, formats: [Manifest.format]) == manifest)
  }

  @Test func `ignores unknown keys and refuses later formats`() throws {
    let manifest = try prepared()
    let text = String(decoding: try ArchiveDocument.encode(manifest), as: UTF8.self)
    let extended = text.replacing("{\n  \"archived_at\"", with: "{\n  \"novelty\": [1], \"archived_at\"")
    #expect(
      try ArchiveDocument.decode(Manifest.self, from: Array(extended.utf8), formats: [Manifest.preparedFormat])
        == manifest)
    let later = text.replacing("archiver-prepared/1", with: "archiver-prepared/2")
    #expect(
      throws: ArchiveDocumentError.unsupportedFormat(found: "archiver-prepared/2", expected: Manifest.preparedFormat)
    ) {
      try ArchiveDocument.decode(Manifest.self, from: Array(later.utf8), formats: [Manifest.preparedFormat])
    }
  }

  @Test(arguments: [
    ("", ""), ("[1]", ""), ("{\"format\":\"archiver-manifest/1\"}", "tool"),
    ("{\"format\":\"archiver-manifest/1\",\"tool\":3}", "tool"),
  ])
  func `says which key of a broken document is at fault`(text: String, path: String) {
    let error = #expect(throws: ArchiveDocumentError.self) {
      try ArchiveDocument.decode(Manifest.self, from: Array(text.utf8), formats: [Manifest.format])
    }
    guard case .unreadable(let found) = error else {
      Issue.record("expected unreadable")
      return
    }
    #expect(path.isEmpty || !found.isEmpty)
  }
}
