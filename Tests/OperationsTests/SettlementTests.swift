import ArchiveModel
import Operations
import Testing

/// The decision about a batch without a manifest.
@Suite struct SettlementTests {
  typealias Facts = SettlementFacts

  /// What is known of a batch, and the verdict.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var isPrepared = true
    var ledger = Facts.Ledger.absent
    var origin: ServerIdentity.Match? = .sameServer
    var status = Facts.Status.unknown
    var marker = Facts.Marker.none
    var rows = Facts.Rows.unread
    var isGraceOver = false
    let verdict: Settlement
    var testDescription: String { name }

    var facts: Facts {
      Facts(
        isPrepared: isPrepared, ledger: ledger, origin: origin, status: status, marker: marker, rows: rows,
        isGraceOver: isGraceOver)
    }
  }

  static let all = Facts.Rows.found(total: 5, inDatabase: 5, archivedAgain: nil)
  static let none = Facts.Rows.found(total: 5, inDatabase: 0, archivedAgain: 0)
  static let noneYet = Facts.Rows.found(total: 5, inDatabase: 0, archivedAgain: nil)
  static let some = Facts.Rows.found(total: 5, inDatabase: 3, archivedAgain: 1)
  static let spread = Facts.Rows.found(total: 5, inDatabase: 3, archivedAgain: 2)

  static let cases = [
    Case(name: "the ledger has it", ledger: .present, verdict: .commit),
    Case(name: "the ledger wins over a mark", ledger: .present, marker: .certain, isGraceOver: true, verdict: .commit),
    Case(name: "the ledger has another manifest", ledger: .contradicts, verdict: .doubt(.contradiction)),
    Case(
      name: "the ledger has it, the documents are gone", isPrepared: false, ledger: .present, rows: all,
      isGraceOver: true, verdict: .doubt(.documentsGone)),
    Case(name: "rolled back for certain", status: .aborted, verdict: .mark(.transactionStatus)),
    Case(
      name: "rolled back for certain, without a ledger", ledger: .notUsed, status: .aborted,
      verdict: .mark(.transactionStatus)),
    Case(
      name: "rolled back for certain, and old", status: .aborted, isGraceOver: true,
      verdict: .remove(.transactionStatus)),
    Case(name: "marked for certain, and young", origin: .other, marker: .certain, verdict: .keep),
    Case(
      name: "marked for certain, and old, wherever", origin: .other, marker: .certain, rows: .unreadable,
      isGraceOver: true, verdict: .remove(.transactionStatus)),
    Case(
      name: "a restarted server's word about a rollback", origin: .restarted, status: .aborted, verdict: .mark(.ledger)),
    Case(
      name: "a restarted server's ledger, old, whatever rows there are", origin: .restarted, rows: some,
      isGraceOver: true,
      verdict: .mark(.ledger)),
    Case(
      name: "a restarted server's ledger against its word, which may be of an entry removed", origin: .restarted,
      status: .committed, rows: some, verdict: .doubt(.rowsMissing)),
    Case(
      name: "a restarted server, all rows there", origin: .restarted, status: .aborted, rows: all, isGraceOver: true,
      verdict: .mark(.ledger)),
    Case(
      name: "another server, all rows there", origin: .other, rows: all, isGraceOver: true, verdict: .mark(.rowsFound)),
    Case(name: "another server, rows gone", origin: .other, rows: noneYet, verdict: .lookInLaterBatches),
    Case(name: "rows in later batches", origin: .other, rows: spread, verdict: .mark(.rowsFound)),
    Case(name: "rows nowhere", origin: .other, rows: some, verdict: .doubt(.rowsMissing)),
    Case(name: "no row anywhere, and no entry", origin: .other, rows: none, verdict: .doubt(.rowsMissing)),
    Case(name: "committed without its entry", status: .committed, rows: all, verdict: .mark(.rowsFound)),
    Case(
      name: "committed, and the ledger is elsewhere", ledger: .missing, status: .committed, rows: all,
      verdict: .doubt(.ledgerMissing)),
    Case(name: "still at work", status: .inProgress, verdict: .wait),
    Case(name: "presumed before", origin: .other, marker: .presumedElsewhere, isGraceOver: true, verdict: .keep),
    Case(
      name: "presumed before, now certain", status: .aborted, marker: .presumedElsewhere,
      verdict: .mark(.transactionStatus)),
    Case(name: "an object is damaged", origin: .other, rows: .unreadable, verdict: .doubt(.unreadable)),
    Case(
      name: "without a ledger, committed by status, rows unread", ledger: .notUsed, status: .committed,
      verdict: .lookForRows),
    Case(
      name: "without a ledger, committed by status, and all rows there", ledger: .notUsed, status: .committed,
      rows: all,
      isGraceOver: true, verdict: .doubt(.rowsThere)),
    Case(
      name: "without a ledger, committed by status, and some rows there", ledger: .notUsed, status: .committed,
      rows: some,
      verdict: .doubt(.rowsThere)),
    Case(
      name: "without a ledger, committed by status, and rows in later batches", ledger: .notUsed, status: .committed,
      rows: spread, verdict: .doubt(.rowsThere)),
    Case(
      name: "without a ledger, committed by status, and all rows in later batches", ledger: .notUsed,
      status: .committed,
      rows: .found(total: 5, inDatabase: 0, archivedAgain: 5), verdict: .doubt(.rowsThere)),
    Case(
      name: "without a ledger, committed by status, no row there", ledger: .notUsed, status: .committed, rows: none,
      verdict: .commit),
    Case(
      name: "without a ledger, committed by status after a restart", ledger: .notUsed, origin: .restarted,
      status: .committed, marker: .presumedElsewhere, rows: none, verdict: .commit),
    Case(
      name: "without a ledger, rolled back for certain, then its number given to another", ledger: .notUsed,
      status: .committed, marker: .certain, rows: all, verdict: .keep),
    Case(
      name: "without a ledger, no row, and the number forgotten", ledger: .notUsed, origin: .restarted, rows: none,
      verdict: .commit),
    Case(
      name: "without a ledger, no row, and a document that names no server", ledger: .notUsed, origin: nil, rows: none,
      verdict: .commit),
    Case(
      name: "without a ledger, no row, and another server", ledger: .notUsed, origin: .other, rows: none,
      verdict: .doubt(.rowsMissing)),
    Case(
      name: "without a ledger, no row, and a restarted server's rollback", ledger: .notUsed, origin: .restarted,
      status: .aborted, rows: none, verdict: .doubt(.rowsMissing)),
    Case(
      name: "without a ledger, another primary key", ledger: .notUsed, rows: .underOtherKey,
      verdict: .doubt(.keyChanged)),
    Case(name: "without a ledger, all rows", ledger: .notUsed, origin: .other, rows: all, verdict: .mark(.rowsFound)),
    Case(
      name: "without a ledger, some rows", ledger: .notUsed, origin: .other, rows: some, verdict: .doubt(.rowsMissing)),
    Case(
      name: "without a ledger, marked here", ledger: .notUsed, origin: .other, marker: .presumedHere, verdict: .keep),
    Case(
      name: "without a ledger, marked by a copy", ledger: .notUsed, origin: .restarted, marker: .presumedElsewhere,
      rows: none, verdict: .commit),
    Case(name: "objects alone, all rows, young", isPrepared: false, rows: all, verdict: .mark(.rowsFound)),
    Case(
      name: "objects alone, all rows, old", isPrepared: false, rows: spread, isGraceOver: true,
      verdict: .remove(.rowsFound)),
    Case(
      name: "objects alone, all rows, old, without a ledger", isPrepared: false, ledger: .notUsed, rows: all,
      isGraceOver: true, verdict: .mark(.rowsFound)),
    Case(name: "objects alone, rows nowhere", isPrepared: false, rows: none, verdict: .doubt(.rowsMissing)),
    Case(
      name: "objects alone, marked, rows gone since", isPrepared: false, marker: .presumedElsewhere, rows: none,
      isGraceOver: true, verdict: .keep),
  ]

  @Test(arguments: cases) func `decides`(_ item: Case) {
    #expect(Settlement.decide(item.facts) == item.verdict)
  }

  static let rows: [Facts.Rows] = [.unread, .unreadable, .underOtherKey, all, none, noneYet, some, spread]

  /// Every combination of facts.
  static var everything: [Facts] {
    var result: [Facts] = []
    for isPrepared in [true, false] {
      for ledger in Facts.Ledger.allCases {
        for origin in ServerIdentity.Match.allCases.map(Optional.some) + [nil] {
          for status in Facts.Status.allCases {
            for marker in Facts.Marker.allCases {
              for row in rows {
                for isOver in [true, false] {
                  result.append(
                    Facts(
                      isPrepared: isPrepared, ledger: ledger, origin: origin, status: status, marker: marker, rows: row,
                      isGraceOver: isOver))
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  @Test func `removes nothing unless the rollback is certain, or a batch that never was prepared is all accounted for`()
  {
    for facts in Self.everything {
      guard case .remove = Settlement.decide(facts) else { continue }
      let isCertain =
        facts.marker == .certain || (facts.isPrepared && facts.origin == .sameServer && facts.status == .aborted)
      let isCopy = !facts.isPrepared && facts.ledger == .absent && [Self.all, Self.spread].contains(facts.rows)
      #expect(facts.isGraceOver && (isCertain || isCopy), "\(facts)")
      #expect(facts.ledger != .present && facts.ledger != .contradicts, "\(facts)")
    }
  }

  @Test func `commits only by the ledger's word, or without a ledger when no row is left where it ran`() {
    for facts in Self.everything where Settlement.decide(facts) == .commit {
      #expect(facts.isPrepared, "\(facts)")
      if facts.ledger == .present { continue }
      #expect(facts.ledger == .notUsed, "\(facts)")
      #expect(facts.rows == Self.none && facts.origin != .other, "\(facts)")
      #expect(facts.marker != .certain && facts.status != .aborted, "\(facts)")
    }
  }

  @Test func `never says of a batch that the ledger holds that it was rolled back`() {
    for facts in Self.everything where facts.ledger == .present || facts.ledger == .contradicts {
      switch Settlement.decide(facts) {
      case .commit, .doubt: break
      case let verdict: Issue.record("\(verdict) of \(facts)")
      }
    }
  }

  @Test
  func `takes missing rows for rolled back by the ledger alone, where it is that of the server that ran the batch`() {
    for facts in Self.everything where Settlement.decide(facts) == .mark(.ledger) {
      #expect(facts.isPrepared && facts.ledger == .absent && facts.status != .committed, "\(facts)")
      #expect(facts.origin == .sameServer || facts.origin == .restarted, "\(facts)")
    }
  }

  @Test func `asks only what it does not know`() {
    for facts in Self.everything {
      let verdict = Settlement.decide(facts)
      if verdict == .lookForRows { #expect(facts.rows == .unread, "\(facts)") }
      if verdict == .lookInLaterBatches { #expect(facts.rows == Self.noneYet, "\(facts)") }
    }
  }
}
