import ArchiveModel
import Postgres

/// Looks for hazards in the catalog and, where only the rows can tell, among the eligible rows.
///
/// Each family of hazards has a file of its own. All of it only reads.
struct HazardCheck: Sendable {
  let table: TableDescription
  let source: TableSource
  /// What holds the rows; all of them are ordinary tables.
  let relations: [RowRelation]
  let serverVersion: Int
  let transaction: Transaction

  /// What the catalog alone can tell.
  func structure() async throws -> HazardFindings {
    var findings = HazardFindings()
    findReservedColumns(&findings)
    try await findStandby(&findings)
    try await findReplicaRole(&findings)
    try await findMissingPrivileges(&findings)
    try await findRowSecurity(&findings)
    try await findTriggers(&findings)
    try await findRules(&findings)
    try await findPublications(&findings)
    try await findMissingIndexes(&findings)
    try await findInheritanceChildren(&findings)
    try await findUntrackedCounts(&findings)
    return findings
  }

  /// What the eligible rows have to tell as well; `rows` has a part for each relation.
  func content(of rows: [EligibleRows]) async throws -> HazardFindings {
    var findings = HazardFindings()
    try await findForeignKeys(among: rows, &findings)
    try await findUntrackedCounts(&findings)
    try await findInvalidRows(among: rows, &findings)
    try await findForeignBytes(among: rows, &findings)
    return findings
  }

  // MARK: What the families share

  var isWholeTable: Bool { !table.isPartitioned }

  /// The relations as a parameter of type `oid[]`.
  var relationParameter: Parameter { Self.list(relations.map(\.oid)) }

  static func list(_ oids: [UInt32]) -> Parameter { .text("{\(oids.map { "\($0)" }.joined(separator: ","))}") }

  /// Names for a sentence, the first few of many.
  static func names(_ names: [String], limit: Int = 5) -> String {
    let more = names.count - limit
    return names.prefix(limit).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }

  /// Runs a query that reads rows, so that its failure leaves the transaction usable.
  func attempt(_ sql: String) async throws -> Result<QueryResult, PostgresError> {
    do {
      return .success(try await transaction.withSavepoint { try await transaction.execute(sql) })
    } catch let error as PostgresError where error.kind == .server && error.sqlState?.hasPrefix("57") == false {
      return .failure(error)
    }
  }

  /// The sum of a count over all parts of the rows, up to the first failure.
  func count(over rows: [EligibleRows], _ sql: (EligibleRows) -> String) async throws -> Result<Int, PostgresError> {
    var total = 0
    for part in rows {
      switch try await attempt(sql(part)) {
      case .success(let result): total += result.rows.first?.first.flatMap { $0 }.flatMap { Int($0) } ?? 0
      case .failure(let error): return .failure(error)
      }
    }
    return .success(total)
  }
}
