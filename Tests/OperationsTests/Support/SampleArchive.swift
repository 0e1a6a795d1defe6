import ArchiveModel
import Foundation
import Gzip
import Hashing
import Logging
import ObjectStore
import Operations
import Synchronization

/// A small sound archive in a directory of its own, written by hand, so that it can be damaged piece by piece.
final class SampleArchive: Sendable {
  static let table = TableName(database: "app", schema: "public", table: "events")
  let root: URL
  let store: DirectoryStore

  init() throws {
    root = FileManager.default.temporaryDirectory.appending(path: "archiver-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    store = DirectoryStore(root: root.path)
  }

  deinit {
    try? removeStorage()  // The system clears its temporary directory in time.
  }

  func removeStorage() throws {
    try FileManager.default.removeItem(at: root)
  }

  static let columns = [
    Manifest.Column(
      name: "id", type: "bigint", baseType: nil, nullable: false, identity: nil, generated: nil),
    Manifest.Column(
      name: "created_at", type: "timestamp with time zone", baseType: nil, nullable: false, identity: nil,
      generated: nil),
    Manifest.Column(name: "body", type: "text", baseType: nil, nullable: true, identity: nil, generated: nil),
  ]

  /// What a batch is made of before it is written; tests change it to make batches that contradict themselves.
  struct Draft {
    /// Later drafts have greater ids, as later batches have.
    var batchID = UUIDv7(
      unixMilliseconds: nextMillisecond.withLock { millisecond in
        millisecond += 1
        return millisecond
      })
    private static let nextMillisecond = Mutex<UInt64>(1_760_000_000_000)
    var runID = UUIDv7(unixMilliseconds: 1_760_000_000_000)
    var lines: [String] = []
    /// One more object, with these lines, if there are any.
    var moreLines: [String] = []
    var manifest: Manifest

    init(table: TableName = SampleArchive.table, day: Int = 1, ids: ClosedRange<Int> = 1...5) {
      let date = day < 10 ? "2025-01-0\(day)" : "2025-01-\(day)"
      let times = ids.map { "\(date)T00:00:\($0 % 60 < 10 ? "0" : "")\($0 % 60)Z" }
      let archivedAt = "2025-06-01T00:00:00Z"
      for (id, time) in zip(ids, times) {
        lines.append(
          #"{"id":\#(id),"created_at":"\#(time)","body":"row","_archived_at":"\#(archivedAt)","_batch_id":"\#(batchID)"}"#
        )
      }
      manifest = Manifest(
        format: Manifest.format, tool: "test", batchID: batchID, runID: runID,
        source: .init(
          database: table.database, schema: table.schema, table: table.table, serverVersion: 150_000,
          systemIdentifier: ""),
        columns: SampleArchive.columns, primaryKey: ["id"], timestampColumn: "created_at", timeZone: "UTC",
        cutoff: SampleArchive.time("2025-05-01"), partition: "dt=\(date)",
        range: .init(
          first: .init(time: SampleArchive.time(times[0]), key: ["\(ids.lowerBound)"]),
          last: .init(time: SampleArchive.time(times[times.count - 1]), key: ["\(ids.upperBound)"])),
        counts: .init(database: ids.count, fetched: ids.count, stored: ids.count, deleted: ids.count), objects: [],
        archivedAt: SampleArchive.time(archivedAt))
      manifest.committedAt = SampleArchive.time("2025-06-01T00:00:01Z")
    }

    /// As if the batch had been archived then.
    mutating func archive(at time: String) {
      lines = lines.map { $0.replacing("\"\(manifest.archivedAt)\"", with: "\"\(time)\"") }
      (manifest.archivedAt, manifest.committedAt) = (SampleArchive.time(time), SampleArchive.time(time))
    }

    var objectKey: String { ArchiveLayout.object(in: manifest.folder, batch: batchID, number: 1) }
    var manifestKey: String { ArchiveLayout.document(.manifest, in: manifest.folder, batch: batchID) }
  }

  static func time(_ text: String) -> Timestamp { Timestamp(text) ?? .positiveInfinity }

  static func gzip(_ lines: [String], isEnded: Bool = true) throws -> (file: [UInt8], content: [UInt8]) {
    let content = Array((lines.joined(separator: "\n") + (isEnded ? "\n" : "")).utf8)
    return (try GzipCompressor(level: 6).compress(content.span), content)
  }

  /// Writes a batch whose manifest fits its lines in everything that the draft leaves to it.
  @discardableResult
  func write(_ draft: Draft) async throws -> Draft {
    var draft = draft
    draft.manifest.objects = []
    for (index, lines) in [draft.lines, draft.moreLines].enumerated() where index == 0 || !lines.isEmpty {
      let (file, content) = try Self.gzip(lines)
      let key = ArchiveLayout.object(in: draft.manifest.folder, batch: draft.batchID, number: index + 1)
      try await put(key, file)
      draft.manifest.objects.append(
        .init(
          key: key, rows: lines.count, bytes: file.count, sha256: SHA256.hash(file.span).hex,
          contentBytes: content.count, contentSHA256: SHA256.hash(content.span).hex, etag: nil))
    }
    try await writeManifest(draft.manifest, at: draft.manifestKey)
    return draft
  }

  @discardableResult
  func writeManifest(_ manifest: Manifest, at key: String) async throws -> String {
    let bytes = try ArchiveDocument.encode(manifest)
    try await put(key, bytes)
    return SHA256.hash(bytes.span).hex
  }

  /// Writes a run record that names the batches' manifests as they are now.
  @discardableResult
  func writeRunRecord(
    _ drafts: [Draft], run: UUIDv7? = nil, previous: [RunRecord.DocumentReference] = [],
    superseded: [RunRecord.DocumentReference]? = nil
  ) async throws -> RunRecord.DocumentReference {
    var references: [RunRecord.DocumentReference] = []
    for draft in drafts {
      let bytes = try await store.get(draft.manifestKey, maximumByteCount: 1 << 20)
      references.append(.init(key: draft.manifestKey, sha256: SHA256.hash(bytes.span).hex))
    }
    let start = Self.time("2025-06-01")
    let record = RunRecord(
      tool: "test", runID: run ?? drafts[0].runID, startedAt: start, finishedAt: start, previous: previous,
      tables: [
        .init(
          name: Self.table, outcome: "complete", cutoff: nil, eligible: nil, rows: 0, bytes: 0, remaining: nil,
          manifests: references, superseded: superseded, error: nil)
      ])
    let (key, bytes) = (ArchiveLayout.runRecord(record.runID, startedAt: start), try ArchiveDocument.encode(record))
    try await put(key, bytes)
    return .init(key: key, sha256: SHA256.hash(bytes.span).hex)
  }

  /// Writes a sound marker beside a batch whose manifest is there.
  @discardableResult
  func mark(_ draft: Draft, _ document: ArchiveLayout.Document) async throws -> RunRecord.DocumentReference {
    let (batch, run, time) = (draft.batchID, draft.runID, Self.time("2025-06-02"))
    let server = ServerIdentity(systemIdentifier: nil, databaseOID: 1, timeline: nil, startedAt: time)
    let manifest = try await bytes(draft.manifestKey)
    let sha256 = SHA256.hash(manifest.span).hex
    let marker =
      document == .superseded
      ? try ArchiveDocument.encode(
        SupersededMarker(
          tool: "test", batchID: batch, runID: run, supersededAt: time, manifestSHA256: sha256, server: server))
      : try ArchiveDocument.encode(
        AbortedMarker(
          tool: "test", batchID: batch, runID: run, markedAt: time, evidence: .rowsFound, server: server))
    let key = ArchiveLayout.document(document, in: draft.manifest.folder, batch: batch)
    try await put(key, marker)
    return .init(key: key, sha256: SHA256.hash(marker.span).hex)
  }

  func put(_ key: String, _ bytes: [UInt8]) async throws {
    _ = try await store.put(key, bytes, PutOptions())
  }

  func bytes(_ key: String) async throws -> [UInt8] {
    try await store.get(key, maximumByteCount: 1 << 24)
  }

  func verify(_ request: VerifyRequest = VerifyRequest()) async throws -> VerifyReport {
    let context = JobContext(
      runID: UUIDv7(unixMilliseconds: 0), logger: Logger(label: "test"), progress: SilentProgress(),
      stop: StopRequest())
    return try await VerifyJob(request: request, store: store, context: context).run()
  }
}
