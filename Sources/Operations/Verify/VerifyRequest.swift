package import ArchiveModel
package import Hashing

/// How closely `verify` looks.
package enum VerifyLevel: String, Sendable, CaseIterable {
  /// Manifests and run records are read; objects are looked up, not read.
  case head
  /// Every object is read and checked row by row.
  case full
  /// As `full`, and the source databases are asked for the archived keys and their ledgers.
  case database
}

/// What `verify` is asked to do.
package struct VerifyRequest: Sendable {
  package var selection: Selection
  package var level: VerifyLevel
  /// Nil to take every batch.
  package var sample: Sample?
  /// Those to compare with; used at level `database` only.
  package var databases: [DatabaseSource]
  /// Tables that may be selected although nothing of them is archived yet.
  package var knownTables: [TableName] = []
  /// Batches looked at together, at least 1.
  package var parallelism: Int
  /// Hashes of keys held in memory, 16 bytes each, at least 1; more go to a temporary file.
  package var heldKeyCount = 1 << 20
  /// SHA-256 sums of run records that must be in the archive still, with everything they follow.
  package var keptHeads: [SHA256Digest] = []
  /// Public keys one of which must have signed every manifest, run record and marker; empty: signatures are not looked at.
  package var trustedKeys: [TrustedKey] = []

  package init(
    selection: Selection = Selection(), level: VerifyLevel = .full, sample: Sample? = nil,
    databases: [DatabaseSource] = [], parallelism: Int = 4
  ) {
    (self.selection, self.level, self.sample) = (selection, level, sample)
    (self.databases, self.parallelism) = (databases, max(1, parallelism))
  }
}
