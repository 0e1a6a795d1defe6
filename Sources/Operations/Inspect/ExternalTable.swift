package import ArchiveModel

/// Engines that read an archive as it stands.
package enum QueryEngine: String, Sendable, CaseIterable {
  case duckdb, athena, trino, clickhouse, spark
}

/// An archived table as query engines see it: a tree of gzip JSON lines, most often under `dt=` folders.
///
/// An engine is never told to take columns from the folders' names by itself: they are named `db`, `schema`, `table` and `dt`,
/// and DuckDB and ClickHouse would silently put those names' values into the table's own columns of such names.
package struct ExternalTable: Sendable {
  package let name: TableName
  /// Of the newest batch.
  let columns: [Manifest.Column]
  let timestampColumn: String
  /// The earliest and the latest row's time.
  let times: ClosedRange<Timestamp>
  /// The storage root's URL.
  let location: String
  /// The same as an `http:` or `https:` URL; nil for directories.
  let webLocation: String?
  /// Some batches lie in `dt=` folders.
  let isPartitioned: Bool
  /// Some batches do not.
  let hasRootObjects: Bool

  /// The tables of the batches, by name.
  package static func all(_ batches: [ArchivedBatch], at location: String, web: String? = nil) -> [ExternalTable] {
    let groups = Dictionary(grouping: batches) { $0.manifest.source.name }
    return groups.sorted { $0.key < $1.key }.compactMap { name, batches in
      let manifests = batches.map(\.manifest)
      guard let newest = manifests.max(by: { $0.batchID < $1.batchID }),
        let first = manifests.map(\.range.first.time).min(), let last = manifests.map(\.range.last.time).max()
      else { return nil }
      return ExternalTable(
        name: name, columns: newest.columns, timestampColumn: newest.timestampColumn,
        times: min(first, last)...max(first, last), location: location, webLocation: web,
        isPartitioned: manifests.contains { !$0.partition.isEmpty },
        hasRootObjects: manifests.contains(where: \.partition.isEmpty))
    }
  }

  /// The statement, `;` ended. Numbers of arbitrary precision stay text, so that no digit is lost.
  package func statement(for engine: QueryEngine) -> String {
    switch engine {
    case .duckdb: duckDB
    case .athena: hiveNotes + athena
    case .trino: hiveNotes + trino
    case .clickhouse: clickHouse
    case .spark: hiveNotes + spark
    }
  }

  /// The table's folder as a URL, `/` ended.
  var folder: String { Self.folder(location, name) }
  /// The same as an `http:` or `https:` URL where there is one.
  var webFolder: String { webLocation.map { Self.folder($0, name) } ?? folder }
  /// The folder's path where it is a directory, else its URL, as engines want it.
  var path: String {
    let scheme = "file://"
    return folder.hasPrefix(scheme) ? String(folder.dropFirst(scheme.count)) : folder
  }

  private static func folder(_ root: String, _ name: TableName) -> String {
    root + (root.hasSuffix("/") ? "" : "/") + ArchiveLayout.tablePrefix(name)
  }

  /// Whether the table has a column of its own that is named as the partitions are.
  var hidesPartition: Bool { columns.contains { $0.name.lowercased() == "dt" } }

  /// The columns' names and types; the time column's is `timeType` where its values are known to fit it.
  func definitions(
    _ quote: (String) -> String, _ type: (String) -> String, timeType: ((String) -> String?)? = nil,
    without: String? = nil
  ) -> [(name: String, type: String)] {
    let own = columns.filter { without == nil || $0.name.lowercased() != without }.map { column in
      let time = column.name == timestampColumn ? timeType?(column.formType) : nil
      return (quote(column.name), time ?? type(column.formType))
    }
    return own + ["_archived_at", "_batch_id"].map { (quote($0), type("text")) }
  }

  static func lines(_ definitions: [(name: String, type: String)], separator: String = " ") -> String {
    definitions.map { "  " + $0.name + separator + $0.type }.joined(separator: ",\n")
  }

  static func backquoted(_ name: String) -> String { "`" + name.replacing("`", with: "``") + "`" }
  static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
}
