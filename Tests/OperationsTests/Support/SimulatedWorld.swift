import ArchiveModel
import Operations
import TestSupport

/// A database, as far as archiving and settling see it. Rows are numbers: a key, and which content
/// of it; a key may be used anew, a content never.
struct SimulatedDatabase {
  var identity: ServerIdentity
  var rows: Set<Int> = []
  var ledger: Set<Int> = []
  var statuses: [Int: SettlementFacts.Status] = [:]
  var nextTransaction = 1
  /// What was really committed in this history, by batch.
  var committed: [Int: Set<Int>] = [:]

  /// Its delete is undone, or its rows stand elsewhere.
  mutating func takeOut(_ batch: Int) {
    ledger.remove(batch)
    committed[batch] = nil
  }

  /// A batch that holds rows of one that was taken out, and none of which are in the table, has that one's delete.
  mutating func enter(_ batch: Int, _ rows: Set<Int>, of earlier: Set<Int>) {
    guard !ledger.contains(batch), !rows.isDisjoint(with: earlier.subtracting(self.rows)),
      rows.keys.isDisjoint(with: self.rows.keys)
    else { return }
    ledger.insert(batch)
    committed[batch] = rows
  }

  /// The crash of one process: the server goes on under its identity, and gives the numbers of lost transactions again.
  mutating func crash() {
    let last = statuses.filter { $0.value == .committed }.keys.max() ?? 0
    statuses = statuses.filter { $0.key <= last }
    nextTransaction = last + 1
  }

  /// The database as it comes up from these files on a server started at `start`.
  func started(at start: Int, onNewTimeline: Bool = false) -> SimulatedDatabase {
    var copy = self
    copy.identity.startedAt = Timestamp(microseconds: Int64(start))
    if onNewTimeline { copy.identity.timeline = copy.identity.timeline.map { $0 + 1 } }
    for (id, status) in statuses where status == .inProgress { copy.statuses[id] = .aborted }
    return copy
  }
}

/// What storage holds of one batch.
struct SimulatedBatch {
  struct Prepared {
    var transaction: Int
    var server: ServerIdentity
  }

  struct Mark {
    var evidence: AbortedMarker.Evidence
    var server: ServerIdentity
  }

  var rows: Set<Int>
  var bornAt: Int
  var hasObjects = false
  var prepared: Prepared?
  var mark: Mark?
  var hasManifest = false
  var isSuperseded = false

  /// Its rows are safe in storage.
  var isCommitted: Bool { hasManifest && !isSuperseded && hasObjects }
}

/// An archiver at work on a batch: it has done `step` steps of the protocol.
struct SimulatedSession {
  var database: Int
  var batch: Int
  var transaction: Int
  var step = 0

  static let lastStep = 6
}

extension Int {
  /// The row's primary key.
  var key: Int { self % 1000 }
}

extension Set<Int> {
  /// The keys of rows.
  var keys: Set<Int> { Set(map(\.key)) }
}

/// Databases that share one storage: the original, number 0, and copies of it.
struct SimulatedWorld {
  /// Server-side limit of a transaction's life.
  static let longestBatch = 20
  static let grace = 50

  var random: SeededRandom
  let usesLedger: Bool
  var now = 0
  var databases: [SimulatedDatabase]
  var snapshots: [SimulatedDatabase] = []
  var storage: [Int: SimulatedBatch] = [:]
  var sessions: [SimulatedSession] = []
  /// Rows that must be somewhere.
  var owed: Set<Int> = []
  var nextRow = 1
  var nextBatch = 1
  var nextStart = 1
  var hasCopies: Bool { databases.count > 1 }
  /// How often the original went to another state of its past.
  var journeys = 0
  /// A row of a reloaded batch went before anybody saw the reload, which then goes unseen.
  var hasUnseenReload = false

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    usesLedger = random.chance(70)
    databases = [
      SimulatedDatabase(
        identity: ServerIdentity(
          systemIdentifier: "1", databaseOID: 5, timeline: 1, startedAt: Timestamp(microseconds: 0)))
    ]
  }

  /// Up to four rows that no database has had: some under keys that rows had before, where a ledger tells them apart.
  mutating func newRows(for database: Int) -> Set<Int> {
    var rows: Set<Int> = []
    for _ in 0..<random.int(1...4) {
      let used = databases[database].rows.keys.union(rows.keys)
      let old = random.int(1...nextRow)
      let key = usesLedger && random.chance(30) && old < nextRow && !used.contains(old) ? old : nextRow
      rows.insert(nextRow * 1000 + key)
      nextRow += 1
    }
    return rows
  }

  mutating func start() -> Int {
    nextStart += 1
    return nextStart
  }

  // MARK: Archiving

  /// Begins a batch of rows that no other session holds; false when there are none.
  mutating func begin(on database: Int) -> Bool {
    let held = sessions.filter { $0.database == database }.reduce(into: Set<Int>()) {
      $0.formUnion(storage[$1.batch]?.rows ?? [])
    }
    let rows = Set(databases[database].rows.subtracting(held).sorted().prefix(random.int(1...3)))
    guard !rows.isEmpty else { return false }
    let transaction = databases[database].nextTransaction
    databases[database].nextTransaction += 1
    databases[database].statuses[transaction] = .inProgress
    storage[nextBatch] = SimulatedBatch(rows: rows, bornAt: now)
    sessions.append(SimulatedSession(database: database, batch: nextBatch, transaction: transaction))
    nextBatch += 1
    return true
  }

  /// One step of the protocol: upload, prepare, delete and commit, manifest, tidy.
  mutating func advance(_ index: Int) {
    var session = sessions[index]
    guard var batch = storage[session.batch] else { return }
    if session.step < 3, now - batch.bornAt > Self.longestBatch { return kill(index) }
    session.step += 1
    switch session.step {
    case 1: batch.hasObjects = true
    case 2:
      batch.prepared = .init(transaction: session.transaction, server: databases[session.database].identity)
      if batch.mark != nil || !batch.hasObjects {
        storage[session.batch] = batch
        return kill(index)
      }
    case 3:
      databases[session.database].rows.subtract(batch.rows)
      databases[session.database].statuses[session.transaction] = .committed
      databases[session.database].committed[session.batch] = batch.rows
      if usesLedger { databases[session.database].ledger.insert(session.batch) }
    case 4: batch.hasManifest = true
    case 5: batch.prepared = nil
    default: break
    }
    storage[session.batch] = batch
    if session.step == SimulatedSession.lastStep { sessions.remove(at: index) } else { sessions[index] = session }
  }

  /// The archiver, or its connection, is gone.
  mutating func kill(_ index: Int) {
    let session = sessions.remove(at: index)
    if session.step < 3 { databases[session.database].statuses[session.transaction] = .aborted }
  }

  mutating func killAll(on database: Int) {
    while let index = sessions.firstIndex(where: { $0.database == database }) { kill(index) }
  }

  /// Loads the original's table alone from an older dump; gives the batches whose rows are there again.
  mutating func reload() -> [Int] {
    guard usesLedger else { return [] }
    let batches = storage.filter { $0.value.isCommitted && databases[0].ledger.contains($0.key) && random.chance(50) }
    return batches.keys.sorted().filter { id in
      guard let rows = storage[id]?.rows, rows.keys.isDisjoint(with: databases[0].rows.keys) else { return false }
      databases[0].rows.formUnion(rows)
      return true
    }
  }

  /// Deletes a row by other hands; nil when all are locked.
  mutating func deleteRow(of database: Int) -> Int? {
    let locked = sessions.filter { $0.database == database }.flatMap { storage[$0.batch]?.rows ?? [] }
    guard let row = databases[database].rows.subtracting(locked).sorted().first else { return nil }
    if database == 0, archived[row] == nil { owed.remove(row) }
    if reloaded(to: 0).contains(where: { storage[$0]?.rows.contains(row) == true }) { hasUnseenReload = true }
    databases[database].rows.remove(row)
    return row
  }

  // MARK: What must hold

  /// Rows of committed batches, each as often as it is in one.
  var archived: [Int: Int] {
    storage.values.filter(\.isCommitted).reduce(into: [:]) { counts, batch in
      for row in batch.rows { counts[row, default: 0] += 1 }
    }
  }

  /// Rows owed that are neither in the original nor in a committed batch, nor in one that settling can still commit.
  func lost(afterSettling: Bool) -> Set<Int> {
    var rest = owed.subtracting(databases[0].rows).subtracting(archived.keys)
    guard !afterSettling else { return rest }
    for (id, rows) in databases[0].committed {
      // A superseded batch that the ledger has is told of, with the way out.
      let isTold = storage[id]?.isSuperseded == true && databases[0].ledger.contains(id)
      if let batch = storage[id], batch.hasObjects, batch.prepared != nil || isTold { rest.subtract(rows) }
    }
    return rest
  }

  /// The original was replaced by an earlier state: what that lacks, and no committed batch has, is the operator's choice.
  mutating func goBack(to state: SimulatedDatabase) {
    killAll(on: 0)
    databases[0] = state
    journeys += 1
    owed = state.rows.union(archived.keys)
    for rows in state.committed.values { owed.formUnion(rows) }
    owed = owed.filter { $0 / 1000 < nextRow }
  }
}
