/// Says that a batch was rolled back (docs/archive-format.md, "Aborted batches").
package struct AbortedMarker: Codable, Sendable, Equatable {
  package static let format = "archiver-aborted/1"

  /// How it is known.
  package enum Evidence: String, Codable, Sendable {
    /// The server that ran the batch's transaction said so: final, and true for every reader.
    case transactionStatus = "transaction-status"
    /// Every row is in the database that was asked, or in a later batch: true of that database.
    case rowsFound = "rows-found"
    /// The ledger does not have the batch, in the database that ran its transaction or in a copy of that one's files: true
    /// of the database that was asked.
    case ledger
  }

  package var format: String
  package var tool: String
  package var batchID: UUIDv7
  /// The run that settled the batch.
  package var runID: UUIDv7
  package var markedAt: Timestamp
  package var evidence: Evidence
  /// Who was asked.
  package var server: ServerIdentity

  package init(
    tool: String, batchID: UUIDv7, runID: UUIDv7, markedAt: Timestamp, evidence: Evidence, server: ServerIdentity
  ) {
    (format, self.tool, self.batchID, self.runID) = (Self.format, tool, batchID, runID)
    (self.markedAt, self.evidence, self.server) = (markedAt, evidence, server)
  }

  enum CodingKeys: String, CodingKey {
    case format, tool, evidence, server
    case batchID = "batch_id"
    case runID = "run_id"
    case markedAt = "marked_at"
  }
}

/// Says that a batch's rows came back with a database of an earlier time: readers ignore the batch.
package struct SupersededMarker: Codable, Sendable, Equatable {
  package static let format = "archiver-superseded/1"

  package var format: String
  package var tool: String
  package var batchID: UUIDv7
  /// The run that found its rows.
  package var runID: UUIDv7
  package var supersededAt: Timestamp
  /// Of the manifest that is ignored from now on, hexadecimal.
  package var manifestSHA256: String
  /// The database that has the rows.
  package var server: ServerIdentity

  package init(
    tool: String, batchID: UUIDv7, runID: UUIDv7, supersededAt: Timestamp, manifestSHA256: String,
    server: ServerIdentity
  ) {
    (format, self.tool, self.batchID, self.runID) = (Self.format, tool, batchID, runID)
    (self.supersededAt, self.manifestSHA256, self.server) = (supersededAt, manifestSHA256, server)
  }

  enum CodingKeys: String, CodingKey {
    case format, tool, server
    case batchID = "batch_id"
    case runID = "run_id"
    case supersededAt = "superseded_at"
    case manifestSHA256 = "manifest_sha256"
  }
}
