package import ArchiveModel
import Postgres
package import RowCodec

/// What the catalog says of a table: all that queries, manifests and restores need.
package struct TableDescription: Sendable {
  /// How the time column holds its values.
  package enum TimeType: Sendable {
    case date, timestamp, timestampWithTimeZone
  }

  package var name: TableName
  package var oid: UInt32
  /// `pg_class.relkind`.
  package var kind: String
  /// In the table's order, dropped ones left out.
  package var columns: [Manifest.Column]
  /// Indices into `columns`, in the key's order; empty without a primary key.
  package var primaryKey: [Int]
  /// Whether the table itself has that key; a partitioned one may go by its leaves' (`TableCatalog.leafKey`).
  package var isKeyDeclared = true
  /// Indices of the columns to whose type, or whose domain's base type, there is no array type.
  package var hasNoArrayType: Set<Int> = []
  /// Indices of the columns that can hold values which this server has no text for: intervals, before 15.
  package var canLackText: Set<Int> = []
  /// Schemas other than pg_catalog that hold the key types' comparison operators.
  package var operatorSchemas: [String]
  /// Key columns whose type calls its order's operators otherwise than `<` and `>`, as hstore does.
  package var unnamedOrders: Set<Int> = []

  /// `"public"."events"`
  package var quotedName: String { SQLText.identifier(name.schema) + "." + SQLText.identifier(name.table) }

  package var primaryKeyNames: [String] { primaryKey.map { columns[$0].name } }

  /// The columns as the codec sees them.
  package var rowColumns: [RowColumn] { columns.map { RowColumn(name: $0.name, codec: $0.codec) } }

  /// The column of that name.
  package func index(of column: String) -> Int? { columns.firstIndex { $0.name == column } }

  /// What an archive of the table needs to know of its time column. Throws a configuration error when there is no such
  /// column or its type holds no times.
  package func timeColumn(_ column: String) throws(OperationError) -> (index: Int, type: TimeType) {
    guard let index = index(of: column) else {
      throw OperationError(
        .configuration, "cannot use the time column", at: "\(name)",
        cause: "the table has no column named \(column)",
        hint: "set timestamp_column: to one of \(columns.map(\.name).joined(separator: ", "))")
    }
    let type = columns[index].formType
    if type == "date" { return (index, .date) }
    if type.hasPrefix("timestamp"), type.hasSuffix("without time zone") { return (index, .timestamp) }
    if type.hasPrefix("timestamp"), type.hasSuffix("with time zone") { return (index, .timestampWithTimeZone) }
    throw OperationError(
      .configuration, "cannot use the time column", at: "\(name)",
      cause: "column \(column) is of type \(columns[index].type)",
      hint: "timestamp_column: takes a column of type date, timestamp or timestamp with time zone")
  }
}

extension TableDescription {
  /// What transactions on this table pin beside the usual: operators of key types outside pg_catalog must be found.
  var pinnedSettings: [PinnedSettings.Setting] {
    operatorSchemas.isEmpty
      ? [] : [PinnedSettings.Setting("search_path", list: ["pg_catalog"] + operatorSchemas + ["pg_temp"])]
  }

  /// How a column's values of the row `t` are sent, for the codec to read.
  func sentForm(of column: Int, _ codec: ColumnCodec) -> String {
    "t." + SQLText.identifier(columns[column].name) + (codec.selectCast ?? baseCast(column))
  }

  /// Arrays over a domain arrive with the domain's OID in them unless they are cast to arrays over its base type.
  private func baseCast(_ index: Int) -> String {
    columns[index].baseType.map { $0.hasSuffix("[]") ? "::\($0)" : "" } ?? ""
  }
}
