import ArchiveModel
import TestSupport
import Testing

@testable import Operations

/// Thousands of passes over a table by the real decisions on slicing and retry, with several workers, while others lock, add
/// and delete rows, and batches fail at any time.
@Suite struct SlicingSimulation {
  @Test func `every row is taken once and none is passed over, however batches end`() {
    let seed = SeededRandom.seed()
    var tally = Tally()
    for number in 0..<3000 {
      var table = SimulatedTable(seed: seed &+ UInt64(number))
      if let fault = live(&table, &tally) {
        Issue.record("\(fault), in life \(number) of ARCHIVER_TEST_SEED=\(seed)")
        return
      }
    }
    // What never happens shows nothing.
    #expect(tally.begunAnew > 300 && tally.failed > 100 && tally.secondPass > 100, "\(tally)")
  }

  /// How often things happened.
  struct Tally {
    var begunAnew = 0
    var failed = 0
    /// Runs whose second pass found rows that the first had left.
    var secondPass = 0
  }

  /// A calm run, or some rough ones and then a calm one; what went wrong, or nil.
  private func live(_ table: inout SimulatedTable, _ tally: inout Tally) -> String? {
    for _ in 0..<table.random.int(0...3) {
      for pass in 1...2 {
        let before = table.archived.count
        guard let isComplete = table.pass(isRough: true, &tally) else { return "a pass never ends: \(table)" }
        if pass == 2, table.archived.count > before { tally.secondPass += 1 }
        guard isComplete else {
          tally.failed += 1
          break
        }
      }
      table.locked = []
    }
    guard table.pass(isRough: false, &tally) == true else { return "a calm pass does not end well: \(table)" }
    if !table.rows.isEmpty { return "a calm pass leaves \(table.rows)" }
    return table.fault
  }
}

/// A table as slicing sees it.
struct SimulatedTable {
  struct Row: Hashable, Comparable {
    var time: Int64
    var key: Int

    static func < (left: Row, right: Row) -> Bool { (left.time, left.key) < (right.time, right.key) }

    var position: RowPosition { RowPosition(time: String(time), key: [String(key)]) }
    var instant: Timestamp { Timestamp(microseconds: time) }
  }

  /// A batch whose rows are fetched, and which may still fail.
  private struct Batch {
    var ticket: FetchPosition
    var rows: [Row]
    var attempt: Int
  }

  var random: SeededRandom
  let unit: PartitionUnit
  let limit: Int
  let workers: Int
  var rows: Set<Row> = []
  /// By others.
  var locked: Set<Row> = []
  var archived: Set<Row> = []
  var fault: String?
  private var nextKey = 1

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    unit = random.pick(PartitionUnit.allCases)
    limit = random.int(1...6)
    workers = random.int(1...4)
    for _ in 0..<random.int(0...40) { insert() }
  }

  private mutating func insert() {
    let day = Timestamp.microsecondsPerDay
    // Few days, few times within them, both ends of what has a partition of its own, and no time at all.
    let start = Partition(holding: Timestamp(microseconds: 0), unit: .day).start?.microseconds ?? 0
    let time =
      switch random.int(0...19) {
      case 0: Timestamp.negativeInfinity.microseconds
      case 1: start - 4000 * 366 * day
      default: start + Int64(random.int(0...70)) * day / 2 + Int64(random.int(0...2))
      }
    rows.insert(Row(time: time, key: nextKey))
    nextKey += 1
  }

  private mutating func meddle() {
    switch random.int(0...9) {
    case 0: insert()
    case 1: if let row = rows.subtracting(locked).randomElement(using: &random) { locked.insert(row) }
    case 2: if let row = locked.randomElement(using: &random) { locked.remove(row) }
    default: break
    }
  }

  /// One pass; false when a batch has failed for good, nil when the pass never ends.
  mutating func pass(isRough: Bool, _ tally: inout SlicingSimulation.Tally) -> Bool? {
    var turn: FetchPosition? = FetchPosition()
    var underWay: [Batch] = []
    var hasFailed = false
    for _ in 0..<20 * (rows.count + 50) {
      if isRough { meddle() }
      let mayFetch = turn != nil && !hasFailed && underWay.count < workers
      guard mayFetch || !underWay.isEmpty else { return !hasFailed }
      if mayFetch, underWay.isEmpty || random.chance(60), let ticket = turn {
        if isRough, random.chance(8) {
          // The fetch itself fails, and its worker has the turn still.
          hasFailed = !isBegunAnew(after: 1, &tally)
          continue
        }
        let (batch, next) = fetch(at: ticket, attempt: 1, beside: underWay)
        turn = next
        if let batch { underWay.append(batch) }
        continue
      }
      let index = random.int(0...underWay.count - 1)
      let batch = underWay.remove(at: index)
      if isRough, random.chance(25) {
        guard isBegunAnew(after: batch.attempt, &tally) else {
          hasFailed = true
          continue
        }
        // The turn is another's by now: where this one fetches again changes nothing for the others.
        if let anew = fetch(at: batch.ticket, attempt: batch.attempt + 1, beside: underWay).batch {
          underWay.append(anew)
        }
      } else {
        commit(batch)
      }
    }
    return nil
  }

  private mutating func isBegunAnew(after attempt: Int, _ tally: inout SlicingSimulation.Tally) -> Bool {
    var error = OperationError(.tryAgain, "cannot archive the batch", cause: "a simulated fault")
    error.isTransient = random.chance(90)
    let delay = BatchRetry().delay(after: error, attempt: attempt, jitter: 0.5)
    if delay != nil { tally.begunAnew += 1 }
    return delay != nil
  }

  /// What a fetch at that position takes, and where the next one goes on.
  private mutating func fetch(
    at position: FetchPosition, attempt: Int, beside others: [Batch]
  ) -> (batch: Batch?, next: FetchPosition?) {
    let partition: Partition
    if let current = position.partition {
      partition = current
    } else {
      // The probe sees locked rows as well.
      let floor = position.floor
      guard let first = rows.filter({ row in floor.map { row.instant >= $0 } ?? true }).min() else { return (nil, nil) }
      partition = Partition(holding: first.instant, unit: unit)
    }
    let taken = others.reduce(into: locked) { $0.formUnion($1.rows) }
    let last = position.row.flatMap { row in Int64(row.time).map { Row(time: $0, key: Int(row.key[0]) ?? 0) } }
    let found = rows.subtracting(taken)
      .filter { row in partition.contains(row.instant) && (last.map { row > $0 } ?? true) }
      .sorted().prefix(limit)
    let next = position.advanced(
      in: partition, rowCount: found.count, limit: limit, lastRow: found.last?.position)
    return (found.isEmpty ? nil : Batch(ticket: position, rows: Array(found), attempt: attempt), next)
  }

  private mutating func commit(_ batch: Batch) {
    for row in batch.rows where !archived.insert(row).inserted || rows.remove(row) == nil {
      fault = fault ?? "\(row) is taken twice"
    }
    if Set(batch.rows.map { Partition(holding: $0.instant, unit: unit) }).count > 1 {
      fault = fault ?? "a batch crosses its partition: \(batch.rows)"
    }
  }
}
