package import ArchiveModel
import Postgres

/// Engines that read an archive as it stands.
package enum QueryEngine: String, Sendable, CaseIterable {
  case duckdb, athena, trino, clickhouse, spark
}

/// An archived table as query engines see it: a tree of gzip JSON lines under `dt=` folders.
package struct ExternalTable: Sendable {
  package let name: TableName
  /// Of the newest batch.
  let columns: [Manifest.Column]
  /// The storage root's URL.
  let location: String
  let isPartitioned: Bool

  /// The tables of the batches, by name.
  package static func all(_ batches: [ArchivedBatch], at location: String) -> [ExternalTable] {
    let groups = Dictionary(grouping: batches) { $0.manifest.source.name }
    return groups.sorted { $0.key < $1.key }.compactMap { name, batches in
      guard let newest = batches.map(\.manifest).max(by: { $0.batchID < $1.batchID }) else { return nil }
      return ExternalTable(
        name: name, columns: newest.columns, location: location, isPartitioned: !newest.partition.isEmpty)
    }
  }

  /// The table's folder as a URL, `/` ended.
  private var folder: String { location + (location.hasSuffix("/") ? "" : "/") + ArchiveLayout.tablePrefix(name) }
  /// The same without its scheme where it is a directory, as engines want it.
  private var path: String { folder.hasPrefix("file://") ? String(folder.dropFirst("file://".count)) : folder }

  /// The statement, `;` ended. Numbers of arbitrary precision stay text, so that no digit is lost.
  package func statement(for engine: QueryEngine) -> String {
    switch engine {
    case .duckdb: duckDB
    case .athena: athena
    case .trino: trino
    case .clickhouse: clickHouse
    case .spark: spark
    }
  }

  private static let reserved = ["_archived_at", "_batch_id"]

  private func definitions(
    _ quote: (String) -> String, _ type: (String) -> String, indent: String = "  ", separator: String = " "
  ) -> String {
    let all = columns.map { (quote($0.name), type($0.formType)) } + Self.reserved.map { (quote($0), type("text")) }
    return all.map { indent + $0.0 + separator + $0.1 }.joined(separator: ",\n")
  }

  private static func backquoted(_ name: String) -> String { "`" + name.replacing("`", with: "``") + "`" }
  private static func doubled(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

  private var duckDB: String {
    let list = definitions(Self.doubled, { Self.doubled(Self.duckDBType($0)) }, indent: "    ", separator: ": ")
    return """
      CREATE OR REPLACE VIEW \(SQLText.identifier(name.table)) AS
      SELECT * FROM read_json(
        \(Self.doubled(path + (isPartitioned ? "*/" : "") + "*.jsonl.gz")),
        format = 'newline_delimited', compression = 'gzip', hive_partitioning = \(isPartitioned), columns = {
      \(list)
      });
      """
  }

  private var athena: String {
    """
    CREATE EXTERNAL TABLE \(Self.backquoted(name.table)) (
    \(definitions({ Self.backquoted($0.lowercased()) }, Self.hiveType))
    )\(isPartitioned ? " PARTITIONED BY (`dt` string)" : "")
    ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
    STORED AS TEXTFILE LOCATION \(Self.doubled(folder));\(isPartitioned ? "\nMSCK REPAIR TABLE \(Self.backquoted(name.table));" : "")
    """
  }

  private var trino: String {
    let partition = isPartitioned ? ",\n  \"dt\" varchar" : ""
    return """
      CREATE TABLE \(SQLText.identifier(name.table)) (
      \(definitions({ SQLText.identifier($0.lowercased()) }, Self.trinoType))\(partition)
      ) WITH (format = 'JSON', external_location = \(Self.doubled(folder))\
      \(isPartitioned ? ", partitioned_by = ARRAY['dt']" : ""));\
      \(isPartitioned ? "\nCALL system.sync_partition_metadata(CURRENT_SCHEMA, \(Self.doubled(name.table)), 'FULL');" : "")
      """
  }

  private var clickHouse: String {
    let glob = (isPartitioned ? "*/" : "") + "*.jsonl.gz"
    let source =
      folder.hasPrefix("file://")
      ? "File('JSONEachRow', \(Self.doubled(path + glob)), 'gzip')"
      : "S3(\(Self.doubled(folder + glob)), 'JSONEachRow', 'gzip')"
    return """
      CREATE TABLE \(Self.backquoted(name.table)) (
      \(definitions(Self.backquoted, { "Nullable(\(Self.clickHouseType($0)))" }))
      ) ENGINE = \(source)
      SETTINGS input_format_json_read_objects_as_strings = 1, input_format_json_read_arrays_as_strings = 1;
      """
  }

  private var spark: String {
    let partition = isPartitioned ? ",\n  `dt` STRING" : ""
    return """
      CREATE TABLE \(Self.backquoted(name.table)) (
      \(definitions(Self.backquoted, Self.hiveType))\(partition)
      ) USING json OPTIONS (path \(Self.doubled(folder)), compression 'gzip')\
      \(isPartitioned ? " PARTITIONED BY (`dt`);\nMSCK REPAIR TABLE \(Self.backquoted(name.table));" : ";")
      """
  }
}
