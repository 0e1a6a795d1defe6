import ArchiveModel
import Logging
import ObjectStore
import Postgres

/// Archives one table: a forward pass, then a second one for rows that were locked the first time.
struct TableArchiver: Sendable {
  let batches: BatchArchiver
  let pool: ConnectionPool
  let budget: RunBudget
  let workers: Int
  let gate: BatchGate
  let context: JobContext

  /// Archives what is eligible and adds to `report` as it goes, so that a failure keeps what was done before it.
  ///
  /// `eligible` is how many rows were counted, nil when they were not.
  func run(_ report: inout ArchiveReport.Table, eligible: Int?) async throws(OperationError) -> End {
    let before = report.rows
    var end = try await pass(&report)
    // Nothing is left to take when the forward pass took as many rows as were counted.
    if end == .complete, eligible.map({ report.rows - before < $0 }) ?? true { end = try await pass(&report) }
    if end == .stopped { report.outcome = .stopped }
    return end
  }

  /// How the work on a table, or a pass over it, ended.
  enum End: Sendable {
    case complete
    /// The budget was used up.
    case stopped
    /// A restore has begun to hold rows that `batches` does not leave out; nothing of them was archived.
    case holdsGrew
  }

  /// One pass from the oldest eligible row on.
  private func pass(_ report: inout ArchiveReport.Table) async throws(OperationError) -> End {
    let turn = FetchTurn()
    let collector = BatchCollector()
    var failure: OperationError?
    await withTaskGroup(of: OperationError?.self) { group in
      for _ in 0..<workers {
        group.addTask {
          do throws(OperationError) {
            try await work(turn, collector)
            return nil
          } catch {
            await turn.close()
            return error
          }
        }
      }
      for await error in group {
        // That a batch is left unsettled must not be lost behind what ended the others.
        if failure == nil || error?.leavesUnsettled == true { failure = error }
      }
    }
    await collector.add(to: &report)
    if let reason = await collector.refusal {
      report.warnings.append("\(reason); the next run goes on from here")
    }
    if let failure { throw failure }
    if await budget.wasExhausted { return .stopped }
    return await collector.holdsGrew ? .holdsGrew : .complete
  }

  /// One worker: batch after batch until the pass is over.
  private func work(_ turn: FetchTurn, _ collector: BatchCollector) async throws(OperationError) {
    while let ticket = await turn.take() {
      do throws(OperationError) {
        if let reason = try await gate.wait() { await collector.refuse(reason) }
      } catch {
        await turn.give(back: ticket, at: ticket.position)
        throw error
      }
      guard await budget.takeBatch() else {
        await turn.give(back: ticket, at: nil)
        return
      }
      let began = ContinuousClock.now
      switch try await batches.archive(ticket, of: turn, over: pool) {
      case .empty:
        await budget.putBatchBack()
      case .held:
        await budget.putBatchBack()
        await collector.noteHolds()
        await turn.close()
      case .archived(let archived):
        await collector.add(archived)
        context.progress.observe(.advanced(rows: archived.manifest.rowCount, bytes: archived.manifest.byteCount))
        context.logger.debug(
          "batch archived",
          metadata: [
            "batch_id": "\(archived.manifest.batchID)", "table": "\(archived.manifest.source.name)",
            "rows": "\(archived.manifest.rowCount)", "bytes": "\(archived.manifest.byteCount)",
          ])
        _ = try archived.document.get()
        try await rest(after: archived, since: began)
      }
    }
  }

  /// Waits as long as the table's limits ask for after a batch.
  private func rest(after batch: BatchArchiver.Archived, since began: ContinuousClock.Instant)
    async throws(OperationError)
  {
    let limits = batches.rows.source.limits
    let end =
      ContinuousClock.now
      + limits.rest(
        after: batch.databaseTime, elapsed: ContinuousClock.now - began, rows: batch.manifest.rowCount, workers: workers
      )
    do {
      // In parts, so that a wish to stop is heard.
      while !context.stop.isRequested, end > ContinuousClock.now {
        try await Task.sleep(until: min(end, ContinuousClock.now + .seconds(1)))
      }
    } catch {
      throw .wrapping(error, "cannot go on", at: "\(batches.rows.source.name)")
    }
  }
}

/// Adds up the batches of several workers.
private actor BatchCollector {
  private var rows = 0
  private var batches = 0
  private var bytes = 0
  private var contentBytes = 0
  private var manifests: [RunRecord.DocumentReference] = []
  private var withoutManifest = 0
  private var steps = StepDurations()
  /// Why no more batches may begin in this run.
  private(set) var refusal: String?

  /// Whether a batch was given up because a restore holds some of its rows.
  private(set) var holdsGrew = false

  func noteHolds() {
    holdsGrew = true
  }

  func refuse(_ reason: String) {
    refusal = reason
  }

  func add(_ batch: BatchArchiver.Archived) {
    rows += batch.manifest.rowCount
    batches += 1
    bytes += batch.manifest.byteCount
    contentBytes += batch.manifest.contentByteCount
    switch batch.document {
    case .success(let reference): manifests.append(reference)
    case .failure: withoutManifest += 1
    }
    steps += batch.steps
  }

  func add(to report: inout ArchiveReport.Table) {
    report.rows += rows
    report.batches += batches
    report.bytes += bytes
    report.contentBytes += contentBytes
    report.manifests += manifests
    report.batchesWithoutManifest += withoutManifest
    report.steps += steps
  }
}
