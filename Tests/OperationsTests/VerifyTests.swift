import ArchiveModel
import Gzip
import ObjectStore
import Operations
import Testing

@Suite("Verify") struct VerifyTests {
  func codes(_ report: VerifyReport) -> [String] { report.findings.map(\.code.rawValue).sorted() }

  func only(_ draft: SampleArchive.Draft) -> Selection {
    var selection = Selection()
    selection.batches = [draft.batchID]
    return selection
  }

  @Test("finds nothing in a sound archive", arguments: VerifyLevel.allCases)
  func soundArchive(level: VerifyLevel) async throws {
    let archive = try SampleArchive()
    var second = SampleArchive.Draft(day: 2, ids: 6...12)
    second.moreLines = Array(second.lines[4...])
    second.lines = Array(second.lines[..<4])
    let drafts = [try await archive.write(SampleArchive.Draft()), try await archive.write(second)]
    try await archive.writeRunRecord(drafts)
    let report = try await archive.verify(VerifyRequest(level: level))
    #expect(codes(report) == [])
    #expect(report.isSound)
    #expect(report.runRecords == 1)
    let table = try #require(report.tables.first)
    #expect(table.name == SampleArchive.table)
    #expect((table.batches, table.objects, table.rows) == (2, 3, 12))
    #expect(table.first == SampleArchive.time("2025-01-01T00:00:01Z"))
    #expect(table.last == SampleArchive.time("2025-01-02T00:00:12Z"))
    #expect(table.rowsByMonth == ["2025-01": 12])
  }

  @Test("finds nothing, and no tables, in an archive without batches, and says where there is none")
  func emptyArchive() async throws {
    let archive = try SampleArchive()
    let error = await #expect(throws: OperationError.self) { try await archive.verify() }
    #expect(error?.category == .data)
    try await archive.writeRunRecord([], run: UUIDv7(unixMilliseconds: 1_760_000_000_000))
    let report = try await archive.verify()
    #expect(report.isSound)
    #expect(report.tables.isEmpty)
  }

  /// Something done to one object of a sound archive, and what has to be found.
  struct Damage: Sendable, CustomTestStringConvertible {
    var name: String
    var codes: [String]
    var headCodes: [String] = []
    var change: @Sendable ([UInt8], SampleArchive.Draft) throws -> [UInt8]?
    var testDescription: String { name }

    static let all: [Damage] = [
      Damage(name: "removed", codes: ["missing-object"], headCodes: ["missing-object"]) { _, _ in nil },
      Damage(name: "a byte of the header's time flipped", codes: ["sha256"]) { file, _ in
        var file = file
        file[4] ^= 1
        return file
      },
      Damage(name: "a byte in the middle flipped", codes: ["gzip", "sha256"]) { file, _ in
        var file = file
        file[file.count - 7] ^= 1
        return file
      },
      Damage(name: "cut short", codes: ["gzip", "sha256", "size"], headCodes: ["size"]) { file, _ in
        Array(file.dropLast(20))
      },
      Damage(name: "emptied", codes: ["gzip", "sha256", "size"], headCodes: ["size"]) { _, _ in [] },
      Damage(name: "no gzip", codes: ["gzip", "sha256"]) { file, _ in file.map { _ in UInt8(ascii: "x") } },
      Damage(name: "bytes behind it", codes: ["gzip", "sha256", "size"], headCodes: ["size"]) { file, _ in
        file + [0, 0]
      },
      Damage(name: "a second member", codes: ["gzip", "sha256", "size"], headCodes: ["size"]) { file, _ in file + file
      },
      Damage(
        name: "a row taken out", codes: ["content-sha256", "line-count", "sha256", "size"], headCodes: ["size"]
      ) { _, draft in
        try SampleArchive.gzip(draft.lines.filter { !$0.contains(#""id":3,"#) }).file
      },
      Damage(
        name: "the last newline taken out", codes: ["content-sha256", "line-count", "sha256"]
      ) { _, draft in
        try SampleArchive.gzip(draft.lines, isEnded: false).file
      },
    ]
  }

  @Test("finds damage to an object", arguments: Damage.all)
  func objectDamage(damage: Damage) async throws {
    let archive = try SampleArchive()
    let draft = try await archive.write(SampleArchive.Draft())
    try await archive.write(SampleArchive.Draft(day: 3, ids: 20...25))
    if let changed = try damage.change(try await archive.bytes(draft.objectKey), draft) {
      try await archive.put(draft.objectKey, changed)
    } else {
      try await archive.store.delete(draft.objectKey)
    }
    let full = try await archive.verify()
    #expect(codes(full) == damage.codes)
    #expect(full.findings.allSatisfy { $0.key == draft.objectKey && $0.batchID == draft.batchID })
    #expect(full.tables.first?.batches == 2, "the other batch is looked at all the same")
    let head = try await archive.verify(VerifyRequest(level: .head))
    #expect(codes(head) == damage.headCodes)
  }

  /// Something that a batch says wrongly of itself though all its sums fit.
  struct Contradiction: Sendable, CustomTestStringConvertible {
    var name: String
    var codes: [String]
    var change: @Sendable (inout SampleArchive.Draft) -> Void
    var testDescription: String { name }

    static let all: [Contradiction] = [
      Contradiction(name: "a line that is no JSON", codes: ["row"]) { $0.lines[2] = "{not json" },
      Contradiction(name: "a line of other columns", codes: ["row"]) {
        $0.lines[2] = $0.lines[2].replacing(#""body""#, with: #""text""#)
      },
      Contradiction(name: "a key of another type", codes: ["row"]) {
        $0.lines[2] = $0.lines[2].replacing(#""id":3"#, with: #""id":"3""#)
      },
      Contradiction(name: "another batch's id in a row", codes: ["batch-id"]) {
        $0.lines[2] = $0.lines[2].replacing($0.batchID.description, with: UUIDv7(unixMilliseconds: 5).description)
      },
      Contradiction(name: "a time behind the range", codes: ["range"]) {
        $0.lines[2] = $0.lines[2].replacing("2025-01-01T00:00:03Z", with: "2025-01-01T00:00:09Z")
      },
      Contradiction(name: "a range wider than its rows", codes: ["range"]) {
        $0.manifest.range.last.time = SampleArchive.time("2025-01-01T23:00:00Z")
      },
      Contradiction(name: "a range outside the partition", codes: ["range", "range"]) {
        $0.manifest.range.last.time = SampleArchive.time("2025-01-02T00:00:00Z")
        $0.lines[4] = $0.lines[4].replacing("2025-01-01T00:00:05Z", with: "2025-01-02T00:00:01Z")
      },
      Contradiction(name: "rows behind the cutoff", codes: ["range"]) {
        $0.manifest.cutoff = SampleArchive.time("2025-01-01T00:00:05Z")
      },
      Contradiction(name: "a key twice", codes: ["duplicate-key"]) {
        $0.lines[2] = $0.lines[2].replacing(#""id":3,"#, with: #""id":2,"#)
      },
      Contradiction(name: "counts that differ", codes: ["manifest"]) { $0.manifest.counts.deleted = 4 },
      Contradiction(name: "another batch's id in the manifest", codes: ["manifest"]) {
        $0.manifest.batchID = UUIDv7(unixMilliseconds: 5)
      },
      Contradiction(name: "a key column that is none", codes: ["manifest"]) { $0.manifest.primaryKey = ["nothing"] },
      Contradiction(name: "a later format", codes: ["format"]) { $0.manifest.format = "archiver-manifest/2" },
    ]
  }

  @Test(
    "finds a key that is in two batches, or twice in one, with however few keys in memory",
    arguments: [1, 3, 7, 1 << 20])
  func heldKeys(count: Int) async throws {
    let archive = try SampleArchive()
    for day in 1...8 { try await archive.write(SampleArchive.Draft(day: day, ids: day * 10...day * 10 + 5)) }
    var request = VerifyRequest()
    request.heldKeyCount = count
    let sound = try await archive.verify(request)
    #expect(codes(sound) == [])
    let shared = try await archive.write(SampleArchive.Draft(day: 9, ids: 75...79))
    var repeating = SampleArchive.Draft(day: 10, ids: 100...105)
    repeating.lines[2] = repeating.lines[2].replacing(#""id":102,"#, with: #""id":104,"#)
    try await archive.write(repeating)
    let findings = try await archive.verify(request).findings
    #expect(findings.map(\.code) == [.duplicateKey, .duplicateKey])
    #expect(findings.map(\.batchID) == [shared.batchID, repeating.batchID])
    #expect(findings.first?.found.hasPrefix("1 key ") == true, "\(findings)")
  }

  @Test("finds batches that contradict themselves", arguments: Contradiction.all)
  func contradiction(contradiction: Contradiction) async throws {
    let archive = try SampleArchive()
    var draft = SampleArchive.Draft()
    contradiction.change(&draft)
    try await archive.write(draft)
    let report = try await archive.verify()
    #expect(codes(report) == contradiction.codes)
  }

  /// What a manifest says of its rows' keys, which are 1 to 5 or, as uuids, of that last digit.
  struct KeyClaim: Sendable, CustomTestStringConvertible {
    var type = "bigint"
    var least: String
    var greatest: String
    var codes: [String]
    var testDescription: String { "\(type) from \(least) to \(greatest)" }

    static let all: [KeyClaim] = [
      KeyClaim(least: "1", greatest: "5", codes: []),
      KeyClaim(least: "2", greatest: "5", codes: ["range"]),
      KeyClaim(least: "1", greatest: "4", codes: ["range"]),
      KeyClaim(least: "-7", greatest: "5", codes: ["range"]),
      KeyClaim(least: "1", greatest: "9223372036854775807", codes: ["range"]),
      KeyClaim(least: "", greatest: "five", codes: ["range"]),
      KeyClaim(type: "uuid", least: uuid(1), greatest: uuid(5), codes: []),
      KeyClaim(type: "uuid", least: uuid(1), greatest: uuid(4), codes: ["range"]),
      KeyClaim(type: "uuid", least: uuid(2), greatest: uuid(5), codes: ["range"]),
    ]

    static func uuid(_ digit: Int) -> String { "019a0000-0000-7000-8000-00000000000\(digit)" }
  }

  @Test("holds the bounds of the keys against the rows, which a search by key relies on", arguments: KeyClaim.all)
  func keyClaim(claim: KeyClaim) async throws {
    let archive = try SampleArchive()
    var draft = SampleArchive.Draft()
    if claim.type == "uuid" {
      draft.manifest.columns[0].type = "uuid"
      (draft.manifest.range.first.key, draft.manifest.range.last.key) = ([KeyClaim.uuid(1)], [KeyClaim.uuid(5)])
      for index in draft.lines.indices {
        draft.lines[index].replace(#""id":\#(index + 1)"#, with: #""id":"\#(KeyClaim.uuid(index + 1))""#)
      }
    }
    draft.manifest.range.keys = .init(least: claim.least, greatest: claim.greatest)
    // A second object holds the rows at the end: the bounds are those of the batch.
    draft.moreLines = [draft.lines.removeLast()]
    try await archive.write(draft)
    let report = try await archive.verify()
    #expect(codes(report) == claim.codes, "\(report.findings)")
  }

  @Test(
    "refuses hostile manifests without following them",
    arguments: [
      ("../../etc/passwd", 5, 5), ("/etc/passwd", 5, 5), ("db=app/schema=public/table=other/x.jsonl.gz", 5, 5),
      ("", -1, 5), ("", 5, Int.max),
    ])
  func hostileManifest(key: String, rows: Int, contentBytes: Int) async throws {
    let archive = try SampleArchive()
    var draft = try await archive.write(SampleArchive.Draft())
    if !key.isEmpty { draft.manifest.objects[0].key = key }
    draft.manifest.objects[0].rows = rows
    draft.manifest.objects[0].contentBytes = contentBytes
    try await archive.writeManifest(draft.manifest, at: draft.manifestKey)
    let report = try await archive.verify()
    #expect(codes(report) == ["manifest"])
  }

  @Test("finds a manifest that is no JSON")
  func unreadableManifest() async throws {
    let archive = try SampleArchive()
    let draft = try await archive.write(SampleArchive.Draft())
    try await archive.put(draft.manifestKey, Array("{".utf8))
    let report = try await archive.verify()
    #expect(codes(report) == ["manifest"])
    #expect(report.findings.first?.key == draft.manifestKey)
  }

  @Test("finds an object whose manifest was taken away, and the gap in the run record")
  func removedManifest() async throws {
    let archive = try SampleArchive()
    let draft = try await archive.write(SampleArchive.Draft())
    try await archive.writeRunRecord([draft])
    try await archive.store.delete(draft.manifestKey)
    let report = try await archive.verify()
    #expect(codes(report) == ["gap", "orphan-object"])
    let named = try await archive.verify(VerifyRequest(selection: only(draft)))
    #expect(codes(named) == [], "a filter by batch says nothing of the whole")
  }

  @Test("finds a manifest altered after its run")
  func alteredManifest() async throws {
    let archive = try SampleArchive()
    var draft = try await archive.write(SampleArchive.Draft())
    try await archive.writeRunRecord([draft])
    draft.manifest.tool = "someone else"
    try await archive.writeManifest(draft.manifest, at: draft.manifestKey)
    let report = try await archive.verify()
    #expect(codes(report) == ["manifest"])
    #expect(report.findings.first?.key == draft.manifestKey)
  }

  @Test(
    "tells what a document without a manifest means",
    arguments: [
      (ArchiveLayout.Document.prepared, false, ["in-doubt"]), (.aborted, true, []),
      (.superseded, true, ["gap", "manifest"]), (.aborted, false, ["manifest", "orphan-object"]),
      (.superseded, false, ["manifest", "orphan-object"]),
    ])
  func documents(document: ArchiveLayout.Document, isSound: Bool, expected: [String]) async throws {
    let archive = try SampleArchive()
    let draft = try await archive.write(SampleArchive.Draft())
    if isSound {
      try await archive.mark(draft, document)
    } else {
      try await archive.put(
        ArchiveLayout.document(document, in: draft.manifest.folder, batch: draft.batchID), Array("{}\n".utf8))
    }
    try await archive.store.delete(draft.manifestKey)
    #expect(try await codes(archive.verify()) == expected)
  }
}
