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
  /// Throws a configuration error for a database or table that is neither known nor archived, a data error for a batch or
  /// run that is not archived. The storage is listed again only when a filter found nothing.
  func run(tables: [TableName], batches: Set<UUIDv7>, tookNothing: Bool) async throws(OperationError) {
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
}
