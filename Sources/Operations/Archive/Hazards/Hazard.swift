/// What makes archiving a table unsafe or impossible, found before anything is touched.
struct Hazard: Sendable {
  var kind: Kind
  /// What was found, without row values.
  var cause: String
  /// The way out, best with the statement to run.
  var hint: String
  /// Whether naming it in the settings lets the table through.
  var isAcceptable: Bool

  /// The names that reports use and `hazards:` accepts.
  enum Kind: String, Sendable {
    case noPrimaryKey = "no-primary-key"
    case notATable = "not-a-table"
    case missingPrivilege = "missing-privilege"
    case standby
    case reservedColumn = "reserved-column"
    case bytesEncoding = "bytes-encoding"
    case replicaRole = "replica-role"
    case replicaIdentity = "replica-identity"
    case foreignKeyAction = "foreign-key-action"
    case deleteTrigger = "delete-trigger"
    case deleteRule = "delete-rule"
    case rowSecurity = "row-security"
    case invalidRow = "invalid-row"
    case noIndex = "no-index"
    case publishedDelete = "published-delete"

    /// Those by which a DELETE can do something else as well, or instead.
    static let actingOnDelete: [Kind] = [.deleteTrigger, .deleteRule, .foreignKeyAction]
  }

  /// A hazard that no setting can wave through.
  static func never(_ kind: Kind, _ cause: String, hint: String) -> Hazard {
    Hazard(kind: kind, cause: cause, hint: hint, isAcceptable: false)
  }

  /// A hazard that `hazards:` may accept.
  static func acceptable(_ kind: Kind, _ cause: String, hint: String) -> Hazard {
    Hazard(kind: kind, cause: cause, hint: hint, isAcceptable: true)
  }
}

/// What a search for hazards brought to light.
struct HazardFindings: Sendable {
  /// What refuses the table unless it is accepted.
  private(set) var hazards: [Hazard] = []
  /// What an operator should know all the same, one sentence each.
  private(set) var warnings: [String] = []

  mutating func add(_ hazard: Hazard) { hazards.append(hazard) }

  mutating func warn(_ warning: String) { warnings.append(warning) }

  /// Throws for all hazards that are not accepted, in one error; returns the warnings, accepted hazards among them.
  func judged(_ source: TableSource) throws(OperationError) -> [String] {
    let (accepted, refused) = hazards.reduce(into: ([Hazard](), [Hazard]())) { parts, hazard in
      let isAccepted = hazard.isAcceptable && source.acceptedHazards.contains(hazard.kind.rawValue)
      if isAccepted { parts.0.append(hazard) } else { parts.1.append(hazard) }
    }
    guard refused.isEmpty else { throw Self.refusal(refused, of: source) }
    return accepted.map { "accepted hazard \($0.kind.rawValue): \($0.cause)" } + warnings
  }

  private static func refusal(_ refused: [Hazard], of source: TableSource) -> OperationError {
    let isOne = refused.count == 1
    var names: [String] = []
    for hazard in refused where !names.contains(hazard.kind.rawValue) { names.append(hazard.kind.rawValue) }
    func label(_ hazard: Hazard) -> String { isOne ? "" : "\(hazard.kind.rawValue): " }
    let hints = refused.map { hazard in
      label(hazard) + hazard.hint
        + (hazard.isAcceptable ? ", or accept it with hazards: [\(hazard.kind.rawValue)]" : "")
    }
    return OperationError(
      .failed, "refused: \(names.joined(separator: ", "))", at: "\(source.name)",
      cause: refused.map { label($0) + $0.cause }.joined(separator: "; "), hint: hints.joined(separator: "; "))
  }
}
