package import ArchiveModel

/// What is known of a batch without a manifest; what settling decides by, and nothing else.
package struct SettlementFacts: Sendable, Equatable {
  /// What the ledger that the batch was to be recorded in says of it.
  package enum Ledger: Sendable, Hashable, CaseIterable {
    /// The batch was archived without one.
    case notUsed
    /// It is not in this database.
    case missing
    case absent
    case present
    /// It has the batch, with another manifest than the prepared document makes.
    case contradicts
  }

  /// What `pg_xact_status` says of the transaction that deletes the rows.
  package enum Status: String, Sendable, Hashable, CaseIterable {
    case committed, aborted
    case inProgress = "in progress"
    case unknown
  }

  /// The note that an earlier settling left.
  package enum Marker: Sendable, Hashable, CaseIterable {
    case none
    /// The rows were found in a database: in this one, since its server's last start, or in another.
    case presumedHere, presumedElsewhere
    /// The server of the transaction said that it was rolled back.
    case certain
  }

  /// Where the batch's rows were found.
  package enum Rows: Sendable, Hashable {
    /// Nobody has looked yet.
    case unread
    /// An object is gone or damaged.
    case unreadable
    /// The table has another primary key than when the batch was made.
    case underOtherKey
    /// Of `total`, so many are in the database, and so many of the others in later batches; nil before anyone looked there.
    case found(total: Int, inDatabase: Int, archivedAgain: Int?)
  }

  /// The prepared document is there; without it, only objects are.
  package var isPrepared: Bool
  package var ledger: Ledger
  /// How near the transaction's server is to the one that is asked; nil when no document names it.
  package var origin: ServerIdentity.Match?
  package var status: Status
  package var marker: Marker
  package var rows: Rows
  /// The batch is older than the grace time.
  package var isGraceOver: Bool

  package init(
    isPrepared: Bool, ledger: Ledger, origin: ServerIdentity.Match?, status: Status, marker: Marker, rows: Rows,
    isGraceOver: Bool
  ) {
    (self.isPrepared, self.ledger, self.origin, self.status) = (isPrepared, ledger, origin, status)
    (self.marker, self.rows, self.isGraceOver) = (marker, rows, isGraceOver)
  }
}

/// What to do with a batch that has no manifest, or what to find out first.
package enum Settlement: Sendable, Hashable {
  /// Read the objects, and look their keys up in the database.
  case lookForRows
  /// Look the keys that are not in the database up in later batches.
  case lookInLaterBatches
  /// Its transaction was committed: write the manifest.
  case commit
  /// Its transaction was rolled back: say so, for good or as far as this database can tell. Nothing is removed.
  case mark(AbortedMarker.Evidence)
  /// The same, and what it left in storage may go.
  case remove(AbortedMarker.Evidence)
  /// Its transaction has not ended.
  case wait
  /// Nothing is to be done, nor to be told.
  case keep
  /// Neither can be shown: keep everything, and tell.
  case doubt(Doubt)

  /// Why a batch stays in doubt.
  package enum Doubt: Sendable, Hashable {
    /// The ledger has it with another manifest.
    case contradiction
    /// The ledger has it, but neither manifest nor prepared document are in storage.
    case documentsGone
    /// Its transaction was committed, but the ledger that has its entry is not in this database.
    case ledgerMissing
    case unreadable
    case keyChanged
    /// The server says committed, but the database has rows of the batch, or a later batch does.
    case rowsThere
    /// Some rows are neither in the database nor in a later batch.
    case rowsMissing
  }

  /// The verdict, or the next question.
  ///
  /// A wrong "rolled back" may hide the only copy of rows, a wrong "committed" makes a second one: where neither is sure,
  /// nothing is removed. Only the server that ran the transaction, not restarted since, is believed about a rollback:
  /// a copy of it, or of an earlier time, would say the same of a batch that the original commits. Of a commit nobody is
  /// believed alone: a server that crashed hands out again the numbers of transactions that it has forgotten.
  package static func decide(_ facts: SettlementFacts) -> Settlement {
    switch facts.ledger {
    case .present: return facts.isPrepared ? .commit : .doubt(.documentsGone)
    case .contradicts: return .doubt(.contradiction)
    case .notUsed, .missing, .absent: break
    }
    if facts.marker == .certain || facts.isAbortedByStatus { return certain(facts) }
    if facts.ledger == .missing, facts.isCommittedByStatus { return .doubt(.ledgerMissing) }
    if facts.isPrepared, facts.origin == .sameServer, facts.status == .inProgress { return .wait }
    if facts.marker != .none, let verdict = whereMarked(facts) { return verdict }
    if facts.isRolledBackByLedger { return .mark(.ledger) }
    switch facts.rows {
    case .unread: return .lookForRows
    case .unreadable: return facts.marker == .none ? .doubt(.unreadable) : .keep
    case .underOtherKey: return facts.marker == .none ? .doubt(.keyChanged) : .keep
    case .found(let total, let inDatabase, _) where total == inDatabase:
      return facts.keysAreToAgree ? .doubt(.rowsThere) : presumed(facts)
    case .found(_, _, nil): return .lookInLaterBatches
    case .found(let total, let inDatabase, .some(let again)):
      if facts.keysAreToAgree, inDatabase > 0 || again > 0 { return .doubt(.rowsThere) }
      if inDatabase + again == total { return presumed(facts) }
      if facts.isCommittedByKeys, inDatabase == 0, again == 0 { return .commit }
      return facts.marker != .none && !facts.isPrepared ? .keep : .doubt(.rowsMissing)
    }
  }

  /// The batch was rolled back, whatever else there is.
  private static func certain(_ facts: SettlementFacts) -> Settlement {
    if facts.isGraceOver { return .remove(.transactionStatus) }
    return facts.marker == .certain ? .keep : .mark(.transactionStatus)
  }

  /// An earlier mark stands while nothing new can be learnt; nil where another look may lead further.
  private static func whereMarked(_ facts: SettlementFacts) -> Settlement? {
    if facts.isPrepared {
      // Without a ledger, a copy's mark must not stand against the original's own rows.
      return facts.ledger == .notUsed && facts.marker == .presumedElsewhere ? nil : .keep
    }
    return facts.ledger == .absent && facts.isGraceOver ? nil : .keep
  }

  /// All rows are accounted for.
  private static func presumed(_ facts: SettlementFacts) -> Settlement {
    // Rows are deleted after the prepared document is written: of a batch that never had one, the objects are a copy.
    let mayGo = !facts.isPrepared && facts.ledger == .absent && facts.isGraceOver
    return mayGo ? .remove(.rowsFound) : .mark(.rowsFound)
  }
}

extension SettlementFacts {
  /// A commit is on disk before anyone hears of it, so that a restarted server knows it as well; but the number may be
  /// another transaction's by now.
  fileprivate var isCommittedByStatus: Bool {
    isPrepared && status == .committed && (origin == .sameServer || origin == .restarted)
  }

  /// The ledger of the server that ran it has no entry: rolled back, wherever the rows are by now. Not so where the server
  /// says that the transaction was committed: the entry may have been removed since.
  fileprivate var isRolledBackByLedger: Bool {
    isPrepared && ledger == .absent && (origin == .sameServer || origin == .restarted) && status != .committed
  }

  fileprivate var isAbortedByStatus: Bool { isPrepared && status == .aborted && origin == .sameServer }

  /// The server says committed, and there is no ledger to say whether that is the batch: its rows have to be gone.
  fileprivate var keysAreToAgree: Bool { ledger == .notUsed && isCommittedByStatus }

  /// Rows that are gone show a commit only where it can have been: in the database that ran the transaction, and not
  /// against its word.
  fileprivate var isCommittedByKeys: Bool {
    isPrepared && ledger == .notUsed && origin != .other && status != .aborted
  }
}
