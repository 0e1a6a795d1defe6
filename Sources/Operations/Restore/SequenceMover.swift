import ArchiveModel
import Postgres

/// Moves the sequences behind identity, serial and `nextval` columns past restored values, and never back.
struct SequenceMover {
  let plan: RestorePlan

  /// Gives a warning for each sequence that could not be moved.
  func move(
    past columns: [Manifest.Column], staging: String, in transaction: Transaction
  ) async throws -> [String] {
    var warnings: [String] = []
    for row in try await transaction.execute(Self.sequences, [.text(String(plan.target.oid))]).rows {
      guard let name = row[0], let schema = row[1], let sequence = row[2], let increment = row[3],
        columns.contains(where: { $0.name == name })
      else { continue }
      let quoted = SQLText.identifier(schema, sequence)
      let column = SQLText.identifier(name)
      let isRising = !increment.hasPrefix("-")
      do {
        // Under a savepoint: a missing privilege must not undo the rows.
        _ = try await transaction.withSavepoint {
          try await transaction.execute(
            """
            SELECT pg_catalog.setval(\(SQLText.literal(quoted))::pg_catalog.regclass, r.edge, true)
            FROM (SELECT \(isRising ? "max" : "min")(\(column))::pg_catalog.int8 AS edge FROM \(staging)) r, \(quoted) q
            WHERE r.edge \(isRising ? ">" : "<") q.last_value OR (r.edge = q.last_value AND NOT q.is_called)
            """)
        }
      } catch let error as PostgresError where error.kind == .server {
        warnings.append(
          "sequence \(quoted) of column \(name) was not moved past the restored values: \(error.description)")
      }
    }
    return warnings
  }

  /// Column, schema, sequence and increment: sequences that a column owns (identity, serial) or takes its default from.
  private static let sequences = """
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
