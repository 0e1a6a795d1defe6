import ArchiveModel
import ObjectStore

/// Refuses filters that name what an archive does not have: that is a slip more often than a wish.
struct FilterCheck: Sendable {
  let selection: Selection
  /// Tables that may be selected although nothing of them is archived yet.
  let knownTables: [TableName]
  let store: any ObjectStore

  /// `tables` and `batches` are those that a walk of the selection came across, of which none or some were taken.
  ///
  /// Throws a data error where there is no archive at all, a configuration error for a database or table that is neither known nor archived, a data error for a batch or
  /// run that is not archived. The storage is listed again only when a filter found nothing.
  func run(tables: [TableName], batches: Set<UUIDv7>, tookNothing: Bool) async throws(OperationError) {
    if tables.isEmpty { try await checkPresence() }
    let hasStrayName = !selection.filtersMatchingNone(of: tables + knownTables).isEmpty
    let hasStrayBatch = !selection.batches.isSubset(of: batches)
    guard hasStrayName || hasStrayBatch || selection.run != nil && tookNothing else { return }
    var names = Selection()
    (names.databases, names.tables) = (selection.databases, selection.tables)
    var archived: Set<TableName> = []
    var stored: Set<UUIDv7> = []
    for (_, entry) in try await ArchiveReader(store: store).entries(names) {
      switch entry {
      case .object(let folder, let batch, _), .document(_, let folder, let batch):
        if let table = ArchiveLayout.tableName(inFolder: folder) { archived.insert(table) }
        stored.insert(batch)
      case .other: break
      }
    }
    let strayNames = selection.filtersMatchingNone(of: archived + knownTables)
    guard strayNames.isEmpty else {
      throw OperationError(
        .configuration, "nothing to do", at: strayNames.joined(separator: ", "),
        cause: "no table of that name is archived or configured",
        hint: "`archiver inspect list` lists the archive's tables")
    }
    let strayBatches = selection.batches.subtracting(stored).sorted()
    guard strayBatches.isEmpty else {
      throw OperationError(
        .data, "cannot find the batch", at: strayBatches.map { "--batch \($0)" }.joined(separator: ", "),
        cause: "nothing of it is in the archive's selected tables", hint: "`archiver inspect list --batches` lists them"
      )
    }
    guard tookNothing, let run = selection.run else { return }
    names.run = run
    guard try await ArchiveReader(store: store).batches(names).isEmpty else { return }
    throw OperationError(
      .data, "cannot find the run", at: "--run \(run)",
      cause: "no batch of the archive's selected tables is of that run",
      hint: "`archiver inspect list --batches` lists the batches, `_runs/` the runs")
  }

  /// An address that is wrong by a letter must pass neither for a sound archive nor for one without rows.
  private func checkPresence() async throws(OperationError) {
    do {
      for prefix in ["db=", ArchiveLayout.runsPrefix] {
        for try await _ in store.list(prefix: prefix) { return }
      }
    } catch {
      throw .wrapping(error, "cannot list the archive", at: store.location)
    }
    throw OperationError(
      .data, "there is no archive here", at: store.location, cause: "it holds neither db=… nor _runs/…",
      hint: "give the storage root, the folder that holds them; before the first `archive` there is nothing to read")
  }
}
