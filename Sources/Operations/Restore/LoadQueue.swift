import ArchiveModel
import ObjectStore

/// Hands the batches of one table out to the workers that load them, oldest first, lets them commit in that order, and adds
/// up what went in.
actor LoadQueue {
  /// A batch that is to go in.
  struct Batch: Sendable {
    /// Its place among those that are to go in, from 0.
    let number: Int
    let manifest: Manifest
    /// Numbers of the rows that give way to a newer batch's.
    let outdated: Set<Int>
    /// Rows that go in or must be there.
    let rowCount: Int
    let objects: ObjectsAhead
  }

  private var rest: ArraySlice<Batch>
  private var done: [UUIDv7] = []
  private var begun = 0
  /// By the batch's number.
  private var waitingToBegin: [Int: CheckedContinuation<Void, Never>] = [:]
  private var waitingToCommit: [Int: CheckedContinuation<Void, Never>] = [:]
  private var sum = BatchLoader.Outcome()
  /// The oldest batch that failed, by its number; those before it go in all the same, and none after it.
  private var failed: (number: Int, error: OperationError)?

  var failure: OperationError? { failed?.error }

  init(_ batches: [Batch]) {
    rest = batches[...]
  }

  /// The next batch, while the first object of the one after it begins to be read; nil when none is left, or one has failed.
  func take() async -> Batch? {
    guard failed == nil, let batch = rest.popFirst() else { return nil }
    await rest.first?.objects.begin()
    return batch
  }

  /// Waits until all older batches have begun, each holding its lock; false when one of them failed.
  func mayBegin(_ batch: Batch) async -> Bool {
    if !isOver(for: batch.number), batch.number > begun {
      await withCheckedContinuation { waitingToBegin[batch.number] = $0 }
    }
    return !isOver(for: batch.number)
  }

  func noteBegin() {
    begun += 1
    waitingToBegin.removeValue(forKey: begun)?.resume()
  }

  /// Waits until all older batches have ended; false when one of them failed.
  func mayCommit(_ batch: Batch) async -> Bool {
    if !isOver(for: batch.number), batch.number > done.count {
      await withCheckedContinuation { waitingToCommit[batch.number] = $0 }
    }
    return !isOver(for: batch.number)
  }

  /// Whether a batch older than that of `number` has failed.
  func isOver(for number: Int) -> Bool {
    failed.map { $0.number < number } ?? false
  }

  /// Takes a batch that was committed into account.
  func add(_ outcome: BatchLoader.Outcome, of batch: Batch) {
    done.append(batch.manifest.batchID)
    sum.inserted += outcome.inserted
    sum.skipped += outcome.skipped
    sum.overwritten += outcome.overwritten
    for warning in outcome.warnings where !sum.warnings.contains(warning) { sum.warnings.append(warning) }
    waitingToCommit.removeValue(forKey: done.count)?.resume()
  }

  /// Takes a batch that was not committed into account, and ends the waiting of newer ones.
  func fail(_ batch: Batch, _ error: OperationError) {
    if batch.number < failed?.number ?? .max { failed = (batch.number, error) }
    for number in waitingToBegin.keys where isOver(for: number) {
      waitingToBegin.removeValue(forKey: number)?.resume()
    }
    for number in waitingToCommit.keys where isOver(for: number) {
      waitingToCommit.removeValue(forKey: number)?.resume()
    }
  }

  /// Writes what went in into the report, and gives the batches, oldest first.
  func add(to table: inout RestoreReport.Table) -> [UUIDv7] {
    table.batches += done.count
    table.inserted += sum.inserted
    table.skipped += sum.skipped
    table.overwritten += sum.overwritten
    for warning in sum.warnings where !table.warnings.contains(warning) { table.warnings.append(warning) }
    return done
  }
}
