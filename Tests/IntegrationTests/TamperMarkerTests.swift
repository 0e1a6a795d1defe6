import ArchiveModel
import Foundation
import TestSupport
import Testing

/// What is put beside the batches of a good archive, to hide one or to pass for one, is found and named.
@Suite struct TamperMarkerTests {
  /// Something done to the archive, and what has to be found: the codes, in the order of their names, and what the first
  /// finding's key ends with.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var codes: [String]
    var key = ".jsonl.gz"
    var change: @Sendable (GoodArchive) throws -> Void
    var testDescription: String { name }
  }

  private func check(_ tampering: Case) async throws {
    try await GoodArchive.withCopy { archive in
      let head = try archive.sha256(archive.runRecords[2])
      try tampering.change(archive)
      let findings = try await archive.verify("--since-head", head).findings
      #expect(findings.map(\.code).sorted() == tampering.codes, "\(findings)")
      let first = try #require(findings.first)
      #expect(first.key.hasSuffix(tampering.key), "\(first)")
    }
  }

  static let markers = [
    Case(name: "an empty marker", codes: ["manifest"], key: ".superseded.json") { archive in
      try archive.put(archive.marker(.superseded, of: archive.manifests[1]), Data())
    },
    Case(name: "an empty marker in a batch's place", codes: ["gap", "manifest"], key: ".superseded.json") { archive in
      let manifest = archive.manifests[1]
      try archive.put(archive.marker(.superseded, of: manifest), Data())
      try archive.removeBatch(manifest)
    },
    Case(
      name: "empty markers in all batches' places",
      codes: ["gap", "gap", "gap", "gap"] + Array(repeating: "manifest", count: 4),
      key: ".superseded.json"
    ) { archive in
      for manifest in archive.manifests {
        try archive.put(archive.marker(.superseded, of: manifest), Data())
        try archive.removeBatch(manifest)
      }
    },
    Case(name: "the marker of another batch", codes: ["manifest"], key: ".superseded.json") { archive in
      try archive.supersede(archive.manifests[0], isNamed: false)
      let marker = archive.marker(.superseded, of: archive.manifests[0])
      try archive.put(archive.marker(.superseded, of: archive.manifests[1]), try archive.data(marker))
      try archive.remove(marker)
    },
    Case(name: "a forged marker that fits its batch", codes: ["manifest"], key: ".superseded.json") { archive in
      try archive.supersede(archive.manifests[1], isNamed: false)
    },
    Case(name: "a marker of other bytes than its run record names", codes: ["manifest"], key: ".superseded.json") {
      archive in
      try archive.supersede(archive.manifests[1])
      let marker = archive.marker(.superseded, of: archive.manifests[1])
      let text = String(decoding: try archive.data(marker), as: UTF8.self)
      try archive.put(marker, Data(text.replacing("\"tool\" : \"test\"", with: "\"tool\" : \"else\"").utf8))
    },
    Case(name: "a run record that names a manifest as a marker", codes: ["manifest"], key: ".json") { archive in
      try archive.supersede(archive.manifests[1])
      let manifest = archive.manifests[1]
      let sum = try archive.sha256(manifest)
      try archive.changeRunRecord(try #require(archive.runRecords.last)) { record in
        record.tables[0].superseded?.append(.init(key: manifest, sha256: sum))
      }
    },
    Case(name: "a marker of a future format", codes: ["format"], key: ".superseded.json") { archive in
      let marker = archive.marker(.superseded, of: archive.manifests[1])
      try archive.put(marker, Data("{\"format\": \"archiver-superseded/2\"}".utf8))
    },
    Case(name: "a superseded batch taken away", codes: ["gap"], key: ".manifest.json") { archive in
      try archive.supersede(archive.manifests[1])
      try archive.removeBatch(archive.manifests[1])
    },
    Case(name: "a superseded batch's manifest taken away", codes: ["gap"], key: ".manifest.json") { archive in
      try archive.supersede(archive.manifests[1])
      try archive.remove(archive.manifests[1])
    },
    Case(name: "a superseded batch's object taken away", codes: ["missing-object"]) { archive in
      try archive.supersede(archive.manifests[1])
      try archive.remove(archive.objects[1])
    },
    Case(name: "an object put beside a superseded batch", codes: ["orphan-object"], key: "-2.jsonl.gz") { archive in
      try archive.supersede(archive.manifests[1])
      try archive.put(archive.objects[1].replacing(".jsonl", with: "-2.jsonl"), archive.data(archive.objects[1]))
    },
    Case(name: "a superseded batch's object altered", codes: ["gzip", "sha256", "size"]) { archive in
      try archive.supersede(archive.manifests[1])
      try archive.put(archive.objects[1], Data("garbage".utf8))
    },
    Case(name: "a superseded batch's object altered, of its size", codes: ["gzip", "sha256"]) { archive in
      try archive.supersede(archive.manifests[1])
      var bytes = [UInt8](try archive.data(archive.objects[1]))
      bytes[bytes.count - 6] ^= 0xFF  // of the checksum at the end
      try archive.put(archive.objects[1], Data(bytes))
    },
    Case(
      name: "an empty aborted marker in a manifest's place", codes: ["gap", "manifest", "orphan-object"],
      key: ".aborted.json"
    ) { archive in
      try archive.put(archive.marker(.aborted, of: archive.manifests[1]), Data())
      try archive.remove(archive.manifests[1])
    },
  ]

  @Test(arguments: markers) func `no marker hides what is gone or altered`(tampering: Case) async throws {
    try await check(tampering)
  }

  private static func stranger(_ name: String, _ key: @escaping @Sendable (String) -> String) -> Case {
    Case(name: name, codes: ["orphan-object"], key: "") { archive in
      let object = archive.objects[1]
      try archive.put(key(object), try archive.data(object))
    }
  }

  /// `name` of an object's file, in the place of its own.
  private static func named(_ object: String, _ name: (String) -> String) -> String {
    let parts = object.split(separator: "/")
    return parts.dropLast().joined(separator: "/") + "/" + name(String(parts.last?.prefix(36) ?? ""))
  }

  static let strangers = [
    stranger("a second object of a batch of one") { named($0) { "\($0)-2.jsonl.gz" } },
    stranger("a number with a zero in front") { named($0) { "\($0)-02.jsonl.gz" } },
    stranger("an id in capitals") { named($0) { "\($0.uppercased()).jsonl.gz" } },
    stranger("a manifest's name in capitals") { named($0) { "_\($0.uppercased()).manifest.json" } },
    stranger("rows under any other name") { named($0) { _ in "evil.jsonl.gz" } },
    stranger("a document under any other name") { named($0) { _ in "evil.json" } },
    stranger("a hidden file") { named($0) { _ in "_evil" } },
    stranger("the signature of nothing") { named($0) { "\($0).jsonl.gz.sig" } },
    stranger("an object in a folder of its own") { named($0) { "x/\($0).jsonl.gz" } },
    stranger("an object directly under a database") { "db=app/" + ($0.split(separator: "/").last ?? "") },
    stranger("an object of a table spelled wrongly") { $0.replacing("table=events", with: "table=ev%zz") },
    stranger("an object of a table spelled in another way") { $0.replacing("table=events", with: "table=%65vents") },
    Case(name: "an object whose manifest names none", codes: ["gap", "manifest", "orphan-object"]) { archive in
      try archive.changeManifest(archive.manifests[1]) { manifest in
        manifest.objects = []
        manifest.counts = .init(database: 0, fetched: 0, stored: 0, deleted: 0)
      }
      try archive.reseal()
    },
  ]

  @Test(arguments: strangers) func `what query engines may take for rows is found`(tampering: Case) async throws {
    try await check(tampering)
  }

  @Test func `a superseded batch is no finding, and is named`() async throws {
    try await GoodArchive.withCopy { archive in
      let manifest = archive.manifests[1]
      try archive.supersede(manifest)
      let (findings, summary) = try await archive.verify()
      #expect(findings.isEmpty && summary.batches == 3, "\(findings)")
      #expect(summary.notes.contains { $0.contains(archive.batch(of: manifest)) }, "\(summary.notes)")
    }
  }

  @Test func `restore and inspect leave out what is superseded, and believe no empty marker`() async throws {
    try await withThrowawayDatabase { database in
      try await GoodArchive.withCopy { archive in
        let manifest = archive.manifests[1]
        let restore = ["restore", "--storage", archive.url, "--target", database.url, "--create-table", "--dry-run"]
        let list = ["inspect", "list", "--batches", "--storage", archive.url, "--output", "json"]
        try archive.put(archive.marker(.superseded, of: manifest), Data())
        let refused = try await ArchiverCommand(restore).run()
        #expect(refused.exitCode == 65 && refused.errorOutput.contains(".superseded.json"), "\(refused)")
        let told = try await ArchiverCommand(list).run()
        #expect(told.exitCode == 1 && told.errorOutput.contains(".superseded.json"), "\(told)")
        #expect(told.output.contains(archive.batch(of: manifest)), "\(told)")

        try archive.supersede(manifest)
        let listed = try await ArchiverCommand(list).run()
        #expect(listed.exitCode == 0 && !listed.output.contains(archive.batch(of: manifest)), "\(listed)")
        let restored = try await ArchiverCommand(restore + ["--output", "text"]).run()
        #expect(restored.exitCode == 0, "\(restored)")
        #expect(restored.output.contains("superseded") && restored.output.contains(archive.batch(of: manifest)))

        try archive.changeManifest(manifest) { $0.tool = "archiver 0.0.1" }
        let doubted = try await ArchiverCommand(restore).run()
        #expect(doubted.exitCode == 65 && doubted.errorOutput.contains(".manifest.json"), "\(doubted)")
      }
    }
  }
}

extension GoodArchive {
  /// The key of a document beside a manifest.
  func marker(_ document: ArchiveLayout.Document, of manifest: String) -> String {
    manifest.replacing(".manifest.json", with: ".\(document.rawValue).json")
  }

  /// Marks a batch as `recover --rows-came-back` does, with a run record that names the marker.
  func supersede(_ key: String, isNamed: Bool = true) throws {
    let manifest = try manifest(key)
    let marker = SupersededMarker(
      tool: "test", batchID: manifest.batchID, runID: manifest.runID, supersededAt: manifest.archivedAt,
      manifestSHA256: try sha256(key),
      server: ServerIdentity(systemIdentifier: nil, databaseOID: 1, timeline: nil, startedAt: manifest.archivedAt))
    let markerKey = self.marker(.superseded, of: key)
    try put(markerKey, Data(try ArchiveDocument.encode(marker)))
    guard isNamed else { return }
    let last = try #require(runRecords.last)
    let table = RunRecord.Table(
      name: manifest.source.name, outcome: "complete", cutoff: nil, eligible: nil, rows: 0, bytes: 0, remaining: nil,
      manifests: [], superseded: [.init(key: markerKey, sha256: try sha256(markerKey))], error: nil)
    var record = try runRecord(last)
    record.runID = UUIDv7(unixMilliseconds: record.runID.time.unixMilliseconds + 1)
    (record.previous, record.tables) = ([.init(key: last, sha256: try sha256(last))], [table])
    try put(
      ArchiveLayout.runRecord(record.runID, startedAt: record.startedAt), Data(try ArchiveDocument.encode(record)))
  }

  /// Removes a manifest and its objects.
  func removeBatch(_ key: String) throws {
    for object in try manifest(key).objects { try remove(object.key) }
    try remove(key)
  }
}
