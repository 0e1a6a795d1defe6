import ArchiveModel
import Gzip
import Hashing
import ObjectStore
import RowCodec

/// Reads a manifest as something that anyone may have written, and says what is wrong with it.
struct ManifestCheck: Sendable {
  /// A manifest whose numbers can be added up and whose keys lie within its own folder.
  struct Sound: Sendable {
    var manifest: Manifest
    var key: String
    var sha256: SHA256Digest
  }

  let store: any ObjectStore
  private let signatures: SignatureCheck

  /// Without `signatures` none are looked at.
  init(store: any ObjectStore, signatures: SignatureCheck? = nil) {
    self.store = store
    self.signatures = signatures ?? SignatureCheck(store: store, trustedKeys: [])
  }

  /// Bound of one object's rows and bytes: 16 TiB, above what any store takes (S3: 5 TiB). A document's size bounds how many
  /// objects it names, so that totals cannot overflow.
  private static let maximumCount = 1 << 44

  /// Ten times what a configuration allows, since the audit keeps 8 bytes a row.
  private static let maximumRowCount = 10_000_000

  /// Reads the manifest of that key: nil and a finding when it cannot be used, or what it says and what is odd about it.
  ///
  /// Throws when the storage as a whole cannot be read.
  func read(
    _ key: String, batch: UUIDv7, table: TableName
  ) async throws(OperationError) -> (sound: Sound?, findings: [VerifyFinding]) {
    func finding(_ code: FindingCode, _ expected: String, _ found: String) -> VerifyFinding {
      VerifyFinding(code, table: table, key: key, batchID: batch, expected: expected, found: found)
    }
    let bytes: [UInt8]
    do {
      bytes = try await store.get(key, maximumByteCount: ArchiveReader.maximumDocumentByteCount)
    } catch {
      guard error.concernsOneObject else { throw .wrapping(error, "cannot read the manifest", at: key) }
      return (nil, [finding(.manifest, "a readable manifest", error.message)])
    }
    var findings: [VerifyFinding] = []
    if let finding = try await signatures.finding(key, bytes, table: table, batchID: batch) {
      findings.append(finding)
    }
    let manifest: Manifest
    do {
      manifest = try ArchiveDocument.decode(Manifest.self, from: bytes, formats: [Manifest.format])
    } catch {
      switch error {
      case .unreadable, .outOfBounds, .otherKind:
        return (nil, findings + [finding(.manifest, "a readable manifest", error.cause)])
      case .unsupportedFormat(let found, let expected): return (nil, findings + [finding(.format, expected, found)])
      }
    }
    var canBeUsed = true
    for fault in Self.faults(of: manifest, at: key, batch: batch, table: table) {
      findings.append(finding(fault.code, fault.expected, fault.found))
      canBeUsed = canBeUsed && !fault.isFatal
    }
    return (canBeUsed ? Sound(manifest: manifest, key: key, sha256: SHA256.hash(bytes.span)) : nil, findings)
  }

  struct Fault {
    var code = FindingCode.manifest
    var expected: String
    var found: String
    /// The batch cannot be looked at any further.
    var isFatal = false
  }

  /// Everything about the manifest that contradicts itself or its place.
  static func faults(of manifest: Manifest, at key: String, batch: UUIDv7, table: TableName) -> [Fault] {
    if manifest.batchID != batch || manifest.source.name != table
      || ArchiveLayout.document(.manifest, in: manifest.folder, batch: batch) != key
    {
      return [
        Fault(
          expected: "the manifest of batch \(batch) of \(table) in this folder",
          found: "batch \(manifest.batchID) of \(manifest.source.name) in \(manifest.folder)", isFatal: true)
      ]
    }
    var faults = objectFaults(of: manifest) + columnFaults(of: manifest)
    if !faults.contains(where: \.isFatal) {
      faults += countFaults(of: manifest) + commitFaults(of: manifest) + rangeFaults(of: manifest)
    }
    return faults
  }

  /// No more than a table of PostgreSQL can have (`MaxHeapAttributeNumber`, `INDEX_MAX_KEYS`), each name once.
  private static func columnFaults(of manifest: Manifest) -> [Fault] {
    let columns = Set(manifest.columns.map(\.name))
    guard (1...1600).contains(manifest.columns.count), (1...32).contains(manifest.primaryKey.count) else {
      return [
        Fault(
          expected: "1 to 1600 columns, 1 to 32 of them as primary key",
          found: "\(manifest.columns.count) and \(manifest.primaryKey.count)", isFatal: true)
      ]
    }
    guard columns.count == manifest.columns.count, Set(manifest.primaryKey).count == manifest.primaryKey.count else {
      return [Fault(expected: "columns of different names", found: "a name given twice", isFatal: true)]
    }
    return [("primary_key", manifest.primaryKey), ("timestamp_column", [manifest.timestampColumn])].flatMap {
      what, names in
      names.filter { !columns.contains($0) }.map { name in
        Fault(expected: "\(what) among the columns", found: "no column \(name)", isFatal: true)
      }
    }
  }

  private static func objectFaults(of manifest: Manifest) -> [Fault] {
    var faults: [Fault] = []
    var numbers: Set<Int> = []
    for object in manifest.objects {
      guard case .object(manifest.folder, manifest.batchID, let number) = ArchiveLayout.entry(object.key),
        ArchiveLayout.object(in: manifest.folder, batch: manifest.batchID, number: number) == object.key,
        numbers.insert(number).inserted
      else {
        faults.append(
          Fault(expected: "each of the batch's own objects once", found: "the key \(object.key)", isFatal: true))
        continue
      }
      let counts = [object.rows, object.bytes, object.contentBytes]
      if !counts.allSatisfy({ (0...maximumCount).contains($0) })
        || object.contentBytes > object.bytes * GzipReader.maximumExpansion
      {
        faults.append(Fault(expected: "possible sizes", found: "\(counts) for \(object.key)", isFatal: true))
      }
    }
    return faults
  }

  private static func countFaults(of manifest: Manifest) -> [Fault] {
    let counts = manifest.counts
    let rows = manifest.objects.reduce(0) { $0 + $1.rows }
    let all = [counts.database, counts.fetched, counts.stored, counts.deleted ?? -1]
    guard rows <= maximumRowCount else {
      return [Fault(expected: "at most \(maximumRowCount) rows in a batch", found: "\(rows)", isFatal: true)]
    }
    if all.allSatisfy({ $0 == rows }) { return [] }
    return [
      Fault(
        expected: "database = fetched = stored = deleted = \(rows), the rows of its objects",
        found: "database \(counts.database), fetched \(counts.fetched), stored \(counts.stored), deleted "
          + (counts.deleted.map { "\($0)" } ?? "not given"),
        isFatal: counts.stored != rows)
    ]
  }

  /// Rows are read before the transaction that deletes them ends.
  private static func commitFaults(of manifest: Manifest) -> [Fault] {
    if let committedAt = manifest.committedAt, committedAt >= manifest.archivedAt { return [] }
    return [
      Fault(
        expected: "committed_at, no earlier than archived_at, \(manifest.archivedAt)",
        found: manifest.committedAt.map { "\($0)" } ?? "none")
    ]
  }

  private static func rangeFaults(of manifest: Manifest) -> [Fault] {
    let (first, last) = (manifest.range.first.time, manifest.range.last.time)
    var faults: [Fault] = []
    let unit: PartitionUnit =
      switch manifest.partition.utf8.count {
      case 0: .none
      case "dt=2025".utf8.count: .year
      case "dt=2025-01".utf8.count: .month
      default: .day
      }
    let partition = Partition(holding: first, unit: unit)
    if partition.path != manifest.partition || !partition.contains(last) || last < first {
      faults.append(
        Fault(
          code: .range, expected: "a range of times within \(manifest.partition.isEmpty ? "any" : manifest.partition)",
          found: "\(first) to \(last)"))
    }
    if last >= manifest.cutoff {
      faults.append(Fault(code: .range, expected: "times before the cutoff \(manifest.cutoff)", found: "\(last)"))
    }
    return faults
  }
}

extension ObjectStoreError {
  /// Whether other objects may well be readable.
  var concernsOneObject: Bool {
    switch code {
    case .notFound, .tooLarge, .corruptResponse, .checksumMismatch, .other: true
    default: false
    }
  }
}
