import ArchiveModel
import Gzip
import Logging
import ObjectStore
import Postgres
import RowCodec

/// Archives one batch: FETCH, UPLOAD, VERIFY, DELETE, COMMIT in one transaction, then the manifest.
struct BatchArchiver: Sendable {
  let rows: EligibleRows
  let holds: HoldWatch
  /// How many keys `rows` leaves out because a restore holds them.
  let heldCount: Int
  let source: Manifest.Source
  let ledger: Ledger?
  let store: any ObjectStore
  let clock: DatabaseClock
  /// When the server that the run has settled with was started.
  let serverStart: String
  let forecast: BatchForecast
  let context: JobContext

  /// A batch whose rows have left the database.
  struct Archived: Sendable {
    var manifest: Manifest
    /// The manifest, or why it could not be written: the rows are archived all the same, and settling writes it.
    var document: Result<RunRecord.DocumentReference, OperationError>
    /// How long the database was kept busy.
    var databaseTime: Duration
    var steps: StepDurations
  }

  /// What came of a turn.
  enum Outcome: Sendable {
    case archived(Archived)
    /// The fetch found nothing to take; others may.
    case empty
    /// A restore has begun to hold rows, maybe some of those fetched; the batch is rolled back.
    case held
  }

  /// Why a batch is rolled back although nothing is wrong with it.
  private struct HoldsGrew: Error {}

  /// Archives the next batch of the pass. Gives the turn back as soon as the rows are fetched, and in any case.
  ///
  /// A batch that lost against others, or lost its connection, is begun anew a few times. When it throws, the batch is
  /// rolled back, or the error says that it is in doubt; the prepared document then stays.
  func archive(_ ticket: FetchTurn.Ticket, of turn: FetchTurn, over pool: ConnectionPool) async throws(OperationError)
    -> Outcome
  {
    var attempt = 1
    while true {
      do throws(OperationError) {
        return try await archiveOnce(ticket, of: turn, over: pool)
      } catch {
        let delay = BatchRetry().delay(after: error, attempt: attempt, jitter: .random(in: 0..<1))
        guard let delay, !context.stop.isRequested else {
          await turn.give(back: ticket, at: ticket.position)
          throw error
        }
        context.logger.info("a batch is begun anew", metadata: ["cause": "\(error.description)"])
        do {
          try await Task.sleep(for: delay)
        } catch let cancellation {
          await turn.give(back: ticket, at: ticket.position)
          throw OperationError.wrapping(cancellation, "cannot begin the batch anew", at: "\(rows.source.name)")
        }
        attempt += 1
      }
    }
  }

  /// One attempt, under an id of its own. The turn stays with the ticket when the fetch fails.
  private func archiveOnce(_ ticket: FetchTurn.Ticket, of turn: FetchTurn, over pool: ConnectionPool)
    async throws(OperationError)
    -> Outcome
  {
    let batchID = UUIDv7(unixMilliseconds: clock.now.unixMilliseconds)
    var state = State()
    do {
      let removal = try await pool.withConnection { connection -> RowRemover.Removal? in
        // A transaction that waits longer for storage than it may last is lost anyhow.
        try await TransferDeadline.$current.withValue(.now + rows.source.transactionTimeout) {
          try await connection.withTransaction(options) { transaction in
            try await removeBatch(batchID, ticket, turn, &state, in: transaction)
          }
        }
      }
      guard let removal else { return .empty }
      state.isCommitted = true
      state.steps.add(.commit, since: state.removedAt)
      return .archived(await finish(removal, state))
    } catch {
      let place = "\(rows.source.name), batch \(batchID)"
      if let error = error as? PostgresError, error.kind == .commitUncertain {
        throw OperationError.wrapping(error, "it is not known whether the batch was committed", at: place)
      }
      if !state.isCommitted {
        // A task of its own, since a cancelled one could send no request.
        let done = state
        await Task { await discard(batchID, done) }.value
      }
      if error is HoldsGrew { return .held }
      if let refusal = await refusal(error, at: place, state, ticket, over: pool) { throw refusal }
      throw rows.source.refusal(ofTime: error) ?? .wrapping(error, "cannot archive the batch", at: place)
    }
  }

  /// What has been done so far.
  struct State {
    var databaseTime: Duration = .zero
    var steps = StepDurations()
    /// When the transaction's body was done, and only COMMIT was left.
    var removedAt = ContinuousClock.now
    /// What is fetched from; nil until it is known.
    var partition: Partition?
    /// Where objects go; nil until the rows are fetched.
    var folder: String?
    var objectCount = 0
    var isCommitted = false
  }

  /// Names the column, where a fetch failed for its values; the error as it is says enough otherwise.
  private func refusal(
    _ error: any Error, at place: String, _ state: State, _ ticket: FetchTurn.Ticket, over pool: ConnectionPool
  ) async -> OperationError? {
    guard let partition = state.partition, state.folder == nil else { return nil }
    if let error = (error as? PostgresError)?.cause as? RowCodecError, error.column != nil {
      return OperationError(
        .failed, "refused: a value could not be restored", at: place,
        cause: "\(error.description); nothing was changed",
        hint: "correct such rows, or leave them out with where:")
    }
    guard RefusedColumn.isPossible(error) else { return nil }
    var options = options
    options.rollsBack = true
    let search = RefusedColumn(rows: rows, partition: partition, position: ticket.position.row, options: options)
    do {
      return try await pool.withConnection { try await search.find(over: $0, at: place) }
    } catch {
      context.logger.debug("cannot look for the column at fault", metadata: ["cause": "\(error)"])
      return nil
    }
  }

  private var options: TransactionOptions {
    TransactionOptions(
      timeout: rows.source.transactionTimeout,
      pinned: PinnedSettings(additional: rows.pinnedSettings))
  }

  private nonisolated(nonsending) func removeBatch(
    _ batchID: UUIDv7, _ ticket: FetchTurn.Ticket, _ turn: FetchTurn, _ state: inout State, in transaction: Transaction
  ) async throws -> RowRemover.Removal? {
    let began = ContinuousClock.now
    let locked = try await transaction.execute(
      """
      SELECT pg_catalog.pg_advisory_xact_lock(\(batchID.advisoryLockKey)), pg_catalog.pg_postmaster_start_time()::text
      """)
    guard locked.rows.first?.last == serverStart else {
      throw OperationError(
        .tryAgain, "the server was restarted, or another took its place", at: "\(rows.source.name)",
        cause: "it is not known to have all that the run has committed", hint: "run it again: it settles first")
    }
    guard let partition = try await partition(ticket.position, in: transaction) else {
      await turn.give(back: ticket, at: nil)
      return nil
    }
    state.partition = partition
    let archivedAt = clock.now
    let limit = rows.source.batchSize
    let encoder = RowEncoder(
      columns: rows.table.rowColumns, keyColumns: rows.table.primaryKey, timeColumn: rows.timeColumn,
      archivedAt: archivedAt.description, batchID: batchID.description,
      hasLocations: rows.deletesByLocation, serverVersion: source.serverVersion, room: forecast.room())
    let outcome = try await transaction.copyOut(
      rows.fetch(in: partition, after: ticket.position.row, limit: limit),
      into: BatchSink(encoder: encoder, forecast: forecast))
    let databaseCount = outcome.rowCount
    var sink = outcome.takeSink()
    let position = ticket.position.advanced(
      in: partition, rowCount: databaseCount, limit: limit, lastRow: try sink.encoder.rowPosition)
    await turn.give(back: ticket, at: position)
    state.databaseTime += ContinuousClock.now - began
    state.steps.add(.fetch, since: began)
    guard sink.isComplete else {
      throw OperationError(.defect, "the fetch was cut short", cause: "the COPY stream has no end marker")
    }
    guard databaseCount > 0 || sink.encoder.rowCount > 0 else { return nil }
    try await rows.checkAttachment(in: transaction)
    try sink.seal()

    var prepared = try draft(
      batchID, partition: partition, archivedAt: archivedAt, databaseCount: databaseCount, encoder: sink.encoder)
    prepared.transaction = try await ServerQuestions.describe(ledger: ledger, in: transaction)
    state.folder = prepared.folder
    state.objectCount = sink.objects.count
    let (keys, locations) = (sink.encoder.keys, sink.encoder.locations)
    let verified = try await VerifiedBatch.upload(
      sink.takeObjects(), draft: prepared, to: store, forecast: forecast, timing: &state.steps)
    try await announce(verified)

    let deleting = ContinuousClock.now
    let removal = try await RowRemover(rows: rows, ledger: ledger).remove(
      verified, keys: keys, locations: locations, committedAt: ledger == nil ? archivedAt : clock.now, in: transaction)
    state.databaseTime += ContinuousClock.now - deleting
    state.steps.add(.delete, since: deleting)
    state.removedAt = ContinuousClock.now
    return removal
  }

  /// Writes the prepared document, and takes the last look before rows are deleted: all of it in two round trips.
  private func announce(_ batch: VerifiedBatch) async throws {
    let key = ArchiveLayout.document(.prepared, in: batch.prepared.folder, batch: batch.prepared.batchID)
    let document = try ArchiveDocument.encode(batch.prepared)
    try await StoredDocument.put(document, to: key, in: store)
    async let wasStored = StoredDocument.confirm(document, at: key, in: store)
    async let isUntouched: Void = batch.checkUntouched(in: store)
    async let holdsMore = holds.holdsMore(than: heldCount)
    try await isUntouched
    // Who looked for the document before it was there may have marked the batch since.
    if try await !wasStored { try await batch.checkUntouched(in: store) }
    if try await holdsMore { throw HoldsGrew() }
  }

  /// The period to fetch from; nil when no eligible row is left in this pass.
  private func partition(_ position: FetchPosition, in transaction: Transaction) async throws -> Partition? {
    if let partition = position.partition { return partition }
    let result = try await transaction.execute(rows.probe(from: position.floor))
    guard let text = result.rows.first?.first ?? nil else { return nil }
    guard let time = Timestamp(text) else {
      throw OperationError(.defect, "cannot read a row's time", at: "\(rows.source.name)", cause: "it is no timestamp")
    }
    return Partition(holding: time, unit: rows.source.partition)
  }

  /// The prepared document, but for its objects; its range comes from the rows' values.
  private func draft(
    _ batchID: UUIDv7, partition: Partition, archivedAt: Timestamp, databaseCount: Int, encoder: RowEncoder
  ) throws -> Manifest {
    guard let first = encoder.firstTime.map(Timestamp.init(microseconds:)),
      let last = encoder.lastTime.map(Timestamp.init(microseconds:)), partition.contains(first),
      partition.contains(last)
    else {
      throw OperationError(
        .defect, "the batch crosses its partition", at: "\(rows.source.name), \(partition.path)",
        cause: "a row's time lies outside it")
    }
    return Manifest(
      format: Manifest.preparedFormat, tool: Tool.name, batchID: batchID, runID: context.runID, source: source,
      columns: rows.table.columns, primaryKey: rows.table.primaryKeyNames,
      timestampColumn: rows.source.timestampColumn, timeZone: rows.source.timeZone, cutoff: rows.cutoff,
      partition: partition.path,
      range: .init(
        first: .init(time: first, key: try encoder.firstKey), last: .init(time: last, key: try encoder.lastKey),
        keys: encoder.keys.first?.bounds.map { .init(least: $0.least, greatest: $0.greatest) }),
      counts: .init(database: databaseCount, fetched: encoder.rowCount, stored: 0, deleted: nil), objects: [],
      archivedAt: archivedAt)
  }
}

extension RowEncoder {
  /// Where the next fetch goes on; nil before the first row.
  fileprivate var rowPosition: RowPosition? {
    get throws(RowCodecError) {
      guard let row = try lastRow, let time = row.time else { return nil }
      return RowPosition(time: time, key: row.key)
    }
  }
}
