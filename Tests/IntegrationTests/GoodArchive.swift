import ArchiveModel
import Foundation
import Gzip
import Hashing
import TestSupport
import Testing

/// A copy of an archive that three runs made, for one test to tamper with: four batches of ten rows, over two days.
struct GoodArchive {
  let directory: TemporaryDirectory
  var root: String { directory.path + "/storage" }
  var url: String { "file://" + root }

  /// Made once: what the tool itself wrote, by key.
  private static let files = Task {
    var files: [String: Data] = [:]
    try await withArchiveScenario(rows: 0) { scenario in
      try await scenario.database.psql(
        """
        INSERT INTO public.events (created_at, kind, note)
        SELECT timestamptz '2025-01-30 00:00:00+00' + g * interval '72 minutes', 'old', 'row ' || g
        FROM generate_series(0, 39) AS g;
        """)
      try scenario.configure(batchSize: 10)
      for limit in ["1", "1", "9"] { try await scenario.archiver("archive", "--max-batches", limit) }
      for file in scenario.files {
        files[file] = try Data(contentsOf: URL(fileURLWithPath: scenario.directory.path + "/storage/" + file))
      }
    }
    return files
  }

  static func withCopy(_ body: (GoodArchive) async throws -> Void) async throws {
    let files = try await files.value
    try await withTemporaryDirectory { directory in
      let archive = GoodArchive(directory: directory)
      for (key, data) in files { try archive.put(key, data) }
      try await body(archive)
    }
  }

  // MARK: Files

  func path(_ key: String) -> String { root + "/" + key }

  func data(_ key: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(key))) }

  func put(_ key: String, _ data: Data) throws {
    let folder = URL(fileURLWithPath: path(key)).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try data.write(to: URL(fileURLWithPath: path(key)))
  }

  func remove(_ key: String) throws { try FileManager.default.removeItem(atPath: path(key)) }

  /// Every key, in byte order.
  var keys: [String] {
    (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? [])
      .filter { $0.hasSuffix(".json") || $0.hasSuffix(".gz") || $0.hasSuffix(".sig") }.sorted()
  }

  var objects: [String] { keys.filter { $0.hasPrefix("db=") && $0.hasSuffix(".jsonl.gz") } }
  var manifests: [String] { keys.filter { $0.hasSuffix(".manifest.json") } }
  var runRecords: [String] { keys.filter { $0.hasPrefix("_runs/") && $0.hasSuffix(".json") } }

  // MARK: Documents

  func sha256(_ key: String) throws -> String {
    let bytes = [UInt8](try data(key))
    return SHA256.hash(bytes.span).hex
  }

  func manifest(_ key: String) throws -> Manifest {
    try ArchiveDocument.decode(Manifest.self, from: [UInt8](try data(key)), formats: [Manifest.format])
  }

  func changeManifest(_ key: String, _ change: (inout Manifest) -> Void) throws {
    var manifest = try manifest(key)
    change(&manifest)
    try put(key, Data(try ArchiveDocument.encode(manifest)))
  }

  func runRecord(_ key: String) throws -> RunRecord {
    try ArchiveDocument.decode(RunRecord.self, from: [UInt8](try data(key)), formats: [RunRecord.format])
  }

  func changeRunRecord(_ key: String, _ change: (inout RunRecord) throws -> Void) throws {
    var record = try runRecord(key)
    try change(&record)
    try put(key, Data(try ArchiveDocument.encode(record)))
  }

  // MARK: Forging

  /// Replaces a batch's only object and makes its manifest and every run record fit, as a thorough forger would.
  func forgeObject(_ key: String, rows: Int? = nil, content: Data? = nil, _ file: Data) throws {
    try put(key, file)
    let bytes = [UInt8](file)
    let manifest = try #require(manifests.first { $0.contains(self.batch(of: key)) })
    try changeManifest(manifest) { manifest in
      manifest.objects[0].bytes = bytes.count
      manifest.objects[0].sha256 = SHA256.hash(bytes.span).hex
      if let content {
        let bytes = [UInt8](content)
        manifest.objects[0].contentBytes = bytes.count
        manifest.objects[0].contentSHA256 = SHA256.hash(bytes.span).hex
      }
    }
    try reseal()
  }

  /// Rewrites the rows of a batch, sums and all.
  func forgeLines(_ key: String, _ change: (inout [String]) -> Void) throws {
    var lines = try lines(key)
    change(&lines)
    let content = Array((lines.joined(separator: "\n") + "\n").utf8)
    try forgeObject(key, content: Data(content), Data(try GzipCompressor(level: 6).compress(content.span)))
  }

  func lines(_ key: String) throws -> [String] {
    let file = [UInt8](try data(key))
    let manifest = try manifest(try #require(manifests.first { $0.contains(self.batch(of: key)) }))
    let content = try GzipDecompressor().decompress(file.span, byteCount: manifest.objects[0].contentBytes)
    return String(decoding: content, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  func batch(of key: String) -> String {
    let name = key.split(separator: "/").last ?? ""
    return String(name.drop { $0 == "_" }.prefix(36))
  }

  /// Makes the run records name what is there: manifests and records that are gone are forgotten.
  func reseal() throws {
    for record in runRecords {
      try changeRunRecord(record) { record in
        for index in record.tables.indices {
          record.tables[index].manifests = try current(record.tables[index].manifests)
        }
        record.previous = try current(record.previous ?? [])
      }
    }
  }

  private func current(_ references: [RunRecord.DocumentReference]) throws -> [RunRecord.DocumentReference] {
    try references.filter { keys.contains($0.key) }.map { .init(key: $0.key, sha256: try sha256($0.key)) }
  }

  // MARK: Verifying

  /// One line of `verify --output json`.
  struct Finding: Decodable {
    var code: String
    var table: String?
    var key: String
    var batchID: String?
    var expected: String
    var found: String
    var detail: String
    var meaning: String

    enum CodingKeys: String, CodingKey {
      case code, table, key, expected, found, detail, meaning
      case batchID = "batch_id"
    }
  }

  struct Summary: Decodable {
    struct Content: Decodable {
      var batches: Int
      var findings: Int
      var heads: [RunRecord.DocumentReference]
      var notes: [String]
    }
    var summary: Content
  }

  /// Runs `verify` on the archive; the exit code must fit the findings.
  func verify(_ arguments: String...) async throws -> (findings: [Finding], summary: Summary.Content) {
    try await verify(arguments: arguments)
  }

  func verify(arguments: [String]) async throws -> (findings: [Finding], summary: Summary.Content) {
    let result = try await ArchiverCommand(["verify", "--storage", url, "--output", "json"] + arguments).run()
    let lines = result.output.split(separator: "\n").map { Data($0.utf8) }
    let summary = try JSONDecoder().decode(Summary.self, from: try #require(lines.last, "\(result)")).summary
    let findings = try lines.dropLast().map { try JSONDecoder().decode(Finding.self, from: $0) }
    #expect(result.exitCode == (findings.isEmpty ? 0 : 1), "\(result)")
    #expect(summary.findings == findings.count)
    for finding in findings {
      #expect(!finding.expected.isEmpty && !finding.found.isEmpty && !finding.meaning.isEmpty, "\(finding)")
    }
    return (findings, summary)
  }
}
