package import ArchiveModel
package import Hashing

/// What an archive run is asked to do.
package struct ArchiveRequest: Sendable {
  package var databases: [DatabaseSource]
  /// Write nothing anywhere; tell what would be done.
  package var isDryRun = false
  /// Most batches of the whole run; nil for no limit.
  package var maximumBatches: Int?
  /// No batch begins later than this after the start; nil for no limit.
  package var maximumDuration: Duration?
  /// Instead of each table's own number.
  package var workers: Int?
  /// Count the eligible rows first, for progress and the closing balance.
  package var countsRows = true
  /// The public half of the key that the run signs with; nil when it signs nothing.
  package var ownKey: TrustedKey?

  package init(databases: [DatabaseSource]) {
    self.databases = databases
  }
}

/// What an archive run did, table by table, in the order of the settings.
package struct ArchiveReport: Sendable {
  package var runID: UUIDv7
  package var isDryRun: Bool
  package var startedAt: Timestamp
  package var finishedAt: Timestamp
  package var tables: [Table]
  /// A signal or a limit ended the run before everything eligible was done.
  package var wasStopped: Bool
  /// Key of the run record; nil for a dry run, or when it could not be written (`errors` says why).
  package var runRecordKey: String?
  /// What went wrong outside any table.
  package var errors: [OperationError]

  /// One table's part.
  package struct Table: Sendable {
    package enum Outcome: String, Sendable {
      case complete, stopped, failed
    }

    package var name: TableName
    package var outcome = Outcome.complete
    /// Rows were eligible when their time lay before it; nil when the table failed before it was taken.
    package var cutoff: Timestamp?
    /// Rows eligible at the start; nil when they were not counted.
    package var eligible: Int?
    /// Rows archived; for a dry run, none.
    package var rows = 0
    /// Batches archived; for a dry run, how many there would be at least.
    package var batches = 0
    /// Those of them whose manifest could not be written, which settling does.
    package var batchesWithoutManifest = 0
    /// Bytes stored.
    package var bytes = 0
    /// Bytes before compression.
    package var contentBytes = 0
    /// Eligible rows still in the table at the end: locked by others, or left by a limit; nil when not counted.
    package var remaining: Int?
    /// Times of the oldest and newest eligible rows; only for a dry run.
    package var oldest: Timestamp?
    package var newest: Timestamp?
    /// The statements a batch would run; only for a dry run.
    package var statements: [String] = []
    /// What an operator should know, one sentence each.
    package var warnings: [String] = []
    /// Those written by the run, of batches that earlier runs had left, too.
    package var manifests: [RunRecord.DocumentReference] = []
    /// What the archive held before the run; nil when the table failed before it was looked at.
    var files: TableFiles?
    package var duration: Duration = .zero
    /// What the batches' time went into; with several workers the sum is more than `duration`.
    package var steps = StepDurations()
    package var error: OperationError?

    package init(name: TableName) {
      self.name = name
    }
  }
}
