import ArchiveModel
import Logging
import ObjectStore

/// The committed batches of a table, to find rows of older ones in them again.
///
/// Only those are read whose folder and times can hold such rows, and of each the times but once.
actor LaterBatches {
  private let batches: [(batchID: UUIDv7, key: String)]
  private let store: any ObjectStore
  private let logger: Logger
  private var spans: [UUIDv7: Span] = [:]

  /// What is remembered of a manifest.
  private enum Span {
    case unreadable
    case times(ClosedRange<Timestamp>, zone: String)
  }

  init(_ files: TableFiles, store: any ObjectStore, context: JobContext) {
    batches = files.manifests(of: Set(files.committedBatches))
    (self.store, logger) = (store, context.logger)
  }

  /// Takes the rows that later batches hold just so out of `rows`, which are those of a batch; gives what is left, and which
  /// batches held some. One that cannot be read holds nothing.
  func subtract(
    from rows: RowDigests, of manifest: Manifest
  ) async throws(OperationError) -> (rest: RowDigests, holders: [ArchivedBatch]) {
    var rest = rows
    var holders: [ArchivedBatch] = []
    for (id, key) in batches where id > manifest.batchID && Self.canHold(manifest, key) && !rest.missing.isEmpty {
      guard try await hasSuchTimes(id, key, manifest) else { continue }
      let count = rest.missing.count
      do {
        let batch = try await ArchiveReader(store: store).batch(at: key)
        try await rest.subtract(batch.manifest, from: store)
        if rest.missing.count < count { holders.append(batch) }
      } catch {
        try passOver(key, error)
      }
    }
    return (rest, holders)
  }

  /// Whether equal rows can lie there: another setting of `partition` makes longer or shorter periods.
  private static func canHold(_ manifest: Manifest, _ key: String) -> Bool {
    guard case .document(.manifest, let folder, _) = ArchiveLayout.entry(key) else { return false }
    return folder.hasPrefix(manifest.folder.dropLast()) || manifest.folder.hasPrefix(folder.dropLast())
  }

  private func hasSuchTimes(_ id: UUIDv7, _ key: String, _ manifest: Manifest) async throws(OperationError) -> Bool {
    switch try await span(id, key) {
    case .unreadable: return false
    // Another reading of a time without a zone moves it.
    case .times(let times, let zone):
      return zone != manifest.timeZone
        || (times.lowerBound <= manifest.range.last.time && manifest.range.first.time <= times.upperBound)
    }
  }

  private func span(_ id: UUIDv7, _ key: String) async throws(OperationError) -> Span {
    if let known = spans[id] { return known }
    var span = Span.unreadable
    do {
      let manifest = try await ArchiveReader(store: store).batch(at: key).manifest
      let (first, last) = (manifest.range.first.time, manifest.range.last.time)
      span = .times(min(first, last)...max(first, last), zone: manifest.timeZone)
    } catch {
      try passOver(key, error)
    }
    spans[id] = span
    return span
  }

  /// Throws the error again unless it is of the batch itself, which `verify` tells of.
  private func passOver(_ key: String, _ error: OperationError) throws(OperationError) {
    guard error.category == .data else { throw error }
    logger.info("a batch cannot be read", metadata: ["key": "\(key)", "cause": "\(error.description)"])
  }
}
