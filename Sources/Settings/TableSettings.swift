package import ArchiveModel

/// One table to archive, with the file's `defaults` worked in.
package struct TableSettings: Sendable, Equatable {
  package internal(set) var name = ""
  package internal(set) var schema = "public"
  /// Name of a `date`, `timestamp` or `timestamptz` column.
  package internal(set) var timestampColumn = ""
  /// How a `date` or `timestamp` column is read, in a name PostgreSQL knows.
  package internal(set) var timeZone = "UTC"
  /// Columns in key order; nil: read from the catalog. If given, it must match the catalog.
  package internal(set) var primaryKey: [String]?
  /// An SQL condition that rows must meet besides their age; key `where`.
  package internal(set) var predicate: String?
  /// Age in days, from 0, past which rows are archived.
  package internal(set) var retentionDays = 90
  /// Rows per batch, 1…1,000,000.
  package internal(set) var batchSize = 10_000
  /// gzip level, 1…9.
  package internal(set) var compressionLevel = 6
  package internal(set) var partition = PartitionUnit.day
  /// Time a batch's transaction may take: 1 second to 7 days, whole seconds.
  package internal(set) var transactionTimeout = Duration.seconds(30 * 60)
  /// Batches in hand at once, 1…64, at most the database's `poolSize`.
  package internal(set) var workers = 1
  /// Share of wall time the database may be kept busy: above 0, at most 1.
  package internal(set) var pace = 1.0
  /// Rows a second at most, 1…100,000,000; nil: any number.
  package internal(set) var maximumRowsPerSecond: Int?
  /// No batch begins while a replica is further behind; 1 second to 1 day, nil: any distance.
  package internal(set) var maximumReplicaLag: Duration?
  /// Hours in which batches begin, in `timeZone`; nil: all.
  package internal(set) var window: DailyWindow?
  /// While this file exists no batch begins; nil: none.
  package internal(set) var pauseFile: String?
  /// Names of the hazards that are accepted.
  package internal(set) var hazards: [String] = []

  init() {}
}
