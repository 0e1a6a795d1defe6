import ArchiveModel
import Postgres

/// Engines that keep a catalog of tables and of their partitions, as Hive does.
extension ExternalTable {
  private static let partition = "dt"

  /// What such a table cannot show, as comments; each line is ended.
  var hiveNotes: String {
    guard isPartitioned else { return "" }
    return (hidesPartition ? "-- The table's own column \"dt\" is left out: the partitions have that name.\n" : "")
      + (hasRootObjects ? "-- Batches outside the dt= folders, archived with partition: none, are not read.\n" : "")
  }

  private func hiveDefinitions(_ quote: (String) -> String, _ type: (String) -> String) -> [(
    name: String, type: String
  )] {
    definitions({ quote($0.lowercased()) }, type, without: isPartitioned ? Self.partition : nil)
  }

  var athena: String {
    let table = Self.backquoted(name.table)
    return """
      CREATE EXTERNAL TABLE \(table) (
      \(Self.lines(hiveDefinitions(Self.backquoted, Self.hiveType)))
      )\(isPartitioned ? " PARTITIONED BY (`dt` string)" : "")
      ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
      STORED AS TEXTFILE LOCATION \(Self.quoted(folder));\(isPartitioned ? "\nMSCK REPAIR TABLE \(table);" : "")
      """
  }

  /// `OPENX_JSON`, since Trino's plain `JSON` does not read objects and arrays into text.
  var trino: String {
    let all =
      hiveDefinitions(SQLText.identifier, Self.trinoType)
      + (isPartitioned ? [(SQLText.identifier("dt"), "varchar")] : [])
    let sync = "CALL system.sync_partition_metadata(CURRENT_SCHEMA, \(Self.quoted(name.table)), 'FULL');"
    return """
      CREATE TABLE \(SQLText.identifier(name.table)) (
      \(Self.lines(all))
      ) WITH (format = 'OPENX_JSON', external_location = \(Self.quoted(folder))\
      \(isPartitioned ? ", partitioned_by = ARRAY['dt']" : ""));\(isPartitioned ? "\n" + sync : "")
      """
  }

  var spark: String {
    let table = Self.backquoted(name.table)
    let own = definitions(Self.backquoted, Self.hiveType, without: isPartitioned ? Self.partition : nil)
    let all = own + (isPartitioned ? [(Self.backquoted("dt"), "string")] : [])
    return """
      CREATE TABLE \(table) (
      \(Self.lines(all))
      ) USING json OPTIONS (path \(Self.quoted(folder)), compression 'gzip')\
      \(isPartitioned ? " PARTITIONED BY (`dt`);\nMSCK REPAIR TABLE \(table);" : ";")
      """
  }
}
