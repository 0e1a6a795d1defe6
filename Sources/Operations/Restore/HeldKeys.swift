package import ArchiveModel
package import ObjectStore
import Postgres

/// The primary keys of rows that a restore put back and whose hold lasts: `archive` leaves them alone.
package struct HeldKeys: Sendable {
  /// Each key's columns in PostgreSQL's text form, in the key's order.
  package let keys: Set<[String]>
  /// Where the records are that were looked at.
  private var records: Set<String> = []

  package init(keys: Set<[String]>) {
    self.keys = keys
  }

  private init(keys: Set<[String]>, records: Set<String>) {
    (self.keys, self.records) = (keys, records)
  }

  package var isEmpty: Bool { keys.isEmpty }

  /// Reads the records under `_restores/` whose hold is not over at `now`, and the keys of those about the table.
  ///
  /// Throws a data error when a record or its keys cannot be read: a hold must not be lost unseen.
  package static func load(
    for name: TableName, at now: Timestamp, from store: any ObjectStore
  ) async throws(OperationError) -> HeldKeys {
    try await HeldKeys(keys: []).updated(for: name, at: now, from: store)
  }

  /// These keys, and those of records that were not there when these were read; one listing unless there are such records.
  ///
  /// Throws as `load` does.
  func updated(
    for name: TableName, at now: Timestamp, from store: any ObjectStore
  ) async throws(OperationError) -> HeldKeys {
    var (keys, seen) = (keys, records)
    var place = ArchiveLayout.restoresPrefix
    do {
      var records: [String] = []
      for try await info in store.list(prefix: ArchiveLayout.restoresPrefix)
      where info.key.hasSuffix(".json") && !seen.contains(info.key) {
        records.append(info.key)
      }
      for key in records {
        place = key
        seen.insert(key)
        let bytes = try await store.get(key, maximumByteCount: ArchiveReader.maximumRecordByteCount)
        let record = try ArchiveDocument.decode(RestoreRecord.self, from: bytes, formats: [RestoreRecord.format])
        guard record.name == name, record.holdUntil > now, let list = record.keys else { continue }
        place = list
        keys.formUnion(try await KeyList.read(list, from: store))
      }
    } catch let error as ObjectStoreError where error.code == .bucketMissing {
      // Nothing was ever restored from a storage that is not there; whether it must be is the job's to say.
      return self
    } catch {
      throw .wrapping(error, "cannot read which restored rows are held", at: place)
    }
    return HeldKeys(keys: keys, records: seen)
  }

  /// The SQL condition that leaves the held rows out; nil when there are none.
  ///
  /// `keyColumns` are the table's key columns, in the key's order, of rows named `t`. Keys with another number of columns,
  /// from before the primary key was changed, name no row of the table and count for nothing.
  /// Without parameters, so that it fits into a COPY too; its `=` is looked up in the transaction's `search_path`.
  package func condition(keyColumns: [KeyColumn]) -> String? {
    let fitting = keys.filter { $0.count == keyColumns.count }
    guard !fitting.isEmpty, !keyColumns.isEmpty else { return nil }
    // Keys whose type no array is made of are compared by their text forms.
    let columns = keyColumns.map { column in
      let value = column.value(of: "t")
      return column.hasArrayType ? value : "(\(value))::pg_catalog.text"
    }
    let all = Array(fitting)
    let parts = stride(from: 0, to: all.count, by: Self.hashedKeyCount).map { start in
      let part = all[start..<min(start + Self.hashedKeyCount, all.count)]
      // Not in FROM, which would take composite values apart.
      let arrays = keyColumns.enumerated().map { index, column in
        let texts = SQLText.literal(column.arrayText(of: part.lazy.map { $0[index] }))
        return "pg_catalog.unnest(\(column.array(texts)))"
      }
      return "(\(columns.joined(separator: ", "))) NOT IN (SELECT \(arrays.joined(separator: ", ")))"
    }
    return parts.joined(separator: " AND ")
  }

  /// Keys in one NOT IN. Hashed, it keeps the order of an index scan, which a join would not, and costs a probe a row;
  /// but the planner hashes only what it expects to fit into `work_mem`, whose default of 4 MB holds some 70,000 texts.
  private static let hashedKeyCount = 10_000
}
