import ArchiveModel
import Hashing
import Logging
import ObjectStore
import Postgres

/// Finds out what became of the batches that a crash left behind in one table's part of the archive.
///
/// Nothing is ever removed on a verdict of "rolled back": a copy of the database comes to that verdict about batches that
/// the original commits. The batch is marked as aborted, its prepared document stays, and the ledger is asked again.
struct Settler: Sendable {
  let table: TableDescription
  let ledger: Ledger?
  let pool: ConnectionPool
  let store: any ObjectStore
  let context: JobContext

  /// The files of one batch.
  private struct Files {
    var objects: [ObjectInfo] = []
    var documents: [ArchiveLayout.Document: String] = [:]
    var folder = ""
  }

  /// Settles every prepared batch; with `waits` those still in work are waited for, and orphan objects are settled too.
  func run(waits: Bool) async throws(OperationError) -> [RecoverReport.Finding] {
    var findings: [RecoverReport.Finding] = []
    for (batch, files) in try await unsettled().sorted(by: { $0.key < $1.key }) {
      if let prepared = files.documents[.prepared] {
        if files.documents[.manifest] != nil {
          await remove(prepared)
          continue
        }
        if let finding = try await settle(batch, preparedKey: prepared, files, waits: waits) {
          findings.append(finding)
        }
      } else if waits, let finding = try await settleOrphans(batch, files) {
        findings.append(finding)
      }
    }
    return findings
  }

  /// Batches without a manifest, and those whose prepared document still lies beside it.
  private func unsettled() async throws(OperationError) -> [UUIDv7: Files] {
    var batches: [UUIDv7: Files] = [:]
    do {
      for try await info in store.list(prefix: ArchiveLayout.tablePrefix(table.name)) {
        switch ArchiveLayout.entry(info.key) {
        case .object(let folder, let batch, _):
          batches[batch, default: Files()].objects.append(info)
          batches[batch, default: Files()].folder = folder
        case .document(let document, let folder, let batch):
          batches[batch, default: Files()].documents[document] = info.key
          batches[batch, default: Files()].folder = folder
        case .other: continue
        }
      }
    } catch let error where error.code == .bucketMissing && store.location.hasPrefix("file:") {
      return [:]
    } catch {
      throw .wrapping(error, "cannot list the archive", at: store.location)
    }
    return batches.filter { _, files in
      files.documents[.prepared] != nil
        || (files.documents[.manifest] == nil && files.documents[.aborted] == nil
          && files.documents[.superseded] == nil)
    }
  }

  private func finding(
    _ batch: UUIDv7, _ outcome: RecoverReport.Finding.Outcome, _ detail: String
  ) -> RecoverReport.Finding {
    RecoverReport.Finding(table: table.name, batchID: batch, outcome: outcome, detail: detail)
  }

  private func settle(
    _ batch: UUIDv7, preparedKey: String, _ files: Files, waits: Bool
  ) async throws(OperationError) -> RecoverReport.Finding? {
    let place = "\(table.name), batch \(batch)"
    let prepared: Manifest
    do {
      let bytes = try await store.get(preparedKey, maximumByteCount: ArchiveReader.maximumDocumentByteCount)
      prepared = try ArchiveDocument.decode(Manifest.self, from: bytes, formats: [Manifest.preparedFormat])
    } catch let error as ObjectStoreError where error.code == .notFound {
      return finding(batch, .inProgress, "another run has just settled it")
    } catch {
      throw .wrapping(error, "cannot read the prepared document", at: preparedKey)
    }
    do {
      return try await pool.withConnection { connection in
        try await connection.withTransaction(
          TransactionOptions(pinned: PinnedSettings(additional: table.pinnedSettings))
        ) { transaction in
          guard try await lock(batch, waits: waits, in: transaction) else {
            return finding(batch, .inProgress, "it is another run's, which is at work on it; left alone")
          }
          if try await hasManifest(batch, files) { return nil }
          if let entry = try await ledger?.entry(batch, in: transaction) {
            return try await commit(prepared, at: entry.committedAt, expecting: entry.manifestSHA256, preparedKey)
          }
          if ledger != nil, files.documents[.aborted] != nil { return nil }
          let keys = try await ArchivedKeys.read(prepared, from: store)
          let missing = try await KeyLookup(table: table).missing(keys, in: transaction)
          if missing.isEmpty { return try await markAborted(batch, files) }
          if missing.count == keys.count, ledger == nil {
            return try await commit(prepared, at: Timestamp.now, expecting: nil, preparedKey)
          }
          if ledger != nil, try await areArchived(missing, after: batch, files) {
            return try await markAborted(batch, files)
          }
          return finding(
            batch, .inDoubt,
            "\(missing.count) of its \(keys.count) rows are not in the database"
              + (ledger == nil ? "" : ", and the ledger does not know it") + "; everything is kept")
        }
      }
    } catch {
      throw .wrapping(error, "cannot settle the batch", at: place)
    }
  }

  /// Takes the batch's own lock, which its archiver holds until its transaction has ended.
  private func lock(_ batch: UUIDv7, waits: Bool, in transaction: Transaction) async throws -> Bool {
    let key = batch.advisoryLockKey
    if waits {
      try await transaction.execute("SELECT pg_catalog.pg_advisory_xact_lock(\(key))")
      return true
    }
    let result = try await transaction.execute("SELECT pg_catalog.pg_try_advisory_xact_lock(\(key))")
    return result.rows.first?.first == "t"
  }

  private func commit(
    _ prepared: Manifest, at time: Timestamp, expecting sha256: String?, _ preparedKey: String
  ) async throws -> RecoverReport.Finding {
    let document = try ArchiveDocument.encode(prepared.committed(at: time))
    if let sha256, SHA256.hash(document.span).hex != sha256 {
      return finding(
        prepared.batchID, .inDoubt, "the ledger holds it as committed, with another manifest; everything is kept")
    }
    for object in prepared.objects { _ = try await ObjectContent.read(object, from: store) }
    let key = ArchiveLayout.document(.manifest, in: prepared.folder, batch: prepared.batchID)
    _ = try await store.put(key, document, PutOptions(contentType: "application/json"))
    await remove(preparedKey)
    return finding(prepared.batchID, .committed, "it was committed; its manifest is written now")
  }

  /// Whether the batch was committed and explained since the listing was made.
  private func hasManifest(_ batch: UUIDv7, _ files: Files) async throws(ObjectStoreError) -> Bool {
    do {
      _ = try await store.head(ArchiveLayout.document(.manifest, in: files.folder, batch: batch))
      return true
    } catch {
      guard error.code == .notFound else { throw error }
      return false
    }
  }

  /// Leaves the note that explains a rolled-back batch's objects; nil when it was there.
  private func markAborted(_ batch: UUIDv7, _ files: Files) async throws -> RecoverReport.Finding? {
    if files.documents[.aborted] != nil { return nil }
    let key = ArchiveLayout.document(.aborted, in: files.folder, batch: batch)
    let note = Array("{\"format\": \"archiver-aborted/1\", \"batch_id\": \"\(batch)\"}\n".utf8)
    _ = try await store.put(key, note, PutOptions(contentType: "application/json"))
    return finding(batch, .rolledBack, "it was rolled back; its objects are kept and marked as aborted")
  }

  /// Whether later committed batches of the same folder hold all of `keys`.
  private func areArchived(_ keys: [[String]], after batch: UUIDv7, _ files: Files) async throws -> Bool {
    var wanted = Set(keys)
    for try await info in store.list(prefix: files.folder) {
      guard case .document(.manifest, files.folder, let other) = ArchiveLayout.entry(info.key), other > batch else {
        continue
      }
      let archived = try await ArchiveReader(store: store).batch(at: info.key)
      wanted.subtract(try await ArchivedKeys.read(archived.manifest, from: store))
      if wanted.isEmpty { return true }
    }
    return wanted.isEmpty
  }

  /// Objects that no document explains: marked as aborted when the ledger does not know their batch and all their keys are
  /// in the database; left to `verify` otherwise.
  private func settleOrphans(_ batch: UUIDv7, _ files: Files) async throws(OperationError) -> RecoverReport.Finding? {
    guard !files.objects.isEmpty else { return nil }
    do {
      return try await pool.withConnection { connection in
        try await connection.withTransaction(
          TransactionOptions(pinned: PinnedSettings(additional: table.pinnedSettings))
        ) { transaction in
          guard try await lock(batch, waits: false, in: transaction) else {
            return finding(batch, .inProgress, "it is another run's, which is at work on it; left alone")
          }
          if try await hasManifest(batch, files) { return nil }
          if try await ledger?.entry(batch, in: transaction) != nil {
            return finding(
              batch, .inDoubt, "the ledger holds it as committed, but its manifest is gone; put it back from a copy")
          }
          var keys: [[String]] = []
          for info in files.objects {
            guard let read = try await ArchivedKeys.read(orphan: info, table: table, from: store) else {
              return finding(batch, .inDoubt, "the object \(info.key) has no manifest and cannot be read; it is kept")
            }
            keys += read
          }
          guard try await KeyLookup(table: table).missing(keys, in: transaction).isEmpty else {
            return finding(batch, .inDoubt, "its objects have no manifest, and not all of its rows are in the database")
          }
          return try await markAborted(batch, files)
        }
      }
    } catch {
      throw .wrapping(error, "cannot settle the batch", at: "\(table.name), batch \(batch)")
    }
  }

  private func remove(_ key: String) async {
    do {
      try await store.delete(key)
    } catch {
      context.logger.debug("a prepared document stays", metadata: ["key": "\(key)", "cause": "\(error)"])
    }
  }
}
