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
    case "boolean": "Bool"
    case "uuid": "UUID"
    default: "String"
    }
  }
}
