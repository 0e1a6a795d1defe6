package import ArchiveModel
import Hashing

/// What settling found, batch by batch.
package struct RecoverReport: Sendable {
  package var runID: UUIDv7
  package var findings: [Finding]
  package var errors: [OperationError]
  /// Manifests of runs that were cut short, which the run record of the recovery names now.
  package var namedCount = 0
  /// Superseded markers that no record named, likewise.
  package var namedMarkerCount = 0

  /// A batch that a crash left behind.
  package struct Finding: Sendable {
    package enum Outcome: String, Sendable {
      /// The database had committed it: the manifest was written.
      case committed
      /// The database had rolled it back: its objects were removed, or marked as aborted.
      case rolledBack
      /// Its rows came back with a database of an earlier time: readers ignore it from now on.
      case superseded
      /// It is another run's, which is still at work on it.
      case inProgress
      /// Neither can be shown; everything was kept.
      case inDoubt
      /// Objects without a document, of which nothing can be shown, or a document that nothing vouches for; kept. The table
      /// can be archived nevertheless.
      case unexplained
    }

    package var table: TableName
    package var batchID: UUIDv7
    package var outcome: Outcome
    /// One sentence.
    package var detail: String
    /// That was written, where one was.
    package var manifest: RunRecord.DocumentReference?
    /// That is to be written once a run record names it.
    var mark: SupersedingMark?

    package init(table: TableName, batchID: UUIDv7, outcome: Outcome, detail: String) {
      (self.table, self.batchID, self.outcome, self.detail) = (table, batchID, outcome, detail)
    }
  }

  package init(runID: UUIDv7, findings: [Finding], errors: [OperationError]) {
    (self.runID, self.findings, self.errors) = (runID, findings, errors)
  }
}

extension RecoverReport {
  /// Takes the marks back that were decided on and are not written.
  mutating func unmark(where isMeant: (Finding) -> Bool) {
    for index in findings.indices where findings[index].mark != nil && isMeant(findings[index]) {
      findings[index].unmark()
    }
  }
}

extension RecoverReport.Finding {
  /// Of a batch whose mark could not be written.
  mutating func unmark() {
    (outcome, mark) = (.inDoubt, nil)
    detail =
      "its rows are all there again, but it could not be marked as superseded, and counts as before; run this again"
  }
}

/// A superseded marker that was decided on.
struct SupersedingMark: Sendable {
  let key: String
  let document: [UInt8]

  /// For the run record that names it.
  var reference: RunRecord.DocumentReference { .init(key: key, sha256: SHA256.hash(document.span).hex) }
}
