import ArchiveModel
import Postgres

/// What the delete would do to rows of other tables, or they to the delete.
extension HazardCheck {
  func findForeignKeys(among rows: [EligibleRows], _ findings: inout HazardFindings) async throws {
    let family = try await ForeignKey.family(of: [table.oid], in: transaction)
    for key in try await ForeignKey.pointing(at: [table.oid], in: transaction) {
      let referenced = try await count(over: rows) { part in
        "SELECT count(*) \(part.from(and: "EXISTS (SELECT FROM \(key.referencingName) AS r WHERE \(key.match))"))"
      }
      guard let effect = key.action.effect else {
        try await judge(
          key, forbidding: referenced, isOwn: family.contains(key.referencing), among: rows, &findings)
        continue
      }
      let extent =
        switch referenced {
        case .success(let count): "\(count) eligible rows are referenced now"
        case .failure(let error): "how many are referenced is unknown: \(error)"
        }
      let next = try await consequences(of: key)
      let chain = next.isEmpty ? "" : "; then \(Self.names(next.map { "\($0.description) \($0.consequence)" }))"
      let cause = "\(key.description) \(effect) when rows are deleted here (\(extent))\(chain)"
      if let own = ([key] + next).first(where: { $0.action.effect != nil && family.contains($0.referencing) }) {
        findings.add(
          .never(
            .foreignKeyAction, "\(cause); that reaches rows of this table which are not archived",
            hint: "make \(own.description) ON DELETE NO ACTION"
              + (own.oid == key.oid
                ? " and leave referenced rows out with where: \(key.quotedExclusion), so that each is archived once no row "
                  + "refers to it"
                : "")))
        continue
      }
      findings.add(
        .acceptable(
          .foreignKeyAction, cause,
          hint: "archive \(key.referencingName) first and make the key ON DELETE RESTRICT"))
    }
  }

  /// A key without an action is no hazard until an eligible row is referenced: the server would refuse the delete.
  private func judge(
    _ key: ForeignKey, forbidding referenced: Result<Int, PostgresError>, isOwn: Bool, among rows: [EligibleRows],
    _ findings: inout HazardFindings
  ) async throws {
    switch referenced {
    case .success(0):
      findings.warn("\(key.description) forbids the delete of rows that are referenced; no eligible row is now")
    case .success(let count):
      let references = try await self.count(over: rows) { part in
        """
        SELECT count(*) FROM \(key.referencingName) AS r WHERE EXISTS (SELECT \(part.from(and: key.match)))
        """
      }
      let by = if case .success(let number) = references { "\(number) rows of" } else { "rows of" }
      findings.add(
        .never(
          .foreignKeyAction,
          "\(key.description) forbids the delete: \(count) eligible rows are referenced by \(by) \(key.referencingName)",
          hint: isOwn
            ? "leave the referenced rows out with where: \(key.quotedExclusion), so that each is archived once no row "
              + "refers to it"
            : "archive \(key.referencingName) first, or leave the referenced rows out with where: "
              + key.quotedExclusion))
    case .failure(let error):
      findings.warn(
        "\(key.description) forbids the delete of rows that are referenced; whether there are any cannot be told: \(error)"
      )
    }
  }

  /// The keys through which deleted rows of the referencing table bring about more, a level of keys at a time.
  private func consequences(of key: ForeignKey) async throws -> [ForeignKey] {
    guard key.action == .cascade else { return [] }
    var seen: Set<UInt32> = [key.oid]
    var relations = [key.referencing]
    var found: [ForeignKey] = []
    while !relations.isEmpty {
      let next = try await ForeignKey.pointing(at: relations, in: transaction).filter { seen.insert($0.oid).inserted }
      found += next
      relations = next.filter { $0.action == .cascade }.map(\.referencing)
    }
    return found
  }
}
