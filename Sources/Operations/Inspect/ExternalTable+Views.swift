import ArchiveModel
import Postgres

/// Engines that read files by a pattern: a view over them.
extension ExternalTable {
  /// The period in an object's path; NULL for rows without one, as Hive has it.
  private func period(_ match: String) -> String {
    "nullif(nullif(\(match), ''), '\(Partition.outsideCalendar)')"
  }

  var duckDB: String {
    let columns = definitions(
      Self.quoted, { Self.quoted(Self.duckDBType($0)) }, timeType: { self.duckDBTime($0).map(Self.quoted) })
    let hasPeriod = isPartitioned && !hidesPartition
    let period = period("regexp_extract(_object, '/dt=([^/]+)/[^/]+$', 1)")
    return """
      CREATE OR REPLACE VIEW \(SQLText.identifier(name.table)) AS
      SELECT *\(hasPeriod ? " EXCLUDE (_object), \(period) AS dt" : "")
      FROM read_json(\(Self.quoted(path + "**/*.jsonl.gz")),
      format = 'newline_delimited', compression = 'gzip', hive_partitioning = false,\
      \(hasPeriod ? " filename = '_object'," : "") columns = {
      \(Self.lines(columns, separator: ": "))
      });
      """
  }

  var clickHouse: String {
    let columns = definitions(
      Self.clickHouseName, { "Nullable(\(Self.clickHouseType($0)))" },
      timeType: { self.clickHouseTime($0).map { "Nullable(\($0))" } })
    let period = period("extract(_path, '/dt=([^/]+)/[^/]+$')")
    let source =
      webLocation == nil
      ? "file(\(Self.clickHouseText(path + "**/*.jsonl.gz"))" : "s3(\(Self.clickHouseText(webFolder + "**/*.jsonl.gz"))"
    return """
      CREATE OR REPLACE VIEW \(Self.clickHouseName(name.table)) AS
      SELECT *\(isPartitioned && !hidesPartition ? ", \(period) AS dt" : "")
      FROM \(source), 'JSONEachRow', \(Self.clickHouseText("\n" + Self.lines(columns) + "\n")), 'gzip')
      SETTINGS use_hive_partitioning = 0, date_time_input_format = 'best_effort',
        input_format_json_read_objects_as_strings = 1, input_format_json_read_arrays_as_strings = 1,
        input_format_json_read_numbers_as_strings = 1, input_format_json_read_bools_as_strings = 1;
      """
  }

  private static func clickHouseText(_ text: String) -> String { quoted(text.replacing("\\", with: "\\\\")) }
  private static func clickHouseName(_ name: String) -> String { backquoted(name.replacing("\\", with: "\\\\")) }
}
