package import ArchiveModel
package import Postgres

/// A database to archive from, restore to or compare with, as the settings describe it.
package struct DatabaseSource: Sendable {
  /// The name in the archive's paths.
  package var name: String
  package var parameters: ConnectionParameters
  /// Most connections open at once.
  package var poolSize: Int
  /// Schema of the ledger table; nil to do without.
  package var ledgerSchema: String?
  package var tables: [TableSource]

  package init(
    name: String, parameters: ConnectionParameters, poolSize: Int, ledgerSchema: String?, tables: [TableSource]
  ) {
    (self.name, self.parameters, self.poolSize) = (name, parameters, poolSize)
    (self.ledgerSchema, self.tables) = (ledgerSchema, tables)
  }
}

/// A table to archive from, as the settings describe it; every bound has been checked.
package struct TableSource: Sendable {
  package var name: TableName
  package var timestampColumn: String
  /// How a `timestamp` or `date` column is read as an instant.
  package var timeZone: String
  /// The primary key to expect; nil to take the catalog's.
  package var primaryKey: [String]?
  /// A further SQL condition on the rows.
  package var predicate: String?
  package var retentionDays: Int
  /// Rows in a batch, 1 to 1,000,000.
  package var batchSize: Int
  /// zlib's scale, 1 to 9.
  package var compressionLevel: Int
  package var partition: PartitionUnit
  package var transactionTimeout: Duration
  package var workers: Int
  package var limits: ImpactLimits
  /// Names of the hazards accepted.
  package var acceptedHazards: Set<String>

  package init(
    name: TableName, timestampColumn: String, timeZone: String, primaryKey: [String]?, predicate: String?,
    retentionDays: Int, batchSize: Int, compressionLevel: Int, partition: PartitionUnit, transactionTimeout: Duration,
    workers: Int, limits: ImpactLimits, acceptedHazards: Set<String>
  ) {
    (self.name, self.timestampColumn, self.timeZone) = (name, timestampColumn, timeZone)
    (self.primaryKey, self.predicate, self.retentionDays) = (primaryKey, predicate, retentionDays)
    (self.batchSize, self.compressionLevel, self.partition) = (batchSize, compressionLevel, partition)
    (self.transactionTimeout, self.workers, self.limits) = (transactionTimeout, workers, limits)
    self.acceptedHazards = acceptedHazards
  }
}

extension TableSource {
  /// Rows are eligible when their time lies before it.
  package func cutoff(at now: Timestamp) -> Timestamp { now.advanced(by: .seconds(-86_400 * retentionDays)) }
}

extension TableSource {
  /// What transactions on the table's rows pin beside the usual.
  func pinnedSettings(of table: TableDescription) -> [PinnedSettings.Setting] {
    // Pinned off, the server refuses to read a table whose policies hide rows; who accepts that takes what they leave.
    let security =
      acceptedHazards.contains(Hazard.Kind.rowSecurity.rawValue)
      ? [PinnedSettings.Setting("row_security", "on")] : []
    return table.pinnedSettings + security
  }
}
