import ArchiveModel
import Gzip
import Hashing
import ObjectStore

/// What the audit of a batch found.
struct BatchResult: Sendable {
  var batchID: UUIDv7
  /// Of the manifest.
  var key: String
  /// Nil when it cannot be used, or the filters leave its batch out.
  var manifest: Manifest?
  /// Of the manifest's bytes; nil when they could not be read.
  var sha256: SHA256Digest?
  /// That its rows came back and were archived anew; nil unless it is so.
  var marker: RunRecord.DocumentReference?
  /// There is no manifest, nor anything to believe in its place.
  var isAbsent = false
  var isSuperseded: Bool { marker != nil }
  var findings: [VerifyFinding] = []
  var notes: [String] = []
}

/// Checks one batch: its manifest, and its objects as closely as the level asks.
struct BatchAudit: Sendable {
  let store: any ObjectStore
  let selection: Selection
  let level: VerifyLevel
  let signatures: SignatureCheck
  /// For level `database`.
  let database: DatabaseAudit?

  /// The keys of a batch that counts go to `duplicates`. Throws when the storage, or the database, cannot be read.
  func run(
    _ batch: UUIDv7, in folder: ArchiveFolder, _ duplicates: DuplicateKeys
  ) async throws(OperationError) -> BatchResult {
    let key = ArchiveLayout.document(.manifest, in: folder.path, batch: batch)
    var result = BatchResult(batchID: batch, key: key)
    if folder.batches(.superseded).contains(batch) {
      let (marker, finding) = try await MarkerCheck(store: store, signatures: signatures)
        .superseded(batch, in: folder.path, folder.table)
      if let marker {
        result.marker = .init(
          key: ArchiveLayout.document(.superseded, in: folder.path, batch: batch), sha256: marker.sha256.hex)
        return try await superseded(result, marker.manifestSHA256, in: folder)
      }
      if let finding { result.findings.append(finding) }
      guard folder.batches(.manifest).contains(batch) else {
        result.isAbsent = true
        return result
      }
    }
    let (sound, findings) = try await ManifestCheck(store: store, signatures: signatures).read(
      key, batch: batch, table: folder.table)
    guard let sound else {
      result.findings += findings
      return result
    }
    result.sha256 = sound.sha256
    guard selection.includes(sound.manifest) else { return result }
    result.manifest = sound.manifest
    result.findings += findings
    try await audit(sound, folder, duplicates, into: &result)
    return result
  }

  /// Readers ignore the batch, and its manifest and objects must be there all the same: they may hold what its rows were.
  private func superseded(
    _ initial: BatchResult, _ expected: String, in folder: ArchiveFolder
  ) async throws(OperationError) -> BatchResult {
    var result = initial
    func finding(_ code: FindingCode, _ expected: String, _ found: String) -> VerifyFinding {
      VerifyFinding(
        code, table: folder.table, key: result.key, batchID: result.batchID, expected: expected, found: found,
        detail: "as its superseded marker has it")
    }
    guard folder.batches(.manifest).contains(result.batchID) else {
      result.findings.append(finding(.gap, "the manifest of SHA-256 \(expected)", "nothing"))
      return result
    }
    let (sound, findings) = try await ManifestCheck(store: store, signatures: signatures).read(
      result.key, batch: result.batchID, table: folder.table)
    result.findings += findings
    guard let sound else { return result }
    result.sha256 = sound.sha256
    guard selection.includes(sound.manifest) else { return result }
    result.manifest = sound.manifest
    if sound.sha256.hex != expected { result.findings.append(finding(.manifest, expected, sound.sha256.hex)) }
    // Its keys are archived again on purpose, so they are neither compared nor looked for in the database.
    let alone = BatchAudit(
      store: store, selection: selection, level: level == .head ? .head : .full, signatures: signatures, database: nil)
    try await alone.audit(sound, folder, nil, into: &result)
    return result
  }

  private func audit(
    _ sound: ManifestCheck.Sound, _ folder: ArchiveFolder, _ duplicates: DuplicateKeys?, into result: inout BatchResult
  ) async throws(OperationError) {
    let manifest = sound.manifest
    var times: ClosedRange<Int64>?
    var keyExtent: KeyExtent?
    var rangeEnds = RangeEnds(manifest)
    let keys = database.map { _ in KeySpool(partCount: manifest.primaryKey.count) }
    let targets = RowAudit.KeyTargets(
      duplicates: level == .head ? nil : duplicates?.begin(manifest.batchID, key: sound.key), texts: keys)
    var isWhole = true
    for object in manifest.objects {
      let place = ObjectPlace(table: folder.table, key: object.key, batchID: manifest.batchID)
      guard let checked = try await check(object, manifest, folder.objects[object.key], place, targets) else {
        isWhole = false
        result.findings.append(
          place.finding(
            .missingObject, "\(object.bytes) bytes, \(object.rows) rows", "nothing", object.checkedVersion ?? ""))
        continue
      }
      if try await isOtherVersion(object) { result.notes.append(Self.otherVersions) }
      result.findings += checked.findings.map { finding in
        guard finding.detail.isEmpty, let version = object.checkedVersion else { return finding }
        var finding = finding
        finding.detail = version
        return finding
      }
      result.notes += checked.notes
      if let extent = checked.keyExtent {
        if keyExtent == nil { keyExtent = extent } else { keyExtent?.add(extent) }
      }
      if let ends = checked.rangeEnds { rangeEnds.add(ends) }
      isWhole = isWhole && checked.isWhole
      if let span = checked.times {
        times = times.map { min($0.lowerBound, span.lowerBound)...max($0.upperBound, span.upperBound) } ?? span
      }
    }
    guard level != .head else { return }
    let bounds = TimeBounds(manifest)
    // Where an object is damaged, its own findings say more.
    let isUndamaged = isWhole && result.findings.isEmpty
    if isUndamaged, let times, !bounds.matches(times) {
      result.findings.append(
        VerifyFinding(
          .range, table: folder.table, key: sound.key, batchID: manifest.batchID, expected: bounds.description,
          found: "\(Timestamp(microseconds: times.lowerBound)) to \(Timestamp(microseconds: times.upperBound))",
          detail: "the earliest and latest row"))
    }
    if isUndamaged, let bounds = manifest.range.keys, let fault = keyExtent?.fault(of: bounds) {
      result.findings.append(
        VerifyFinding(
          .range, table: folder.table, key: sound.key, batchID: manifest.batchID,
          expected: "the least and greatest key of its rows", found: fault, detail: "range.keys"))
    }
    if isUndamaged, times != nil, result.findings.isEmpty, let fault = rangeEnds.fault {
      result.findings.append(
        VerifyFinding(
          .range, table: folder.table, key: sound.key, batchID: manifest.batchID,
          expected: "the first and the last of its rows, by key and time", found: fault,
          detail: "range.first, range.last"))
    }
    if let database {
      let answer = try await database.check(sound, keys: isWhole ? keys : nil)
      result.findings += answer.findings
      result.notes += answer.notes
    }
  }

  /// Bytes that fit are good evidence under any version, so this is none of its own.
  private static let otherVersions =
    "some objects are other versions than their manifests name: they were copied here, or written again"

  /// Whether the bucket now has another version of the object than the one that was checked before its rows were deleted.
  private func isOtherVersion(_ object: Manifest.Object) async throws(OperationError) -> Bool {
    guard let checked = object.versionID else { return false }
    do {
      guard let current = try await store.head(object.key).versionID else { return false }
      return current != checked
    } catch {
      guard error.concernsOneObject else { throw .wrapping(error, "cannot look the object up", at: object.key) }
      return false
    }
  }

  /// Nil when there is no such object.
  private func check(
    _ object: Manifest.Object, _ manifest: Manifest, _ listedSize: Int?, _ place: ObjectPlace,
    _ targets: RowAudit.KeyTargets
  ) async throws(OperationError) -> ObjectResult? {
    do {
      guard level != .head else {
        // An object written after its folder was listed is there all the same.
        let size = if let listedSize { listedSize } else { try await store.head(object.key).byteCount }
        var result = ObjectResult()
        if size != object.bytes {
          result.findings.append(place.finding(.size, "\(object.bytes) bytes", "\(size) bytes"))
        }
        return result
      }
      let rows = RowAudit(manifest, expecting: object.rows, into: targets)
      var sink = try await store.read(object.key, into: ObjectAudit(object, rows: rows))
      return sink.finish(at: place)
    } catch let error as ObjectStoreError where error.code == .notFound {
      return nil
    } catch let error as ObjectStoreError where error.concernsOneObject {
      var result = ObjectResult()
      result.findings.append(place.finding(.missingObject, "a readable object", error.message))
      return result
    } catch {
      throw .wrapping(error, "cannot read the object", at: object.key)
    }
  }
}

extension Manifest.Object {
  /// What to ask the store for when the object is damaged; nil where there are no versions.
  fileprivate var checkedVersion: String? { versionID.map { "the version that was checked is \($0)" } }
}
