import ArchiveModel
import Postgres
import RowCodec

/// A place in the order of a table's rows: literals of the time column and of the key columns after it.
struct RowPosition: Sendable, Equatable {
  /// PostgreSQL's text forms.
  var time: String
  var key: [String]
}

/// The SQL that names a table's eligible rows: past the cutoff, in time and key order.
struct EligibleRows: Sendable {
  let table: TableDescription
  /// The table itself, or the leaf of it that is read and deleted from.
  let relation: RowRelation
  let source: TableSource
  let timeColumn: Int
  let timeType: TableDescription.TimeType
  let cutoff: Timestamp
  /// Leaves out rows that a restore holds; nil when there are none.
  var holdCondition: String?
  /// The relation's when the run checked it.
  let fingerprint: String
  /// Whether the rows are deleted where they were found; see `deletesByLocation`.
  var isHeap = false

  /// What transactions on these rows pin beside the usual.
  var pinnedSettings: [PinnedSettings.Setting] { source.pinnedSettings(of: table) }

  private var time: String { quoted(timeColumn) }

  /// The row's time as an instant, whatever the column's type.
  var instant: String {
    switch timeType {
    case .timestampWithTimeZone: time
    case .timestamp: "(\(time) AT TIME ZONE \(SQLText.literal(source.timeZone)))"
    case .date: "(\(time)::pg_catalog.timestamp AT TIME ZONE \(SQLText.literal(source.timeZone)))"
    }
  }

  /// Whether the column's values, read in UTC, are the instants themselves, so that an index on it serves every bound.
  private var isPlain: Bool { timeType == .timestampWithTimeZone || source.timeZone == "UTC" }

  private var order: [Int] { [timeColumn] + table.primaryKey.filter { $0 != timeColumn } }

  func quoted(_ column: Int) -> String { "t." + SQLText.identifier(table.columns[column].name) }

  private func literal(_ text: String, _ column: Int) -> String {
    "\(SQLText.literal(text))::\(table.columns[column].formType)"
  }

  /// Records compare by their columns' own orders, whatever the operators are called.
  private func comparable(_ expression: String, _ column: Int) -> String {
    table.unnamedOrders.contains(column) ? "ROW(\(expression))" : expression
  }

  /// The column as it is compared with literals.
  private func comparableColumn(_ column: Int) -> String {
    comparable(column == timeColumn ? time : table.keyColumn(column).value(of: "t"), column)
  }

  /// `column < bound`, or with another comparison; for a zone other than UTC the exact condition on the instant comes with
  /// a loose one on the column, two days wider than any zone's offset, that an index can serve.
  private func bound(_ comparison: String, _ instant: Timestamp) -> String {
    if isPlain {
      let type = timeType == .timestampWithTimeZone ? "timestamptz" : "timestamp"
      return "\(time) \(comparison) '\(instant.sqlText)'::pg_catalog.\(type)"
    }
    let slack: Duration = .seconds(comparison == "<" ? 172_800 : -172_800)
    return """
      \(self.instant) \(comparison) '\(instant.sqlText)'::pg_catalog.timestamptz AND \
      \(time) \(comparison) '\(instant.advanced(by: slack).sqlText)'::pg_catalog.timestamp
      """
  }

  /// The conditions that every eligible row meets.
  private var conditions: [String] {
    var conditions: [String] = []
    // First, so that it can leave out rows whose times have no instant. The newline ends a comment that it may close with.
    if let predicate = source.predicate { conditions.append("(\(predicate)\n)") }
    conditions.append(bound("<", cutoff))
    if let holdCondition { conditions.append(holdCondition) }
    return conditions
  }

  private func conditions(in partition: Partition) -> [String] {
    var conditions = conditions
    if let start = partition.start { conditions.append(bound(">=", start)) }
    if let end = partition.end { conditions.append(bound("<", end)) }
    return conditions
  }

  /// `FROM` and `WHERE` for the eligible rows, as `t`, that meet a further condition.
  func from(and condition: String) -> String { from(conditions + [condition]) }

  private func from(_ conditions: [String]) -> String {
    "FROM ONLY \(relation.quotedName) AS t WHERE \(conditions.joined(separator: " AND "))"
  }

  private var orderBy: String { "ORDER BY " + order.map(quoted).joined(separator: ", ") }

  /// Counts the eligible rows.
  var count: String { "SELECT count(*) \(from(conditions))" }

  /// The times of the oldest and the newest eligible row.
  var span: String { "SELECT min(\(instant))::text, max(\(instant))::text \(from(conditions))" }

  /// The instant of the first eligible row not before `floor`, without locking it.
  func probe(from floor: Timestamp?) -> String {
    let conditions = conditions + (floor.map { [bound(">=", $0)] } ?? [])
    return "SELECT \(instant)::text \(from(conditions)) \(orderBy) LIMIT 1"
  }

  /// Sends up to `limit` rows of the period after `position` in binary, locked, those locked by others left out.
  ///
  /// The columns come in the table's order, then the instant, which is NULL for a row that could not be restored, then the
  /// place of the row where the delete goes by it.
  func fetch(in partition: Partition, after position: RowPosition?, limit: Int) -> String {
    // Not one by one: the codecs of all columns are made at once.
    let forms = zip(table.columns.indices, table.rowColumns).map { form(of: $0, $1.codec) }
    let location = deletesByLocation ? ["t.ctid"] : []
    return "COPY (\(select(forms + [checkedInstant] + location, in: partition, after: position, limit: limit)))"
      + " TO STDOUT (FORMAT binary)"
  }

  /// How a column's values are sent.
  func form(of column: Int) -> String {
    form(of: column, table.columns[column].codec)
  }

  func form(of column: Int, _ codec: ColumnCodec) -> String {
    table.sentForm(of: column, codec)
  }

  /// The rows of a fetch, locked, with the expressions that are asked for.
  func select(_ expressions: [String], in partition: Partition, after position: RowPosition?, limit: Int) -> String {
    var conditions = conditions(in: partition)
    if let position {
      let columns = order.map(comparableColumn).joined(separator: ", ")
      let keys = zip(table.primaryKey, position.key).filter { $0.0 != timeColumn }
      let places = [(timeColumn, position.time)] + keys
      let values = places.map { comparable(literal($0.1, $0.0), $0.0) }.joined(separator: ", ")
      conditions.append(order.count == 1 ? "\(columns) > \(values)" : "(\(columns)) > (\(values))")
    }
    // The expressions come last, over the few rows that are left: next to the ORDER BY, the columns that they are made of
    // would count towards PostgreSQL's limit of 1,664 expressions, too.
    return """
      SELECT \(expressions.joined(separator: ", ")) FROM (SELECT t.*\(deletesByLocation ? ", t.ctid" : "") \(from(conditions)) \(orderBy) LIMIT \(limit) \
      FOR UPDATE OF t SKIP LOCKED) AS t
      """
  }
}
