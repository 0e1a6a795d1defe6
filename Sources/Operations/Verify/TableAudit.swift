import ArchiveModel
import ObjectStore

/// Checks the folders of one table, with several batches at once, whether they share a folder or not.
struct TableAudit {
  let request: VerifyRequest
  let batch: BatchAudit
  let store: any ObjectStore
  let context: JobContext
  let history: RestoreHistory
  /// The filters leave no batch of the table out, so that what no manifest names is odd.
  let isWhole: Bool

  private(set) var totals: VerifyReport.Table
  var findings: [VerifyFinding] = []
  var notes: Set<String> = []
  let duplicates: DuplicateKeys
  private var superseded: [UUIDv7] = []
  /// Folders whose batches are still to be checked.
  private var waiting: [(folder: ArchiveFolder, batches: [UUIDv7])] = []

  /// Batches that wait before they are checked together: many beside those checked at once, few to keep in memory.
  private static let waitingBatchCount = 64

  /// Batches that a note names.
  private static let namedBatchCount = 32

  init(
    _ table: TableName, request: VerifyRequest, batch: BatchAudit, store: any ObjectStore, context: JobContext,
    history: RestoreHistory
  ) {
    totals = VerifyReport.Table(name: table)
    (self.request, self.batch, self.store) = (request, batch, store)
    (self.context, self.history) = (context, history)
    isWhole = request.selection.takesWholeTables
    duplicates = DuplicateKeys(heldCount: request.heldKeyCount)
  }

  mutating func add(_ folder: ArchiveFolder, to seen: inout SeenBatches) async throws(OperationError) {
    var batches: [UUIDv7] = []
    for batch in folder.batches(.manifest).union(folder.batches(.superseded)) {
      if isWanted(batch) { batches.append(batch) } else { seen.add(batch, nil) }
    }
    waiting.append((folder, batches.sorted()))
    if waiting.reduce(0, { $0 + max(1, $1.batches.count) }) >= Self.waitingBatchCount { try await checkWaiting(&seen) }
  }

  private mutating func checkWaiting(_ seen: inout SeenBatches) async throws(OperationError) {
    let folders = waiting
    waiting = []
    var explained = Explained()
    for result in try await audit(folders.flatMap { waiting in waiting.batches.map { ($0, waiting.folder) } }) {
      findings += result.findings
      notes.formUnion(result.notes)
      explained.add(result)
      if result.isAbsent { continue }
      if let marker = result.marker {
        seen.addSuperseded(result.batchID, result.sha256, by: marker)
        superseded.append(result.batchID)
      } else {
        seen.add(result.batchID, result.sha256)
      }
      guard let manifest = result.manifest else { continue }
      seen.count(manifest)
      if result.isSuperseded { continue }
      totals.add(manifest)
      context.progress.observe(.advanced(rows: manifest.rowCount, bytes: manifest.byteCount))
    }
    guard isWhole else { return }
    for (folder, _) in folders { try await checkLeftovers(of: folder, explained) }
  }

  func isWanted(_ batch: UUIDv7) -> Bool {
    (request.sample?.includes(batch) ?? true)
      && (request.selection.batches.isEmpty || request.selection.batches.contains(batch))
  }

  /// The results in the order of `batches`.
  private func audit(
    _ batches: [(id: UUIDv7, folder: ArchiveFolder)]
  ) async throws(OperationError) -> [BatchResult] {
    let (batch, context, duplicates) = (batch, context, duplicates)
    do {
      return try await withThrowingTaskGroup(of: (Int, BatchResult).self) { group in
        var results: [BatchResult?] = Array(repeating: nil, count: batches.count)
        var next = 0
        while next < min(request.parallelism, batches.count) {
          let (index, (id, folder)) = (next, batches[next])
          group.addTask { (index, try await batch.run(id, in: folder, duplicates)) }
          next += 1
        }
        while let (index, result) = try await group.next() {
          results[index] = result
          try duplicates.checkRoom()
          try context.checkStop()
          guard next < batches.count else { continue }
          let (following, (id, folder)) = (next, batches[next])
          group.addTask { (following, try await batch.run(id, in: folder, duplicates)) }
          next += 1
        }
        return results.compactMap { $0 }
      }
    } catch {
      throw .wrapping(error, "cannot verify the table", at: "\(totals.name)")
    }
  }

  /// Compares the keys of all the table's batches, once every folder was added.
  mutating func finish(_ seen: inout SeenBatches) async throws(OperationError) {
    try await checkWaiting(&seen)
    if !superseded.isEmpty {
      let names = superseded.prefix(Self.namedBatchCount).map(\.description).joined(separator: ", ")
      let more = superseded.count > Self.namedBatchCount ? " and \(superseded.count - Self.namedBatchCount) more" : ""
      notes.insert(
        "\(totals.name): \(superseded.count.of("superseded batch is", "superseded batches are")) left out, as the rows came "
          + "back with a database of an earlier time: \(names)\(more)")
    }
    try await checkDuplicates()
    totals.findings = findings.count
  }
}

extension Selection {
  /// Whether no filter leaves a batch of a table out that is let through by name.
  package var takesWholeTables: Bool { from == nil && to == nil && batches.isEmpty && run == nil && keys.isEmpty }
}

extension JobContext {
  /// Throws when a signal asked the job to stop.
  func checkStop() throws(OperationError) {
    guard stop.isRequested else { return }
    throw OperationError(.interrupted, "the job was stopped", cause: "a signal asked for it")
  }
}
