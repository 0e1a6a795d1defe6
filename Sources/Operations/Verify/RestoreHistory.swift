import ArchiveModel
import ObjectStore

/// What restores put back, to tell rows that may well be in the database, or archived twice, from those that may not.
actor RestoreHistory {
  private let store: any ObjectStore
  private let records: [RestoreRecord]
  private var keys: [String: Set<[String]>] = [:]

  private init(store: any ObjectStore, records: [RestoreRecord]) {
    (self.store, self.records) = (store, records)
  }

  /// Reads the restore records of the tables that the filters by name let through, and finds those that cannot be read.
  static func load(
    _ selection: Selection, from store: any ObjectStore
  ) async throws(OperationError) -> (history: RestoreHistory, findings: [VerifyFinding]) {
    let documents = RecordDocuments<RestoreRecord>(store: store, prefix: ArchiveLayout.restoresPrefix)
    var records: [RestoreRecord] = []
    let findings = try await documents.read(formats: [RestoreRecord.format]) { _, record in
      // Rows that went into another table are neither in this one nor archived from it.
      if selection.includes(record.name), record.target == nil { records.append(record) }
    }
    return (RestoreHistory(store: store, records: records), findings)
  }

  /// Those of a batch's `found` keys that no restore put back before `time`; nil asks for any time.
  func unexplained(
    _ found: Set<[String]>, of batch: UUIDv7, _ table: TableName, before time: Timestamp? = nil
  ) async throws(OperationError) -> Set<[String]> {
    var rest = found
    for record in records
    where !rest.isEmpty && record.name == table && record.batches.contains(batch)
      && (time.map { record.restoredAt <= $0 } ?? true)
    {
      guard let list = record.keys else { continue }
      rest.subtract(try await restoredKeys(list))
    }
    return rest
  }

  private func restoredKeys(_ list: String) async throws(OperationError) -> Set<[String]> {
    if let known = keys[list] { return known }
    do {
      let read = Set(try await KeyList.read(list, from: store))
      keys[list] = read
      return read
    } catch let error as ObjectStoreError where !error.concernsOneObject {
      throw .wrapping(error, "cannot read the restored keys", at: list)
    } catch {
      // A list that is gone or damaged explains nothing.
      keys[list] = []
      return []
    }
  }
}

/// The records of one kind.
struct RecordDocuments<Record: Decodable & Sendable>: Sendable {
  let store: any ObjectStore
  let prefix: String

  /// Hands every record to `body` with its key, and finds those that cannot be read.
  func read(
    formats: [String], _ body: (String, Record) async throws(OperationError) -> Void
  ) async throws(OperationError) -> [VerifyFinding] {
    var findings: [VerifyFinding] = []
    var listing = store.list(prefix: prefix).makeAsyncIterator()
    while true {
      let info: ObjectInfo?
      do {
        info = try await listing.next(isolation: nil)
      } catch {
        throw .wrapping(error, "cannot list the archive", at: store.location)
      }
      guard let info else { return findings }
      guard info.key.hasSuffix(".json") else { continue }
      let bytes: [UInt8]
      do {
        bytes = try await store.get(info.key, maximumByteCount: ArchiveReader.maximumDocumentByteCount)
      } catch {
        guard error.concernsOneObject else { throw .wrapping(error, "cannot read the record", at: info.key) }
        findings.append(
          VerifyFinding(.manifest, key: info.key, expected: "a readable record", found: error.message))
        continue
      }
      let record: Record
      do {
        record = try ArchiveDocument.decode(Record.self, from: bytes, formats: formats)
      } catch {
        findings.append(Self.finding(error, info.key))
        continue
      }
      try await body(info.key, record)
    }
  }

  private static func finding(_ error: ArchiveDocumentError, _ key: String) -> VerifyFinding {
    switch error {
    case .unreadable: VerifyFinding(.manifest, key: key, expected: "a readable record", found: error.cause)
    case .unsupportedFormat(let found, let expected):
      VerifyFinding(.format, key: key, expected: expected, found: found)
    }
  }
}
