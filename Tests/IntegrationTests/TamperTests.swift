import ArchiveModel
import Foundation
import Hashing
import TestSupport
import Testing

/// Whatever is done to a good archive, `verify` finds it, names it, and finds nothing else.
@Suite struct TamperTests {
  /// Something done to the archive, and what has to be found: the codes, in the order of their names, and what the first
  /// finding's key ends with.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var codes: [String]
    var key = ".jsonl.gz"
    var change: @Sendable (GoodArchive) throws -> Void
    var testDescription: String { name }
  }

  /// The code, key, batch, what was expected and found, and what it means are all there; see `GoodArchive.verify`.
  private func check(_ tampering: Case) async throws {
    try await GoodArchive.withCopy { archive in
      try tampering.change(archive)
      let findings = try await archive.verify().findings
      #expect(findings.map(\.code).sorted() == tampering.codes, "\(findings)")
      let first = try #require(findings.first)
      #expect(first.key.hasSuffix(tampering.key), "\(first)")
      if first.key.hasPrefix("db=") { #expect(first.batchID == archive.batch(of: first.key)) }
    }
  }

  @Test func `a good archive has no finding, and one head`() async throws {
    try await GoodArchive.withCopy { archive in
      for level in ["head", "full"] {
        let (findings, summary) = try await archive.verify("--level", level)
        #expect(findings.isEmpty && summary.batches == 4)
        #expect(summary.heads.map(\.key) == archive.runRecords.suffix(1))
        #expect(summary.heads.map(\.sha256) == [try archive.sha256(archive.runRecords[2])])
      }
    }
  }

  /// With the bucket alone: whoever did it did not, or could not, make the documents fit.
  static let careless = [
    Case(name: "an object removed", codes: ["missing-object"]) { try $0.remove($0.objects[1]) },
    Case(name: "a bit of the checksum flipped", codes: ["gzip", "sha256"]) { archive in
      var file = try archive.data(archive.objects[1])
      file[file.count - 7] ^= 0x40
      try archive.put(archive.objects[1], file)
    },
    Case(name: "an object cut short", codes: ["gzip", "sha256", "size"]) { archive in
      try archive.put(archive.objects[1], try archive.data(archive.objects[1]).dropLast(9))
    },
    Case(name: "a manifest that is no JSON", codes: ["manifest"], key: ".manifest.json") {
      try $0.put($0.manifests[1], Data("{\"format\": \"archiver-manifest/1\"".utf8))
    },
    Case(name: "a manifest altered", codes: ["manifest"], key: ".manifest.json") { archive in
      try archive.changeManifest(archive.manifests[1]) { $0.tool = "archiver 0.0.1" }
    },
    Case(name: "a manifest taken away", codes: ["gap", "orphan-object"]) { try $0.remove($0.manifests[1]) },
    Case(name: "a batch taken away", codes: ["gap"], key: ".manifest.json") { archive in
      try archive.remove(archive.objects[1])
      try archive.remove(archive.manifests[1])
    },
    Case(name: "an object without a manifest put in", codes: ["orphan-object"]) { archive in
      let stranger = UUIDv7(unixMilliseconds: 1_770_000_000_000).description
      let key = archive.objects[1].replacing(archive.batch(of: archive.objects[1]), with: stranger)
      try archive.put(key, try archive.data(archive.objects[1]))
    },
    Case(name: "a run record taken away", codes: ["gap"], key: ".json") { try $0.remove($0.runRecords[1]) },
    Case(name: "a whole run taken away", codes: ["gap"], key: ".json") { archive in
      for manifest in try archive.runRecord(archive.runRecords[1]).tables.flatMap(\.manifests) {
        try archive.remove(try archive.manifest(manifest.key).objects[0].key)
        try archive.remove(manifest.key)
      }
      try archive.remove(archive.runRecords[1])
    },
    Case(name: "a run record altered", codes: ["manifest"], key: ".json") { archive in
      try archive.changeRunRecord(archive.runRecords[0]) { $0.tables = [] }
    },
    Case(name: "an older run record in the newest one's place", codes: ["manifest"], key: ".json") { archive in
      try archive.put(archive.runRecords[2], try archive.data(archive.runRecords[0]))
    },
    Case(name: "a run record under another name", codes: ["manifest"], key: "_runs/evil\u{1B}[31m.json") { archive in
      try archive.put("_runs/evil\u{1B}[31m.json", try archive.data(archive.runRecords[0]))
    },
    Case(name: "a run record that claims more rows", codes: ["manifest"], key: ".json") { archive in
      try archive.changeRunRecord(archive.runRecords[2]) { $0.tables[0].rows += 1 }
    },
    Case(name: "a run record that is no JSON", codes: ["manifest"], key: ".json") {
      try $0.put($0.runRecords[2], Data("[]".utf8))
    },
  ]

  @Test(arguments: careless) func `careless tampering is found`(tampering: Case) async throws {
    try await check(tampering)
  }

  /// By someone who rewrites manifests and run records, too, so that one contradiction alone is left.
  static let thorough = [
    Case(name: "another size in the manifest", codes: ["size"]) { archive in
      try archive.changeManifest(archive.manifests[1]) { $0.objects[0].bytes += 1 }
      try archive.reseal()
    },
    Case(name: "another SHA-256 in the manifest", codes: ["sha256"]) { archive in
      try archive.changeManifest(archive.manifests[1]) { $0.objects[0].sha256 = String(repeating: "0", count: 64) }
      try archive.reseal()
    },
    Case(name: "another content SHA-256 in the manifest", codes: ["content-sha256"]) { archive in
      try archive.changeManifest(archive.manifests[1]) {
        $0.objects[0].contentSHA256 = String(repeating: "f", count: 64)
      }
      try archive.reseal()
    },
    Case(name: "more rows promised than there are", codes: ["line-count"]) { archive in
      try archive.changeManifest(archive.manifests[1]) { manifest in
        manifest.objects[0].rows += 1
        manifest.counts = .init(database: 11, fetched: 11, stored: 11, deleted: 11)
      }
      try archive.reseal()
    },
    Case(name: "counts that differ", codes: ["manifest"], key: ".manifest.json") { archive in
      try archive.changeManifest(archive.manifests[1]) { $0.counts.deleted = 9 }
      try archive.reseal()
    },
    Case(name: "no gzip", codes: ["gzip"]) { archive in
      try archive.forgeObject(archive.objects[1], Data(try archive.lines(archive.objects[1]).joined().utf8))
    },
    Case(name: "a truncated member", codes: ["gzip"]) { archive in
      try archive.forgeObject(archive.objects[1], try archive.data(archive.objects[1]).dropLast(9))
    },
    Case(name: "bytes behind the member", codes: ["gzip"]) { archive in
      try archive.forgeObject(archive.objects[1], try archive.data(archive.objects[1]) + Data([0, 0]))
    },
    Case(name: "a second member", codes: ["gzip"]) { archive in
      try archive.forgeObject(
        archive.objects[1], try archive.data(archive.objects[1]) + archive.data(archive.objects[0]))
    },
    Case(name: "a line that is no JSON", codes: ["row"]) { archive in
      try archive.forgeLines(archive.objects[1]) { $0[3] = String($0[3].dropLast()) }
    },
    Case(name: "a line of other columns", codes: ["row"]) { archive in
      try archive.forgeLines(archive.objects[1]) { $0[3] = $0[3].replacing("\"note\"", with: "\"text\"") }
    },
    Case(name: "another batch's id in a row", codes: ["batch-id"]) { archive in
      let other = archive.batch(of: archive.objects[0])
      let own = archive.batch(of: archive.objects[1])
      try archive.forgeLines(archive.objects[1]) { $0[3] = $0[3].replacing(own, with: other) }
    },
    Case(name: "another time of archiving in a row", codes: ["batch-id"]) { archive in
      try archive.forgeLines(archive.objects[1]) { lines in
        lines[3] = lines[3].replacing(/"_archived_at":"\d{4}/, with: "\"_archived_at\":\"1999")
      }
    },
    Case(name: "no time of commit", codes: ["manifest"], key: ".manifest.json") { archive in
      try archive.changeManifest(archive.manifests[1]) { $0.committedAt = nil }
      try archive.reseal()
    },
    Case(name: "a commit before the rows were archived", codes: ["manifest"], key: ".manifest.json") { archive in
      try archive.changeManifest(archive.manifests[1]) { $0.committedAt = Timestamp("2025-02-01") }
      try archive.reseal()
    },
    Case(name: "a manifest of a run that did not write it", codes: ["manifest"], key: ".json") { archive in
      try archive.changeManifest(archive.manifests[1]) { $0.runID = $0.batchID }
      try archive.reseal()
    },
    Case(name: "a time outside the range", codes: ["range"]) { archive in
      try archive.forgeLines(archive.objects[1]) { lines in
        lines[3] = lines[3].replacing(/"created_at":"[^"]*"/, with: "\"created_at\":\"2025-01-29T23:59:59Z\"")
      }
    },
    Case(name: "bounds that hide a key from searches", codes: ["range"], key: ".manifest.json") { archive in
      try archive.changeManifest(archive.manifests[1]) { manifest in
        manifest.range.keys = manifest.range.keys.map { .init(least: $0.least, greatest: $0.least) }
      }
      try archive.reseal()
    },
    Case(name: "a range outside the partition", codes: ["range"], key: ".manifest.json") { archive in
      try archive.changeManifest(archive.manifests[1]) { manifest in
        manifest.range.last.time = Timestamp("2025-02-20") ?? manifest.range.last.time
      }
      try archive.reseal()
    },
    Case(name: "a key twice in a batch", codes: ["duplicate-key"], key: ".manifest.json") { archive in
      try archive.forgeLines(archive.objects[1]) { lines in
        lines[3] = lines[3].replacing(/"id":\d+/, with: lines[4].firstMatch(of: /"id":\d+/)?.output ?? "")
      }
    },
    Case(name: "a key in two batches", codes: ["duplicate-key", "range"], key: ".manifest.json") { archive in
      let taken = try archive.lines(archive.objects[0])[5].firstMatch(of: /"id":\d+/)?.output ?? ""
      try archive.forgeLines(archive.objects[1]) { $0[3] = $0[3].replacing(/"id":\d+/, with: taken) }
    },
    Case(name: "a manifest of a future format", codes: ["format"], key: ".manifest.json") { archive in
      try archive.changeManifest(archive.manifests[1]) { $0.format = "archiver-manifest/2" }
      try archive.reseal()
    },
    Case(name: "a run record of a future format", codes: ["format"], key: ".json") { archive in
      try archive.changeRunRecord(archive.runRecords[2]) { $0.format = "archiver-run/2" }
    },
    // The run record still claims the rows.
    Case(name: "a prepared document left over", codes: ["in-doubt", "manifest"], key: ".prepared.json") { archive in
      let manifest = archive.manifests[1]
      try archive.put(
        manifest.replacing(".manifest.json", with: ".prepared.json"), try archive.data(manifest))
      try archive.remove(manifest)
      try archive.reseal()
    },
    Case(name: "a manifest that no run record names any more", codes: ["manifest", "orphan-object"]) { archive in
      try archive.remove(archive.manifests[1])
      try archive.reseal()
    },
  ]

  @Test(arguments: thorough) func `thorough tampering is found`(tampering: Case) async throws {
    try await check(tampering)
  }
}
