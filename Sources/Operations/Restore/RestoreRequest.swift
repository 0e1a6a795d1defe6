package import ArchiveModel
package import Postgres

/// What a restore is asked to do.
package struct RestoreRequest: Sendable {
  /// Where the rows go.
  package enum Target: Sendable {
    /// To the database that each table came from, found by its name in the settings.
    case configured([DatabaseSource])
    case database(ConnectionParameters)
  }

  /// What to do with a row whose primary key is there already.
  package enum ConflictPolicy: String, Sendable, CaseIterable {
    /// Look for all the keys first, and change nothing if one is there.
    case fail
    case skip
    case overwrite
  }

  package var selection: Selection
  package var target: Target
  /// The table to restore to; nil for the one that the rows came from. Without a schema, that table's schema.
  package var into: Selection.Table?
  package var onConflict = ConflictPolicy.fail
  /// Write nothing anywhere; tell what would be done.
  package var isDryRun = false
  /// For how long `archive` leaves the restored rows alone.
  package var holdDays = 7
  /// Make the target table from the manifest when it is missing.
  package var createsTable = false
  /// Tables that may be selected although nothing of them is archived yet.
  package var knownTables: [TableName] = []
  /// Leave out archived columns that the target does not have.
  package var ignoresMissingColumns = false
  /// Batches loaded at a time, at least 1, each over a connection of its own.
  package var workers = 2

  package init(selection: Selection, target: Target) {
    (self.selection, self.target) = (selection, target)
  }
}

/// What a restore did, table by table.
package struct RestoreReport: Sendable {
  package var restoreID: UUIDv7
  package var isDryRun: Bool
  /// In the order of their names; empty when no archived row matches.
  package var tables: [Table] = []
  /// Selected batches that were left out, as their rows came back with a database of an earlier time.
  package var superseded: [UUIDv7] = []

  package init(restoreID: UUIDv7, isDryRun: Bool) {
    (self.restoreID, self.isDryRun) = (restoreID, isDryRun)
  }

  /// One archived table's part; for a dry run, what it would be.
  package struct Table: Sendable {
    /// The table that the rows came from.
    package var source: TableName
    /// The table that they went to, quoted.
    package var target: String
    /// Names the table's restore record: the report's for the first table.
    package var restoreID: UUIDv7
    /// Batches that hold rows of the selection.
    package var batches = 0
    /// Rows selected, older versions of a key left out.
    package var selected = 0
    /// Rows left out because a newer batch holds their key.
    package var outdated = 0
    /// Rows selected whose key was there already.
    package var conflicts = 0
    package var inserted = 0
    package var skipped = 0
    package var overwritten = 0
    /// Key of the restore record; nil for a dry run, or when it could not be written (`warnings` says why).
    package var recordKey: String?
    /// Until then `archive` leaves the rows alone; nil when they went to another table.
    package var holdUntil: Timestamp?
    /// What an operator should know, one sentence each.
    package var warnings: [String] = []

    package init(source: TableName, target: String, restoreID: UUIDv7) {
      (self.source, self.target, self.restoreID) = (source, target, restoreID)
    }
  }

  /// Whether a real run would be refused under `fail`.
  package var hasConflicts: Bool { tables.contains { $0.conflicts > 0 } }
}
