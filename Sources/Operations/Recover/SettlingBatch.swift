import ArchiveModel

/// A batch while it is being settled.
struct SettlingBatch: Sendable {
  let files: BatchFiles
  let prepared: Manifest?
  let server: ServerQuestions.Answer
  /// By the ledger's entry; without a ledger the prepared document decides, so that whoever settles writes the same bytes.
  var committedAt: Timestamp?
  var facts: SettlementFacts
  /// Of the rows that are not in the database.
  var missingKeys: [[String]] = []
  /// What is wrong with an object that cannot be read.
  var damage: String?

  init(files: BatchFiles, prepared: Manifest?, marker: AbortedMarker?, server: ServerQuestions.Answer) {
    (self.files, self.prepared, self.server) = (files, prepared, server)
    committedAt = prepared?.archivedAt
    let mark: SettlementFacts.Marker =
      switch marker {
      case nil: files.documents.contains(.aborted) ? .presumedElsewhere : .none
      case let marker? where marker.evidence == .transactionStatus: .certain
      case let marker?: marker.server.match(server.identity) == .sameServer ? .presumedHere : .presumedElsewhere
      }
    facts = SettlementFacts(
      isPrepared: prepared != nil, ledger: .notUsed, origin: nil, status: .unknown, marker: mark, rows: .unread,
      isGraceOver: false)
  }
}

extension SettlingBatch {
  /// Rows that were found nowhere.
  private var lostCount: Int {
    guard case .found(let total, let inDatabase, let again) = facts.rows else { return 0 }
    return total - inDatabase - (again ?? 0)
  }

  /// Why it stays in doubt: one sentence without its end. Names counts and keys of objects, never row values.
  func sentence(_ doubt: Settlement.Doubt) -> String {
    switch doubt {
    case .contradiction: "the ledger holds it as committed, with another manifest"
    case .documentsGone: "the ledger holds it as committed, but its manifest is gone; put it back from a copy"
    case .ledgerMissing:
      "its transaction was committed, and the ledger \(prepared?.transaction?.ledger ?? "") is not in the database"
    case .unreadable: damage ?? "an object cannot be read"
    case .keyChanged:
      "it was archived by the primary key (\((prepared?.primaryKey ?? []).joined(separator: ", "))), and the table has another "
        + "now, so that its rows cannot be told from others"
    case .rowsThere:
      "its transaction was committed by the server's word, but rows with its keys are in the database or in later batches; "
        + "after a crash a server gives the number of a lost transaction to another one"
    case .rowsMissing: "\(lostCount) of its rows are neither in the database nor in later batches" + reason
    }
  }

  /// What shows that it was rolled back, as far as this database can tell.
  func presumption(_ evidence: AbortedMarker.Evidence) -> String {
    guard evidence != .ledger, case .found(let total, let inDatabase, _) = facts.rows else {
      return "it was rolled back: the ledger does not know it"
    }
    if inDatabase == total { return "its \(total) rows are all in the database" }
    return "of its \(total) rows \(inDatabase) are in the database and the others in later batches"
  }

  /// What becomes of its objects, and the way out.
  var keptUntil: String {
    "its objects are marked as aborted and kept, as only the server that ran its transaction, not restarted since, could say "
      + "for certain that it was rolled back: where nobody needs them, remove what \(files.folder) has of batch \(files.batchID)"
  }

  /// Why missing rows do not show that the batch was committed.
  private var reason: String {
    if facts.ledger != .notUsed { return ", and the ledger does not know it" }
    if facts.status == .aborted { return ", and the server says that it was rolled back" }
    return facts.origin == .other ? ", and another server, or another history of this one, ran its transaction" : ""
  }
}
