import ArchiveModel

extension ExternalTable {
  /// The engine's types for values that it reads without loss from the row format; text for all the rest.
  static func duckDBType(_ type: String) -> String {
    switch type {
    case "smallint": "SMALLINT"
    case "integer": "INTEGER"
    case "bigint", "oid": "BIGINT"
    case "real": "FLOAT"
    case "double precision": "DOUBLE"
    case "boolean": "BOOLEAN"
    case "uuid": "UUID"
    case "json", "jsonb": "JSON"
    case let type where type.hasSuffix("[]"): "JSON"
    default: "VARCHAR"
    }
  }

  /// Of the time column, whose values the manifests bound: other columns may hold times that the engine does not know.
  func duckDBTime(_ type: String) -> String? {
    guard hasTimes(fromYear: 1, to: 9999) else { return nil }
    return switch TimeKind(type) {
    case .instant: "TIMESTAMPTZ"
    case .local: "TIMESTAMP"
    case .date: "DATE"
    case nil: nil
    }
  }

  /// For Athena and Spark.
  static func hiveType(_ type: String) -> String {
    switch type {
    case "smallint": "smallint"
    case "integer": "int"
    case "bigint", "oid": "bigint"
    case "boolean": "boolean"
    default: "string"
    }
  }

  static func trinoType(_ type: String) -> String {
    switch type {
    case "smallint": "smallint"
    case "integer": "integer"
    case "bigint", "oid": "bigint"
    case "boolean": "boolean"
    default: "varchar"
    }
  }

  static func clickHouseType(_ type: String) -> String {
    switch type {
    case "smallint": "Int16"
    case "integer": "Int32"
    case "bigint": "Int64"
    case "oid": "UInt32"
    case "real": "Float32"
    case "double precision": "Float64"
    case "boolean": "Bool"
    case "uuid": "UUID"
    default: "String"
    }
  }

  /// As `duckDBTime`, within the years that `DateTime64` and `Date32` know.
  func clickHouseTime(_ type: String) -> String? {
    guard hasTimes(fromYear: 1901, to: 2261) else { return nil }
    return switch TimeKind(type) {
    case .instant, .local: "DateTime64(6, 'UTC')"
    case .date: "Date32"
    case nil: nil
    }
  }

  private enum TimeKind {
    case instant, local, date

    init?(_ type: String) {
      switch type {
      case "date": self = .date
      case let type where type.hasPrefix("timestamp") && type.hasSuffix("with time zone"): self = .instant
      case let type where type.hasPrefix("timestamp"): self = .local
      default: return nil
      }
    }
  }

  private func hasTimes(fromYear first: Int, to last: Int) -> Bool {
    [times.lowerBound, times.upperBound].allSatisfy { time in
      Partition(holding: time, unit: .year).value.flatMap { Int($0) }.map { (first...last).contains($0) } ?? false
    }
  }
}
