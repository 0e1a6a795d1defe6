import ArchiveModel
import ObjectStore
import Postgres

/// Finds out where the rows of an unsettled batch are.
struct BatchRowSearch: Sendable {
  let table: TableDescription
  let store: any ObjectStore

  /// Reads the batch's keys and looks them up in the database.
  func look(for batch: inout SettlingBatch, in transaction: Transaction) async throws -> SettlementFacts.Rows {
    if let prepared = batch.prepared, prepared.primaryKey != table.primaryKeyNames { return .underOtherKey }
    guard let keys = try await keys(of: &batch) else { return .unreadable }
    batch.missingKeys = try await KeyLookup(table: table).missing(keys, in: transaction)
    return .found(total: keys.count, inDatabase: keys.count - batch.missingKeys.count, archivedAgain: nil)
  }

  /// Nil when an object is gone or damaged.
  private func keys(of batch: inout SettlingBatch) async throws(OperationError) -> [[String]]? {
    guard let prepared = batch.prepared else {
      var keys: [[String]] = []
      for info in batch.files.objects {
        do {
          guard let read = try await ArchivedKeys.read(orphan: info, table: table, from: store) else {
            batch.damage = "the object \(info.key) has no manifest and cannot be read"
            return nil
          }
          keys += read
        } catch {
          throw .wrapping(error, "cannot read the object", at: info.key)
        }
      }
      return keys
    }
    do {
      return try await ArchivedKeys.read(prepared, from: store)
    } catch {
      guard error.category == .data else { throw error }
      batch.damage = error.description
      return nil
    }
  }

  /// Looks the keys that the database lacks up in later committed batches of the same folder.
  func lookInLaterBatches(for batch: SettlingBatch) async throws -> SettlementFacts.Rows {
    guard case .found(let total, let inDatabase, _) = batch.facts.rows else { return batch.facts.rows }
    var wanted = Set(batch.missingKeys)
    for later in try await batch.files.laterBatches(in: store) where !wanted.isEmpty {
      let archived = try await ArchiveReader(store: store).batch(at: later.key)
      wanted.subtract(try await ArchivedKeys.read(archived.manifest, from: store))
    }
    return .found(
      total: total, inDatabase: inDatabase, archivedAgain: Set(batch.missingKeys).count - wanted.count)
  }
}

extension BatchFiles {
  /// Later committed batches of the same folder that no document supersedes, with the keys of their manifests.
  func laterBatches(in store: any ObjectStore) async throws(OperationError) -> [(batchID: UUIDv7, key: String)] {
    var manifests: [(batchID: UUIDv7, key: String)] = []
    var superseded: Set<UUIDv7> = []
    do {
      for try await info in store.list(prefix: folder) {
        guard case .document(let document, folder, let other) = ArchiveLayout.entry(info.key) else { continue }
        if document == .manifest, other > batchID { manifests.append((other, info.key)) }
        if document == .superseded { superseded.insert(other) }
      }
    } catch {
      throw .wrapping(error, "cannot list the archive", at: store.location)
    }
    return manifests.filter { !superseded.contains($0.batchID) }
  }
}
