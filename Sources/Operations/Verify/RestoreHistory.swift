import ArchiveModel
import ObjectStore

/// What restores put back, to tell rows that may well be in the database, or archived twice, from those that may not.
actor RestoreHistory {
  private let store: any ObjectStore
  private let signatures: SignatureCheck
  private let records: [RestoreRecord]
  /// By the list's key; nil for a list that explains nothing.
  private var keys: [String: RestoredKeys?] = [:]

  /// Larger lists explain nothing where signatures are looked at: 512 MiB, some twenty-five millions of keys.
  private static let maximumSignedByteCount = 1 << 29

  private init(store: any ObjectStore, signatures: SignatureCheck, records: [RestoreRecord]) {
    (self.store, self.signatures, self.records) = (store, signatures, records)
  }

  /// Reads the restore records of the tables that the filters by name let through, and finds those that cannot be read.
  static func load(
    _ selection: Selection, from store: any ObjectStore, _ signatures: SignatureCheck
  ) async throws(OperationError) -> (history: RestoreHistory, findings: [VerifyFinding]) {
    let documents = RecordDocuments<RestoreRecord>(
      store: store, prefix: ArchiveLayout.restoresPrefix, signatures: signatures,
      place: { ArchiveLayout.restoreRecord($0.restoreID) })
    var records: [RestoreRecord] = []
    let findings = try await documents.read(formats: [RestoreRecord.format]) { _, _, record in
      // Rows that went into another table are neither in this one nor archived from it.
      if let record, selection.includes(record.name), record.target == nil { records.append(record) }
    }
    return (RestoreHistory(store: store, signatures: signatures, records: records), findings)
  }

  /// Those of a batch's `found` keys that no restore put back at any time.
  func unexplained(
    _ found: Set<[String]>, of batch: UUIDv7, _ table: TableName
  ) async throws(OperationError) -> Set<[String]> {
    let lists = lists(of: batch, table, before: nil)
    guard !lists.isEmpty else { return found }
    let rest = Set(try await rest(found.map { KeyDigest($0) }.sorted(), without: lists))
    return found.filter { rest.contains(KeyDigest($0)) }
  }

  /// Those of a batch's `found` keys, sorted, that no restore put back before `time`.
  func unexplained(
    _ found: [KeyDigest], of batch: UUIDv7, _ table: TableName, before time: Timestamp
  ) async throws(OperationError) -> [KeyDigest] {
    try await rest(found, without: lists(of: batch, table, before: time))
  }

  private func rest(_ found: [KeyDigest], without lists: [String]) async throws(OperationError) -> [KeyDigest] {
    var rest = found
    for list in lists where !rest.isEmpty {
      if let restored = try await restoredKeys(list) { rest = try restored.unknown(of: rest) }
    }
    return rest
  }

  /// Keys of the lists of what restores put back of the batch.
  private func lists(of batch: UUIDv7, _ table: TableName, before time: Timestamp?) -> [String] {
    records.filter { record in
      record.name == table && record.batches.contains(batch) && (time.map { record.restoredAt <= $0 } ?? true)
    }
    .compactMap { $0.keys == ArchiveLayout.restoredKeys($0.restoreID) ? $0.keys : nil }
  }

  /// Nil for a list that is gone, damaged, or signed by nobody who is trusted: it explains nothing.
  private func restoredKeys(_ list: String) async throws(OperationError) -> RestoredKeys? {
    if let known = keys[list] { return known }
    var restored: RestoredKeys?
    do {
      restored = signatures.isNeeded ? try await signedKeys(list) : try await unsignedKeys(list)
    } catch let error as ObjectStoreError where !error.concernsOneObject {
      throw .wrapping(error, "cannot read the restored keys", at: list)
    } catch let error as OperationError {
      throw error
    } catch {
      restored = nil
    }
    keys[list] = .some(restored)
    return restored
  }

  private func unsignedKeys(_ list: String) async throws -> RestoredKeys? {
    let sink = try await store.read(list, into: try RestoredKeysSink())
    return try sink.finish()
  }

  /// A signature is of a whole file, so that the file has to be held.
  private func signedKeys(_ list: String) async throws -> RestoredKeys? {
    let file = try await store.get(list, maximumByteCount: Self.maximumSignedByteCount)
    guard try await signatures.finding(list, file) == nil else { return nil }
    var sink = try RestoredKeysSink()
    sink.write(file.span)
    return try sink.finish()
  }
}
