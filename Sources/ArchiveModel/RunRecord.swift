/// What one run of `archive` or `recover` did, table by table (docs/archive-format.md, "Run records").
package struct RunRecord: Codable, Sendable, Equatable {
  package static let format = "archiver-run/1"

  package var format: String
  package var tool: String
  package var runID: UUIDv7
  package var startedAt: Timestamp
  package var finishedAt: Timestamp
  /// The records that no other one named when this one was written: what it follows. Nil in records of older versions.
  package var previous: [DocumentReference]?
  package var tables: [Table]

  package init(
    tool: String, runID: UUIDv7, startedAt: Timestamp, finishedAt: Timestamp, previous: [DocumentReference]?,
    tables: [Table]
  ) {
    (format, self.tool, self.runID) = (Self.format, tool, runID)
    (self.startedAt, self.finishedAt) = (startedAt, finishedAt)
    (self.previous, self.tables) = (previous, tables)
  }

  /// One table's part.
  package struct Table: Codable, Sendable, Equatable {
    package var database: String
    package var schema: String
    package var table: String
    /// `complete`, `stopped` (by a limit or a signal) or `failed`.
    package var outcome: String
    package var cutoff: Timestamp?
    /// Rows that were eligible at the start; nil when they were not counted.
    package var eligible: Int?
    package var rows: Int
    package var bytes: Int
    /// Eligible rows left, locked by others or held; nil when they were not counted.
    package var remaining: Int?
    package var manifests: [DocumentReference]
    /// Superseded markers that the run wrote; nil when it wrote none, and in records of older versions.
    package var superseded: [DocumentReference]?
    /// The error's message, which never holds row values.
    package var error: String?

    package init(
      name: TableName, outcome: String, cutoff: Timestamp?, eligible: Int?, rows: Int, bytes: Int, remaining: Int?,
      manifests: [DocumentReference], superseded: [DocumentReference]? = nil, error: String?
    ) {
      (database, schema, table) = (name.database, name.schema, name.table)
      (self.outcome, self.cutoff, self.eligible, self.rows) = (outcome, cutoff, eligible, rows)
      (self.bytes, self.remaining, self.manifests, self.error) = (bytes, remaining, manifests, error)
      self.superseded = superseded
    }
  }

  /// A document of the archive, such as a manifest that the run wrote, and the SHA-256 of its bytes.
  package struct DocumentReference: Codable, Sendable, Hashable {
    package var key: String
    package var sha256: String

    package init(key: String, sha256: String) {
      (self.key, self.sha256) = (key, sha256)
    }
  }

  enum CodingKeys: String, CodingKey {
    case format, tool, previous, tables
    case runID = "run_id"
    case startedAt = "started_at"
    case finishedAt = "finished_at"
  }
}

/// What one `restore` put back, and how long `archive` leaves those rows alone (docs/archive-format.md, "Restore records").
package struct RestoreRecord: Codable, Sendable, Equatable {
  package static let format = "archiver-restore/1"

  package var format: String
  package var tool: String
  /// Names the restore, and its run.
  package var restoreID: UUIDv7
  package var database: String
  package var schema: String
  package var table: String
  /// Where the rows went, when not to the table they came from.
  package var target: String?
  package var batches: [UUIDv7]
  /// Rows that went in.
  package var rows: Int
  package var restoredAt: Timestamp
  /// Until then `archive` leaves the rows alone.
  package var holdUntil: Timestamp
  /// The object that lists the keys, relative to the storage root; nil when no row of the archived table was written.
  package var keys: String?

  package init(
    tool: String, restoreID: UUIDv7, name: TableName, target: String?, batches: [UUIDv7], rows: Int,
    restoredAt: Timestamp, holdUntil: Timestamp, keys: String?
  ) {
    (format, self.tool, self.restoreID, self.target) = (Self.format, tool, restoreID, target)
    (database, schema, table) = (name.database, name.schema, name.table)
    (self.batches, self.rows, self.restoredAt) = (batches, rows, restoredAt)
    (self.holdUntil, self.keys) = (holdUntil, keys)
  }

  package var name: TableName { TableName(database: database, schema: schema, table: table) }

  enum CodingKeys: String, CodingKey {
    case format, tool, database, schema, table, target, batches, rows, keys
    case restoreID = "restore_id"
    case restoredAt = "restored_at"
    case holdUntil = "hold_until"
  }
}
