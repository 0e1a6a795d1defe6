import ArchiveModel
import Operations

/// Settling as the settler does it, by the real decision, with a crash after any write.
extension SimulatedWorld {
  enum Outcome { case settled, doubt, crashed }

  /// `writes` is how many writes happen before the crash; nil for no crash.
  mutating func settle(on database: Int, grace: Int, writes limit: Int? = nil, waits: Bool = true) -> Outcome {
    var writes = 0
    var doubt = false
    func mayWrite() -> Bool {
      writes += 1
      return limit.map { writes <= $0 } ?? true
    }
    for id in storage.keys.sorted(by: >) {
      guard var batch = storage[id] else { continue }
      if batch.isSuperseded {
        guard databases[database].ledger.contains(id) else { continue }
        if stands(id, in: database) {
          guard mayWrite() else { return .crashed }
          databases[database].takeOut(id)
          for (later, holder) in storage where later > id && holder.isCommitted {
            databases[database].enter(later, holder.rows, of: batch.rows)
          }
        } else {
          doubt = true
        }
        continue
      }
      if sessions.contains(where: { $0.database == database && $0.batch == id && $0.step < 3 }) { continue }
      if batch.hasManifest {
        if batch.prepared != nil || batch.mark != nil {
          guard mayWrite() else { return .crashed }
          (batch.prepared, batch.mark) = (nil, nil)
          storage[id] = batch
        }
        continue
      }
      if batch.prepared == nil, !batch.hasObjects {
        if batch.mark != nil {
          guard mayWrite() else { return .crashed }
          storage[id]?.mark = nil
        }
        continue
      }
      // No least age: what an archiver looks for before it deletes rows has to be enough.
      let isOver = now - batch.bornAt > grace || grace == 0
      if batch.prepared == nil, !waits, !isOver { continue }
      for step in steps(of: decide(id, batch, on: database, isOver), database) {
        switch step {
        case .doubt:
          doubt = doubt || batch.prepared != nil
          continue
        case .change(let change):
          guard mayWrite() else { return .crashed }
          change(&batch)
          storage[id] = batch
        }
      }
    }
    return doubt ? .doubt : .settled
  }

  private enum Step {
    case doubt
    case change((inout SimulatedBatch) -> Void)
  }

  /// The writes of a verdict, in their order.
  private func steps(of verdict: Settlement, _ database: Int) -> [Step] {
    let identity = databases[database].identity
    func mark(_ evidence: AbortedMarker.Evidence) -> Step {
      .change { batch in
        if batch.mark?.evidence != .transactionStatus { batch.mark = .init(evidence: evidence, server: identity) }
      }
    }
    switch verdict {
    case .commit:
      return [.change { $0.hasManifest = true }, .change { $0.prepared = nil }, .change { $0.mark = nil }]
    case .mark(let evidence): return [mark(evidence)]
    case .remove(let evidence):
      return [
        mark(evidence), .change { $0.hasObjects = false }, .change { $0.prepared = nil }, .change { $0.mark = nil },
      ]
    case .doubt: return [.doubt]
    case .wait, .keep, .lookForRows, .lookInLaterBatches: return []
    }
  }

  private func decide(_ id: Int, _ batch: SimulatedBatch, on database: Int, _ isOver: Bool) -> Settlement {
    let here = databases[database]
    let mark: SettlementFacts.Marker =
      switch batch.mark {
      case nil: .none
      case let mark? where mark.evidence == .transactionStatus: .certain
      case let mark?: mark.server.match(here.identity) == .sameServer ? .presumedHere : .presumedElsewhere
      }
    var facts = SettlementFacts(
      isPrepared: batch.prepared != nil,
      ledger: !usesLedger ? .notUsed : here.ledger.contains(id) ? .present : .absent,
      origin: batch.prepared.map { $0.server.match(here.identity) } ?? .other,
      status: batch.prepared.flatMap { here.statuses[$0.transaction] } ?? .unknown, marker: mark, rows: .unread,
      isGraceOver: isOver)
    let missing = batch.rows.keys.subtracting(here.rows.keys)
    while true {
      let verdict = Settlement.decide(facts)
      switch verdict {
      case .lookForRows:
        facts.rows =
          batch.hasObjects
          ? .found(total: batch.rows.count, inDatabase: batch.rows.count - missing.count, archivedAgain: nil)
          : .unreadable
      case .lookInLaterBatches:
        let later = storage.filter { $0.key > id && $0.value.isCommitted }.values.reduce(into: Set<Int>()) {
          $0.formUnion($1.rows.keys)
        }
        facts.rows = .found(
          total: batch.rows.count, inDatabase: batch.rows.count - missing.count,
          archivedAgain: missing.intersection(later).count)
      default: return verdict
      }
    }
  }

  /// Committed batches that the ledger lacks and of which rows are in the database.
  func returned(to database: Int) -> [Int] {
    guard usesLedger else { return [] }
    let here = databases[database]
    return storage.filter { id, batch in
      batch.hasManifest && !batch.isSuperseded && !here.ledger.contains(id)
        && !batch.rows.keys.isDisjoint(with: here.rows.keys)
    }.keys.sorted()
  }

  /// Committed batches that the ledger has and whose first and last row are in the database again, content and all.
  func reloaded(to database: Int) -> [Int] {
    guard usesLedger else { return [] }
    let here = databases[database]
    return storage.filter { id, batch in
      batch.isCommitted && here.ledger.contains(id)
        && [batch.rows.min(), batch.rows.max()].allSatisfy { $0.map(here.rows.contains) ?? false }
    }.keys.sorted()
  }

  /// Whether every row of a batch, content and all, is in the database or in later batches.
  private func stands(_ id: Int, in database: Int) -> Bool {
    guard let batch = storage[id], batch.hasObjects else { return false }
    let later = storage.filter { $0.key > id && $0.value.isCommitted }.values
    return batch.rows.subtracting(databases[database].rows).isSubset(
      of: later.reduce(into: []) { $0.formUnion($1.rows) })
  }

  /// `recover --rows-came-back` on the original, which compares contents.
  mutating func supersede(writes limit: Int?) {
    var writes = 0
    func mayWrite() -> Bool {
      writes += 1
      return limit.map { writes <= $0 } ?? true
    }
    var marks: [Int] = []
    for id in returned(to: 0) + reloaded(to: 0).reversed() where stands(id, in: 0) {
      if databases[0].ledger.contains(id) {
        guard mayWrite() else { return }
        databases[0].takeOut(id)
      }
      marks.append(id)
    }
    for id in marks {
      guard mayWrite() else { return }
      storage[id]?.isSuperseded = true
    }
  }
}
