import Operations
import TestSupport
import Testing

/// Thousands of lives of an archive under random faults: crashes at any step of archiving and settling, restarts, copies that
/// share the storage, databases that go back in time, reloaded tables, archivers side by side.
@Suite struct SettlementSimulation {
  @Test func `no row is lost, whatever happens, and settling leaves none in two batches`() {
    let seed = SeededRandom.seed()
    var tally = Tally()
    for number in 0..<3000 {
      var world = SimulatedWorld(seed: seed &+ UInt64(number))
      if let fault = live(&world, &tally) {
        Issue.record("\(fault), in life \(number) of ARCHIVER_TEST_SEED=\(seed)")
        return
      }
    }
    // What never happens shows nothing.
    #expect(
      tally.committed > 100 && tally.removed > 100 && tally.refused > 100 && tally.superseded > 20
        && tally.reloaded > 100, "\(tally)")
  }

  /// How often things happened.
  struct Tally {
    var committed = 0
    var removed = 0
    var refused = 0
    var superseded = 0
    var reloaded = 0
  }

  /// Forty events and a settling at the end; what went wrong, or nil.
  private func live(_ world: inout SimulatedWorld, _ tally: inout Tally) -> String? {
    var log: [String] = []
    for _ in 0..<40 {
      log.append(happen(&world, &tally))
      let lost = world.lost(afterSettling: false)
      if !lost.isEmpty { return "rows \(lost.sorted()) are lost after \(log)" }
    }
    world.killAll(on: 0)
    world.now += 1000
    let before = world.storage
    guard world.settle(on: 0, grace: 0) == .settled else { return nil }
    tally.removed += before.filter { $0.value.hasObjects && !(world.storage[$0.key]?.hasObjects ?? false) }.count
    tally.committed += before.filter { !$0.value.hasManifest && world.storage[$0.key]?.hasManifest == true }.count
    let lost = world.lost(afterSettling: true)
    if !lost.isEmpty { return "rows \(lost.sorted()) are lost after settling, after \(log)" }
    // A copy archives rows of its own; without a ledger nobody can tell that the database went back; and after a second
    // journey the ledger may know the batch that the first one superseded.
    if !world.hasCopies, !world.hasUnseenReload, world.journeys <= (world.usesLedger ? 1 : 0) {
      let twice = world.archived.filter { $0.value > 1 }.keys
      if !twice.isEmpty { return "rows \(twice.sorted()) are in two batches after \(log)" }
    }
    return world.settle(on: 0, grace: 0) == .settled ? nil : "settling is not idempotent after \(log)"
  }

  private func happen(_ world: inout SimulatedWorld, _ tally: inout Tally) -> String {
    world.now += world.random.int(0...10)
    let database = world.random.int(0...world.databases.count - 1)
    let grace = world.random.pick([0, SimulatedWorld.grace])
    let writes = world.random.pick([nil, nil, 0, 1, 2, 3, 4])
    switch world.random.int(0...16) {
    case 0...1:
      let rows = world.newRows(for: database)
      world.databases[database].rows.formUnion(rows)
      if database == 0 { world.owed.formUnion(rows) }
      return "insert \(rows.sorted()) into \(database)"
    case 2:
      guard let row = world.deleteRow(of: database) else { return "-" }
      return "delete \(row) from \(database)"
    case 3...6: return archive(&world, on: database, &tally)
    case 7...8:
      guard !world.sessions.isEmpty else { return "-" }
      let index = world.random.int(0...world.sessions.count - 1)
      let session = world.sessions[index]
      if world.random.chance(40) {
        world.kill(index)
        return "kill batch \(session.batch) at \(session.step)"
      }
      world.advance(index)
      return "advance batch \(session.batch)"
    case 9...11:
      let outcome = world.settle(on: database, grace: grace, writes: writes)
      return "settle on \(database), grace \(grace), \(outcome)"
    case 12:
      world.killAll(on: database)
      if world.random.chance(50) {
        world.databases[database].crash()
        return "crash \(database)"
      }
      let start = world.start()
      world.databases[database] = world.databases[database].started(at: start)
      return "restart \(database)"
    case 13:
      world.snapshots.append(world.databases[0])
      return "snapshot"
    case 14:
      guard world.databases.count < 3, world.random.chance(20) else { return "-" }
      let start = world.start()
      world.databases.append(world.random.pick(world.snapshots + [world.databases[0]]).started(at: start))
      return "copy"
    case 15:
      guard world.random.chance(40) else { return "-" }
      let batches = world.reload()
      tally.reloaded += batches.count
      if world.random.chance(50) { world.supersede(writes: writes) }
      return "reload of \(batches)"
    default:
      guard !world.snapshots.isEmpty, world.random.chance(40) else { return "-" }
      let start = world.start()
      let isNew = world.random.chance(50)
      world.goBack(to: world.random.pick(world.snapshots).started(at: start, onNewTimeline: isNew))
      return "go back, \(isNew ? "new timeline" : "same timeline")"
    }
  }

  /// A run of `archive` that settles, looks for rows that came back, and then goes on for a while.
  private func archive(_ world: inout SimulatedWorld, on database: Int, _ tally: inout Tally) -> String {
    guard world.settle(on: database, grace: SimulatedWorld.grace, waits: false) == .settled else { return "in doubt" }
    if !world.returned(to: database).isEmpty || !world.reloaded(to: database).isEmpty {
      tally.refused += 1
      guard database == 0, world.random.chance(60) else { return "refused on \(database)" }
      let before = world.storage.values.count(where: \.isSuperseded)
      world.supersede(writes: world.random.pick([nil, 0, 1, 2, 3]))
      tally.superseded += world.storage.values.count(where: \.isSuperseded) - before
      return "refused, then superseded"
    }
    guard world.begin(on: database) else { return "-" }
    let batch = world.nextBatch - 1
    for _ in 0..<world.random.int(0...SimulatedSession.lastStep) {
      guard let index = world.sessions.firstIndex(where: { $0.batch == batch }) else { break }
      world.advance(index)
    }
    return "archive batch \(batch) on \(database)"
  }
}
