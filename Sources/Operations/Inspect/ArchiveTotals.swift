package import ArchiveModel

/// What some batches hold together.
package struct ArchiveTotals: Sendable, Equatable {
  package var batches = 0
  package var objects = 0
  package var rows = 0
  /// Bytes stored.
  package var bytes = 0
  /// Bytes before compression.
  package var contentBytes = 0
  package var first: Timestamp?
  package var last: Timestamp?

  package init() {}

  /// How many times smaller the stored bytes are; nil when there are none.
  package var ratio: Double? { bytes > 0 ? Double(contentBytes) / Double(bytes) : nil }

  package mutating func add(_ manifest: Manifest) {
    batches += 1
    objects += manifest.objects.count
    rows += manifest.rowCount
    bytes += manifest.byteCount
    contentBytes += manifest.contentByteCount
    first = min(first ?? manifest.range.first.time, manifest.range.first.time)
    last = max(last ?? manifest.range.last.time, manifest.range.last.time)
  }

  /// The totals of each table, by name.
  package static func byTable(_ batches: [ArchivedBatch]) -> [(name: TableName, totals: ArchiveTotals)] {
    var totals: [TableName: ArchiveTotals] = [:]
    for batch in batches { totals[batch.manifest.source.name, default: ArchiveTotals()].add(batch.manifest) }
    return totals.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The totals of each UTC period, by its name; a batch counts where its earliest row lies.
  package static func byPeriod(
    _ batches: [ArchivedBatch], _ unit: PartitionUnit
  ) -> [(period: String, totals: ArchiveTotals)] {
    var totals: [String: ArchiveTotals] = [:]
    for batch in batches {
      let period = Partition(holding: batch.manifest.range.first.time, unit: unit).value ?? "all"
      totals[period, default: ArchiveTotals()].add(batch.manifest)
    }
    return totals.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The totals of all.
  package static func all(_ batches: [ArchivedBatch]) -> ArchiveTotals {
    batches.reduce(into: ArchiveTotals()) { $0.add($1.manifest) }
  }
}
