import ArchiveModel
import Postgres
import RowCodec

/// A sequence that a column of the target owns (identity, serial) or takes its default from.
struct ColumnSequence: Sendable {
  let column: String
  /// Qualified and quoted.
  let name: String
  let isRising: Bool
}

/// The value furthest in a sequence's direction among those restored to its column.
struct SequenceEdge: Sendable {
  let sequence: ColumnSequence
  /// Index into the manifest's columns.
  let column: Int
  private(set) var value: Int64?
  /// Whether a value was no whole number of 64 bits.
  private(set) var hasUnreadable = false

  init(_ sequence: ColumnSequence, column: Int) {
    (self.sequence, self.column) = (sequence, column)
  }

  /// Takes the row read last into account.
  mutating func add(_ reader: RowReader) {
    guard let parsed = reader.wholeNumber(column) else { return }
    guard let parsed else {
      hasUnreadable = true
      return
    }
    value = value.map { sequence.isRising ? max($0, parsed) : min($0, parsed) } ?? parsed
  }

}

/// Moves the sequences behind identity, serial and `nextval` columns past restored values, and never back.
enum SequenceMover {
  /// The sequences of the target's columns.
  static func sequences(of target: TableDescription, in transaction: Transaction) async throws -> [ColumnSequence] {
    try await transaction.execute(query, [.text(String(target.oid))]).rows.compactMap { row in
      guard let column = row[0], let schema = row[1], let name = row[2], let increment = row[3] else { return nil }
      return ColumnSequence(
        column: column, name: SQLText.identifier(schema, name), isRising: !increment.hasPrefix("-"))
    }
  }

  /// Gives a warning for each sequence that could not be moved.
  static func move(past edges: [SequenceEdge], in transaction: Transaction) async throws -> [String] {
    var warnings: [String] = []
    for edge in edges {
      let (name, column) = (edge.sequence.name, edge.sequence.column)
      if edge.hasUnreadable {
        warnings.append("sequence \(name) was not moved past all of column \(column): some values are no whole numbers")
      }
      guard let value = edge.value else { continue }
      do {
        // Under a savepoint: a missing privilege must not undo the rows.
        _ = try await transaction.withSavepoint {
          try await transaction.execute(
            """
            SELECT pg_catalog.setval(\(SQLText.literal(name))::pg_catalog.regclass, r.edge, true)
            FROM (SELECT '\(value)'::pg_catalog.int8 AS edge) r, \(name) q
            WHERE r.edge \(edge.sequence.isRising ? ">" : "<") q.last_value OR (r.edge = q.last_value AND NOT q.is_called)
            """)
        }
      } catch let error as PostgresError where error.kind == .server {
        warnings.append(
          "sequence \(name) of column \(column) was not moved past the restored values: \(error.description)")
      }
    }
    return warnings
  }

  /// Column, schema, sequence and increment.
  private static let query = """
    SELECT DISTINCT a.attname, n.nspname, c.relname, s.seqincrement
    FROM (
      SELECT d.objid AS sequence, d.refobjsubid AS number FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = $1::pg_catalog.oid
        AND d.refobjsubid > 0 AND d.deptype = ANY ('{a,i}'::pg_catalog."char"[])
      UNION ALL
      SELECT d.refobjid, f.adnum FROM pg_catalog.pg_attrdef f
      JOIN pg_catalog.pg_depend d ON d.objid = f.oid
        AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      WHERE f.adrelid = $1::pg_catalog.oid
    ) o
    JOIN pg_catalog.pg_sequence s ON s.seqrelid = o.sequence
    JOIN pg_catalog.pg_class c ON c.oid = o.sequence
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::pg_catalog.oid AND a.attnum = o.number
    ORDER BY a.attname
    """
}
