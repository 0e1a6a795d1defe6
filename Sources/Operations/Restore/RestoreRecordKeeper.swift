import ArchiveModel
import ObjectStore

/// Writes what `archive` and `verify` need to know of a restore, under `_restores/`.
struct RestoreRecordKeeper {
  let restoreID: UUIDv7
  let source: TableName
  /// Quoted; nil when the rows go to the table they came from.
  let target: String?
  let holdDays: Int
  let store: any ObjectStore
  let startedAt = Timestamp.now

  /// Writes the keys and then the record, before the first row goes in, so that no crash leaves rows unexplained.
  func announce(keys: KeyList, batches: [ArchivedBatch]) async throws(OperationError) {
    let key = ArchiveLayout.restoredKeys(restoreID)
    do {
      if keys.count > 0 { try await keys.write(to: key, in: store) }
      try await write(record(rows: keys.count, batches: batches.map(\.manifest.batchID), hasKeys: keys.count > 0))
    } catch {
      throw .wrapping(error, "cannot write the restore record", at: key)
    }
  }

  /// Writes the record with what went in; failing that, adds a warning, since the rows are in.
  func finish(_ table: inout RestoreReport.Table, batches: [UUIDv7], hasKeys: Bool) async {
    let record = record(rows: table.inserted + table.overwritten, batches: batches, hasKeys: hasKeys)
    do {
      try await write(record)
      table.recordKey = ArchiveLayout.restoreRecord(restoreID)
      table.holdUntil = record.keys.map { _ in record.holdUntil }
    } catch {
      let failure = OperationError.wrapping(error, "the restore record could not be written")
      table.warnings.append("\(failure)")
    }
  }

  private func record(rows: Int, batches: [UUIDv7], hasKeys: Bool) -> RestoreRecord {
    RestoreRecord(
      tool: Tool.name, restoreID: restoreID, name: source, target: target, batches: batches, rows: rows,
      restoredAt: startedAt, holdUntil: startedAt.advanced(by: .seconds(holdDays * 86_400)),
      keys: hasKeys ? ArchiveLayout.restoredKeys(restoreID) : nil)
  }

  private func write(_ record: RestoreRecord) async throws {
    try await StoredDocument.write(
      ArchiveDocument.encode(record), to: ArchiveLayout.restoreRecord(restoreID), in: store)
  }
}
