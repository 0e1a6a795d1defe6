package import ArchiveModel

/// What can be wrong with an archive; the raw values are stable.
package enum FindingCode: String, Sendable, CaseIterable {
  case missingObject = "missing-object"
  case size
  case sha256
  case contentSHA256 = "content-sha256"
  case lineCount = "line-count"
  case gzip
  case row
  case batchID = "batch-id"
  case range
  case duplicateKey = "duplicate-key"
  case manifest
  case format
  case orphanObject = "orphan-object"
  case inDoubt = "in-doubt"
  case gap
  case ledger
  case inDatabase = "in-database"
  case signature

  /// What it means to the archive's owner, in one sentence.
  package var meaning: String {
    switch self {
    case .missingObject: "Rows that left the database are not where the manifest says; restore the object from a copy."
    case .size: "The object is not the one that was verified before its rows were deleted."
    case .sha256: "The object's bytes are not those that were verified before its rows were deleted."
    case .contentSHA256: "The rows inside are not those that were verified before they were deleted."
    case .lineCount: "Rows are missing, or there are more than were archived."
    case .gzip: "The object cannot be unpacked as one gzip member; some or all of its rows cannot be read."
    case .row: "A line is no row of the table's columns, so it could not be restored."
    case .batchID: "A row says that it belongs to another batch, or was archived at another time."
    case .range: "A row's time or key lies outside what the manifest promises, so searches by it may miss the row."
    case .duplicateKey: "A primary key is archived twice, and no restore explains it."
    case .manifest: "The document is not what was written, and neither it nor what it stands for can be relied on."
    case .format: "A newer version of the tool wrote this; use that version to verify it."
    case .orphanObject:
      "What this belongs to is not there: its manifest or document was taken away, a run was cut short (`archiver recover` "
        + "tells), or it was put here by someone else, and query engines may take it for rows."
    case .inDoubt: "A run was cut short at its commit; `archiver recover` finds out whether the rows were deleted."
    case .gap: "A run record names this, and it is gone: a batch, or the record of a whole run, was taken away."
    case .ledger: "The database's ledger and the manifests do not agree on what was deleted."
    case .signature:
      "No trusted key vouches for this document: someone else wrote or altered it, or it was never signed."
    case .inDatabase: "Rows of a committed batch are in the database; no restore explains it."
    }
  }
}

/// One thing that is wrong, with its place.
package struct VerifyFinding: Sendable {
  package var code: FindingCode
  package var table: TableName?
  /// Of the object or document, relative to the storage root; for `ledger` and `in-database`, the manifest's.
  package var key: String
  package var batchID: UUIDv7?
  /// What there should be; holds no row values.
  package var expected: String
  /// What there is, likewise.
  package var found: String
  /// More about the place, such as line numbers; empty when there is no more to say.
  package var detail: String

  package init(
    _ code: FindingCode, table: TableName? = nil, key: String, batchID: UUIDv7? = nil, expected: String,
    found: String, detail: String = ""
  ) {
    (self.code, self.table, self.key, self.batchID) = (code, table, key, batchID)
    (self.expected, self.found, self.detail) = (expected, found, detail)
  }
}
