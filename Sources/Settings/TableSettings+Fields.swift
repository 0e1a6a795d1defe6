import ArchiveModel

extension TableSettings: SettingsSection {
  static let title = "a table"

  static let fields: [Field<TableSettings>] = [
    Field("name", \.name, .name, need: .here, "name of the table, without its schema"),
    Field("schema", \.schema, .name, "schema of the table"),
    Field(
      "timestamp_column", \.timestampColumn, .name, need: .hereOrInDefaults,
      "column with the row's time: date, timestamp or timestamptz"),
    Field("time_zone", \.timeZone, .name, "time zone a date or timestamp column is read in"),
    Field(
      "primary_key", \.primaryKey,
      .texts(schema: [("type", .text("string"))], minimumCount: 1, check: { _ in }),
      "columns of the primary key; left out: read from the catalog"),
    Field("where", \.predicate, .text, "SQL condition that rows must meet besides their age"),
    Field("retention_days", \.retentionDays, .wholeNumber(0...100_000), "age in days past which rows are archived"),
    Field("batch_size", \.batchSize, .wholeNumber(1...1_000_000), "rows per batch"),
    Field("compression_level", \.compressionLevel, .wholeNumber(1...9), "gzip level: 1 is quickest, 9 is smallest"),
    Field("partition", \.partition, .choice, "UTC period of row time that a batch never crosses"),
    Field(
      "transaction_timeout", \.transactionTimeout, .duration(1...7 * 86_400),
      "time a batch's transaction may take, such as 30m or 1h30m"),
    Field("workers", \.workers, .wholeNumber(1...64), "batches in hand at once; at most pool_size"),
    Field("pace", \.pace, .share, "share of wall time the database may be kept busy"),
    Field("max_rows_per_second", \.maximumRowsPerSecond, .wholeNumber(1...100_000_000), "rows a second at most"),
    Field(
      "max_replica_lag", \.maximumReplicaLag, .duration(1...86_400),
      "no batch begins while a replica is further behind, such as 30s"),
    Field("window", \.window, .dailyWindow, "hours in which batches begin, in time_zone, such as 01:00-05:00"),
    Field("pause_file", \.pauseFile, .text, "while this file exists no batch begins"),
    Field(
      "hazards", \.hazards,
      .texts(schema: [("enum", .texts(HazardName.acceptable))], check: HazardName.check),
      "names of the hazards accepted for the table"),
  ]

  /// What `defaults` takes: all but the name.
  static let defaultFields = fields.filter { $0.name != "name" }

  mutating func settle(_ place: SectionPlace, _ reading: inout Reading) {
    // A dot may be part of a name, but only who also gives the schema can mean that.
    guard place.given["schema"] == nil, let dot = name.firstIndex(of: ".") else { return }
    let (schema, table) = (name[..<dot], name[dot...].dropFirst())
    reading.report(
      "must be a name without its schema", at: place.key("name"), line: place.line(of: "name"),
      hint: "write schema: \(schema) and name: \(table); for a dot within a name give schema: as well")
  }
}

extension ValueType<TableSettings> {
  /// The mapping `defaults`; tables read later start from it.
  static let defaults = ValueType(
    read: { node, key, reading in
      reading.tableDefaults = TableSettings.read(
        node, at: key, fields: TableSettings.defaultFields, isWhole: false, &reading)
      return reading.tableDefaults
    },
    show: { defaults in .object(TableSettings.defaultFields.map { ($0.name, $0.show(defaults)) }) },
    schema: TableSettings.schema(of: TableSettings.defaultFields, isWhole: false))
}

/// The hazards a table can be found to have, by the names a configuration uses.
enum HazardName {
  static let acceptable = [
    "foreign-key-action", "delete-trigger", "delete-rule", "row-security", "no-index", "invalid-row",
    "published-delete",
  ]

  private static let refused = [
    "no-primary-key": "rows are deleted by primary key: give the table one",
    "not-a-table": "only ordinary and partitioned tables can be archived",
    "missing-privilege": "grant what the error names",
    "standby": "give the primary server's address",
    "reserved-column": "rename the column",
    "bytes-encoding": "convert the text to UTF-8",
    "replica-identity": "a publication's deletes fail without one: give the table one, or publish no deletes",
  ]

  static func check(_ name: String) throws(ValueMismatch) {
    guard !acceptable.contains(name) else { return }
    let hint =
      refused[name].map { "\(name) can never be accepted: \($0)" }
      ?? NearMiss.suggestion(for: name, among: acceptable).map { "did you mean \($0)?" }
    throw ValueMismatch(message: "must be one of \(acceptable.joined(separator: ", "))", hint: hint)
  }
}
