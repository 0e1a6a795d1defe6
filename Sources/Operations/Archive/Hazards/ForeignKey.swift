import ArchiveModel
import Postgres

/// A foreign key that points at a table, with what it does when rows there are deleted.
struct ForeignKey: Sendable {
  var oid: UInt32
  var name: String
  /// The referencing table: its OID and quoted name.
  var referencing: UInt32
  var referencingName: String
  var action: Action
  /// Pairs of referencing and referenced column, with the operator that compares referenced with referencing.
  var columns: [(referencing: String, referenced: String, comparison: String)]

  enum Action: String, Sendable {
    case cascade = "c"
    case setNull = "n"
    case setDefault = "d"
    case noAction = "a"
    case restrict = "r"

    /// What happens to the referencing rows; nil where they forbid the delete.
    var effect: String? {
      switch self {
      case .cascade: "deletes its rows"
      case .setNull: "sets its columns to null"
      case .setDefault: "sets its columns to their defaults"
      case .noAction, .restrict: nil
      }
    }
  }

  var description: String { "foreign key \(name) of \(referencingName)" }

  /// What it does to the referencing rows, in a sentence.
  var consequence: String { action.effect ?? "may forbid it" }

  /// Whether row `r` of the referencing table points to row `t`.
  var match: String {
    columns.map { "t.\($0.referenced) \($0.comparison) r.\($0.referencing)" }.joined(separator: " AND ")
  }

  /// The condition for `where:` that leaves referenced rows out.
  var exclusion: String {
    // An operator of pg_catalog needs no more than its sign, and people read this.
    let plain = columns.map { column in
      "r.\(column.referencing) \(column.comparison.replacing("OPERATOR(pg_catalog.=)", with: "=")) t.\(column.referenced)"
    }
    return "NOT EXISTS (SELECT FROM \(referencingName) AS r WHERE \(plain.joined(separator: " AND ")))"
  }

  /// The same as a YAML value.
  var quotedExclusion: String { "\"\(exclusion.replacing("\"", with: "\\\""))\"" }
}

extension ForeignKey {
  /// The foreign keys that point at one of `relations`, their partition ancestors or their partitions.
  ///
  /// A key to or of a partitioned table shows once, not for every partition again. One that is not enforced does nothing.
  static func pointing(at relations: [UInt32], in transaction: Transaction) async throws -> [ForeignKey] {
    let version = await transaction.connection.serverVersion
    let result = try await transaction.execute(query(serverVersion: version), [HazardCheck.list(relations)])
    var keys: [ForeignKey] = []
    for row in result.rows {
      guard let oid = row[0].flatMap({ UInt32($0) }), let name = row[1],
        let referencing = row[2].flatMap({ UInt32($0) }), let referencingName = row[3],
        let action = row[4].flatMap({ Action(rawValue: $0) }), let from = row[5], let to = row[6],
        let comparison = row[7]
      else { continue }
      if keys.last?.oid != oid {
        keys.append(
          ForeignKey(
            oid: oid, name: name, referencing: referencing, referencingName: referencingName, action: action,
            columns: []))
      }
      keys[keys.count - 1].columns.append((from, to, comparison))
    }
    return keys
  }

  /// `relations` with their partition ancestors and their partitions.
  static func family(of relations: [UInt32], in transaction: Transaction) async throws -> Set<UInt32> {
    let result = try await transaction.execute(
      "\(familyQuery) SELECT oid FROM above UNION SELECT oid FROM below", [HazardCheck.list(relations)])
    return Set(result.rows.compactMap { $0[0].flatMap { UInt32($0) } })
  }

  private static let familyQuery = """
    WITH RECURSIVE above (oid) AS (
      SELECT r.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) r (oid)
      UNION
      SELECT i.inhparent FROM above a
      JOIN pg_catalog.pg_class c ON c.oid = a.oid AND c.relispartition
      JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.oid
    ), below (oid) AS (
      SELECT r.oid FROM pg_catalog.unnest($1::pg_catalog.oid[]) r (oid)
      UNION
      SELECT i.inhrelid FROM below b
      JOIN pg_catalog.pg_class c ON c.oid = b.oid AND c.relkind = 'p'
      JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid
    )
    """

  /// SQL that tells whether the server enforces the constraint; those that it does not came with 18.
  static func isEnforced(_ constraint: String, serverVersion: Int) -> String {
    serverVersion >= 180_000 ? "\(constraint).conenforced" : "true"
  }

  private static func query(serverVersion: Int) -> String {
    """
    \(familyQuery)
    SELECT k.oid, pg_catalog.quote_ident(k.conname), k.conrelid,
      pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(r.relname),
      k.confdeltype, pg_catalog.quote_ident(f.attname), pg_catalog.quote_ident(p.attname),
      'OPERATOR(' || pg_catalog.quote_ident(n.nspname) || '.' || o.oprname || ')'
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class r ON r.oid = k.conrelid
    JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace
    CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey),
      pg_catalog.unnest(k.conpfeqop)) WITH ORDINALITY AS c (referencing, referenced, operator, place)
    JOIN pg_catalog.pg_attribute f ON f.attrelid = k.conrelid AND f.attnum = c.referencing
    JOIN pg_catalog.pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = c.referenced
    JOIN pg_catalog.pg_operator o ON o.oid = c.operator
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0 AND \(isEnforced("k", serverVersion: serverVersion))
      AND k.confrelid IN (SELECT oid FROM above UNION SELECT oid FROM below)
    ORDER BY s.nspname, r.relname, k.conname, k.oid, c.place
    """
  }
}
