import ArchiveModel
import ObjectStore

/// What restores put back, to tell rows that may well be in the database, or archived twice, from those that may not.
actor RestoreHistory {
  private let store: any ObjectStore
  private let signatures: SignatureCheck
  private let records: [RestoreRecord]
  private var keys: [String: Set<[String]>] = [:]

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

  /// Those of a batch's `found` keys that no restore put back before `time`; nil asks for any time.
  func unexplained(
    _ found: Set<[String]>, of batch: UUIDv7, _ table: TableName, before time: Timestamp? = nil
  ) async throws(OperationError) -> Set<[String]> {
    var rest = found
    for list in lists(of: batch, table, before: time) where !rest.isEmpty {
      rest.subtract(try await restoredKeys(list))
    }
    return rest
  }

  /// The same of keys of which there are only hashes.
  func unexplained(
    _ found: Set<UInt64>, of batch: UUIDv7, _ table: TableName, before time: Timestamp?
  ) async throws(OperationError) -> Set<UInt64> {
    var rest = found
    for list in lists(of: batch, table, before: time) where !rest.isEmpty {
      rest.subtract(try await restoredKeys(list).map(DuplicateKeys.hash))
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

  private func restoredKeys(_ list: String) async throws(OperationError) -> Set<[String]> {
    if let known = keys[list] { return known }
    do {
      if signatures.isNeeded {
        let file = try await store.get(list, maximumByteCount: KeyList.maximumByteCount)
        // What anyone may have written explains nothing.
        guard try await signatures.finding(list, file) == nil else {
          keys[list] = []
          return []
        }
      }
      let read = Set(try await KeyList.read(list, from: store))
      keys[list] = read
      return read
    } catch let error as ObjectStoreError where !error.concernsOneObject {
      throw .wrapping(error, "cannot read the restored keys", at: list)
    } catch let error as OperationError where error.category != .data {
      throw error
    } catch {
      // A list that is gone or damaged explains nothing.
      keys[list] = []
      return []
    }
  }
}
