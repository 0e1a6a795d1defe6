import ArchiveModel
import Postgres

/// Rows that their own table would not take back.
extension HazardCheck {
  /// Every condition is tried on the eligible rows: a constraint may be NOT VALID, and a function it calls may have changed.
  func findInvalidRows(among rows: [EligibleRows], _ findings: inout HazardFindings) async throws {
    var broken: [String] = []
    let conditions = try await checkConditions() + referenceConditions()
    for (name, conditions) in Dictionary(grouping: conditions, by: \.name).sorted(by: { $0.key < $1.key }) {
      var total = 0
      for condition in conditions {
        let parts = rows.filter { $0.relation.oid == condition.relation }
        switch try await count(over: parts, { "SELECT count(*) \($0.from(and: condition.isBroken))" }) {
        case .success(let count): total += count
        case .failure(let error): findings.warn("whether rows break \(name) cannot be told: \(error)")
        }
      }
      if total > 0 { broken.append("\(total) rows break \(name)") }
    }
    for (column, domain) in try await domainColumns() {
      // The cast to the base type lets the domain look at the value anew.
      let value = "((t.\(SQLText.identifier(column.name)))::\(column.formType))::\(column.type)"
      let tried = try await count(over: rows) { "SELECT count(\(value)) \($0.from(and: "true"))" }
      guard case .failure(let error) = tried else { continue }
      // 23514 check_violation, 23502 not_null_violation
      if ["23514", "23502"].contains(error.sqlState) {
        let constraint = error.constraintName.map { "constraint \($0)" } ?? "NOT NULL"
        broken.append("rows break \(constraint) of domain \(error.dataTypeName ?? domain) in column \(column.name)")
      } else {
        findings.warn("whether rows break domain \(domain) in column \(column.name) cannot be told: \(error)")
      }
    }
    guard !broken.isEmpty else { return }
    findings.add(
      .acceptable(
        .invalidRow, "\(Self.names(broken)); they could not be restored to this table",
        hint: "correct the rows or drop the constraint, leave the rows out with where:"))
  }

  private struct Condition {
    /// Where it holds: leaves have their own, and those of their parents.
    var relation: UInt32
    /// `constraint positive`
    var name: String
    /// True for a row `t` that breaks it.
    var isBroken: String
  }

  /// A NOT NULL constraint takes a composite value with NULLs in it, which IS NOT NULL would not.
  private func checkConditions() async throws -> [Condition] {
    let result = try await transaction.execute(
      """
      SELECT k.conrelid, pg_catalog.quote_ident(k.conname), CASE k.contype WHEN 'c' THEN pg_catalog.pg_get_expr(k.conbin, k.conrelid)
        ELSE (SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1]) || ' IS DISTINCT FROM NULL' END
      FROM pg_catalog.pg_constraint k
      WHERE k.conrelid = ANY ($1::pg_catalog.oid[]) AND (k.contype = 'c' OR k.contype = 'n' AND NOT k.convalidated)
        AND \(isEnforced)
      """, [relationParameter])
    return result.rows.compactMap { row in
      guard let relation = row[0].flatMap({ UInt32($0) }), let name = row[1], let expression = row[2] else {
        return nil
      }
      return Condition(relation: relation, name: "constraint \(name)", isBroken: "(\(expression)) IS FALSE")
    }
  }

  /// Foreign keys of the table itself that were never validated.
  private func referenceConditions() async throws -> [Condition] {
    let result = try await transaction.execute(
      """
      SELECT k.oid, pg_catalog.quote_ident(k.conname), k.confrelid::pg_catalog.regclass::pg_catalog.text,
        pg_catalog.quote_ident(f.attname),
        'r.' || pg_catalog.quote_ident(p.attname) || ' OPERATOR(' || pg_catalog.quote_ident(n.nspname) || '.'
          || o.oprname || ') t.' || pg_catalog.quote_ident(f.attname), k.conrelid
      FROM pg_catalog.pg_constraint k
      CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey),
        pg_catalog.unnest(k.conpfeqop)) AS c (referencing, referenced, operator)
      JOIN pg_catalog.pg_attribute f ON f.attrelid = k.conrelid AND f.attnum = c.referencing
      JOIN pg_catalog.pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = c.referenced
      JOIN pg_catalog.pg_operator o ON o.oid = c.operator
      JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
      WHERE k.conrelid = ANY ($1::pg_catalog.oid[]) AND k.contype = 'f' AND NOT k.convalidated AND \(isEnforced)
      """, [relationParameter])
    return Dictionary(grouping: result.rows) { $0[0] ?? "" }.values.compactMap { columns -> Condition? in
      guard let row = columns.first, let name = row[1], let referenced = row[2],
        let relation = row[5].flatMap({ UInt32($0) })
      else { return nil }
      let present = columns.compactMap { $0[3] }.map { "t.\($0) IS NOT NULL" }
      let matches = columns.compactMap { $0[4] }.joined(separator: " AND ")
      return Condition(
        relation: relation, name: "foreign key \(name)",
        isBroken:
          "\(present.joined(separator: " AND ")) AND NOT EXISTS (SELECT FROM \(referenced) AS r WHERE \(matches))")
    }
  }

  /// Constraints that are not enforced stop no restore.
  private var isEnforced: String { ForeignKey.isEnforced("k", serverVersion: serverVersion) }

  /// Columns whose type is, or is made of, a domain that has a constraint; with the outermost such domain's name.
  private func domainColumns() async throws -> [(column: Manifest.Column, domain: String)] {
    guard table.columns.contains(where: { $0.baseType != nil }) else { return [] }
    let result = try await transaction.execute(
      """
      WITH RECURSIVE walk (name, type, depth) AS (
        SELECT a.attname, a.atttypid, 0 FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT w.name, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE e.oid END, w.depth + 1
        FROM walk w
        JOIN pg_catalog.pg_type t ON t.oid = w.type
        LEFT JOIN pg_catalog.pg_type e ON e.typarray = t.oid AND e.typtype = 'd'
        WHERE t.typtype = 'd' OR e.oid IS NOT NULL
      )
      SELECT DISTINCT ON (w.name) w.name, pg_catalog.format_type(w.type, NULL) FROM walk w
      JOIN pg_catalog.pg_type t ON t.oid = w.type AND t.typtype = 'd'
      WHERE t.typnotnull OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid)
      ORDER BY w.name, w.depth
      """, [.text(String(table.oid))])
    return result.rows.compactMap { row in
      guard let column = table.columns.first(where: { $0.name == row[0] && $0.baseType != nil }), let domain = row[1]
      else { return nil }
      return (column, domain)
    }
  }
}
