package import ArchiveModel

/// What `verify` found.
package struct VerifyReport: Sendable {
  package var runID: UUIDv7
  /// The storage root's URL.
  package var location: String
  package var level: VerifyLevel
  package var sample: Sample?
  /// The filters, as options are written: what they leave out was not looked at. Empty for the whole archive.
  package var selection: [String] = []
  /// Public keys that signatures were checked with; none: they were not looked at.
  package var trustedKeyCount = 0
  /// SHA-256 sums of run records that the auditor had kept.
  package var keptHeads: [String] = []
  package var startedAt: Timestamp
  package var duration: Duration = .zero
  /// In the order of their names.
  package var tables: [Table] = []
  /// Run records read.
  package var runRecords = 0
  /// The run records that no other one names: who keeps their sums can prove later that nothing before them changed.
  package var heads: [RunRecord.DocumentReference] = []
  /// By table, then as found.
  package var findings: [VerifyFinding] = []
  /// What could not be looked at, and why, one sentence each.
  package var notes: [String] = []

  package init(runID: UUIDv7, location: String, level: VerifyLevel, sample: Sample?, startedAt: Timestamp) {
    (self.runID, self.location, self.level) = (runID, location, level)
    (self.sample, self.startedAt) = (sample, startedAt)
  }

  package var isSound: Bool { findings.isEmpty }
  package var batchCount: Int { tables.reduce(0) { $0 + $1.batches } }
  package var objectCount: Int { tables.reduce(0) { $0 + $1.objects } }
  package var rowCount: Int { tables.reduce(0) { $0 + $1.rows } }
  package var byteCount: Int { tables.reduce(0) { $0 + $1.bytes } }

  /// One table's totals, as its manifests give them.
  package struct Table: Sendable {
    package var name: TableName
    package var batches = 0
    package var objects = 0
    package var rows = 0
    /// Bytes stored.
    package var bytes = 0
    /// Bytes before compression.
    package var contentBytes = 0
    package var findings = 0
    package var first: Timestamp?
    package var last: Timestamp?
    /// Rows by the UTC month, `YYYY-MM`, of their batch's earliest row.
    package var rowsByMonth: [String: Int] = [:]

    package init(name: TableName) {
      self.name = name
    }

    mutating func add(_ manifest: Manifest) {
      batches += 1
      objects += manifest.objects.count
      rows += manifest.rowCount
      bytes += manifest.byteCount
      contentBytes += manifest.contentByteCount
      first = min(first ?? manifest.range.first.time, manifest.range.first.time)
      last = max(last ?? manifest.range.last.time, manifest.range.last.time)
      rowsByMonth[Self.month(of: manifest.range.first.time), default: 0] += manifest.rowCount
    }

    private static func month(of time: Timestamp) -> String {
      Partition(holding: time, unit: .month).value ?? Partition.outsideCalendar
    }
  }
}
