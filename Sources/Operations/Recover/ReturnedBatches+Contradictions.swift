import ArchiveModel
import ObjectStore
import Postgres

/// Marks that another history of the database has left.
extension ReturnedBatches {
  /// Superseded batches that the ledger has: the database is not the one that they were superseded for, and lacks their rows.
  func contradictions(_ files: TableFiles) async throws(OperationError) -> [RecoverReport.Finding] {
    guard let ledger else { return [] }
    var known: [BatchFiles] = []
    do {
      try await withTransaction { transaction in
        guard try await ledger.exists(in: transaction) else { return }
        var rest = files.superseded[...]
        while !rest.isEmpty {
          let part = rest.prefix(Self.chunkSize)
          let unknown = Set(try await ledger.unknown(part.map(\.batchID), in: transaction))
          known += part.filter { !unknown.contains($0.batchID) }
          rest = rest.dropFirst(Self.chunkSize)
        }
      }
    } catch {
      throw .wrapping(error, "cannot compare the archive with the ledger", at: "\(table.name)")
    }
    var findings: [RecoverReport.Finding] = []
    for batch in known { findings.append(try await contradiction(batch)) }
    return findings
  }

  /// A batch that the ledger has although it is superseded: the database went back, its rows were archived anew, and then the
  /// database went forth again. Where the table, by key and time, or newer batches, by content, hold its
  /// rows, these go on to stand for them.
  private func contradiction(_ batch: BatchFiles) async throws(OperationError) -> RecoverReport.Finding {
    let (there, count, rest, holders) = try await standIns(for: batch)
    let names = holders.map(\.description).joined(separator: ", ")
    if rest == 0 {
      let place = holders.isEmpty ? "the table again" : there == 0 ? names : "the table or in \(names)"
      return RecoverReport.Finding(
        table: table.name, batchID: batch.batchID, outcome: .superseded,
        detail:
          "the ledger holds it as committed, and its rows are in \(place) as well, which stands for it: leave its mark"
      )
    }
    return RecoverReport.Finding(
      table: table.name, batchID: batch.batchID, outcome: .inDoubt,
      detail: "the ledger holds it as committed, but it is marked as superseded; if this is the original, remove "
        + batch.key(.superseded)
        + (holders.isEmpty ? "" : "; \(count - rest) of its rows are then in \(names) as well"))
  }

  /// What stands for a batch whose mark has readers ignore it: how many of its rows are in the table, by key and time; of the
  /// others, how many there are, how many are nowhere else, and the newer batches that hold them, by content.
  func standIns(
    for batch: BatchFiles
  ) async throws(OperationError) -> (there: Int, others: Int, nowhere: Int, holders: [UUIDv7]) {
    let archived = try await ArchiveReader(store: store).batch(at: batch.key(.manifest))
    let there = try await presence(of: archived, byTime: true)?.present ?? []
    var rest = try await RowDigests(
      of: archived.manifest, but: Set(there.map { Array($0.prefix(table.primaryKey.count)) }), from: store)
    let others = rest.missing.count
    var holders: [UUIDv7] = []
    for later in try await batch.laterBatches(in: store) where !rest.missing.isEmpty {
      let manifest = try await ArchiveReader(store: store).batch(at: later.key).manifest
      let before = rest.missing.count
      try await rest.subtract(manifest, from: store)
      if rest.missing.count < before { holders.append(later.batchID) }
    }
    return (there.count, others, rest.missing.count, holders)
  }
}
