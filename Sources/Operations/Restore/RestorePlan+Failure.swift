import ArchiveModel
import Postgres

extension RestorePlan {
  /// Gives a failure its place: what the target refuses for the values' sake is a matter of the archive's data.
  func failure(_ error: any Error, _ what: String, in manifest: Manifest) -> OperationError {
    let place = "batch \(manifest.batchID) into \(target.quotedName)"
    guard let error = error as? PostgresError else { return .wrapping(error, what, at: place) }
    if error.kind == .commitUncertain {
      return OperationError(
        .unavailable, what, at: place, cause: error.description,
        hint: "the batch may be in or not: run the same again with --on-conflict skip, which settles it")
    }
    if error.isUnknownName {
      return OperationError(
        .data, what, at: place, cause: error.description,
        hint: "\(PostgresError.unknownNameHint); nothing of the batch was kept")
    }
    guard error.kind == .server, let state = error.sqlState, let hint = hint(for: error, state) else {
      return .wrapping(error, what, at: place)
    }
    let columns = state.hasPrefix("22") ? columns(of: manifest) : Columns()
    let changes = columns.changedTypes + columns.composites
    let cause = error.description + (changes.isEmpty ? "" : "; column \(changes.joined(separator: ", column "))")
    return OperationError(.data, what, at: place, cause: cause, hint: "\(hint); nothing of the batch was kept")
  }

  /// What to do, by SQLSTATE (PostgreSQL documentation, appendix A); nil for what is no matter of the archive's data.
  private func hint(for error: PostgresError, _ state: String) -> String? {
    switch state {
    case "23502": "drop NOT NULL from that column or give it a default, or restore --into another table"
    case "23503": "restore the rows that these refer to first, or restore --into a table without that foreign key"
    case "23505": "a row there has the same key or the same value under another unique constraint"
    case "23P01": "a row there excludes one of these: remove it, or restore --into a table without that constraint"
    // A check_violation of no constraint: no partition takes the row.
    case "23514" where target.isPartitioned && error.constraintName == nil:
      "attach a partition for the batch's rows, or restore --into another table"
    case "23514": "drop that constraint for the time of the restore, or restore --into a table without it"
    case "22P05", "22021": "restore to a database with the encoding UTF8 (--target)"
    // feature_not_supported: the server takes no ON CONFLICT where rules rewrite INSERT or UPDATE.
    case "0A000" where hasPrimaryKey:
      "drop the table's rules on INSERT and UPDATE for the time of the restore, or use --on-conflict fail"
    default:
      switch state.prefix(2) {
      case "21", "22": "restore --into a table of the archived types"
      case "23", "44": "restore --into a table without that constraint"
      case "P0": "disable the table's triggers and rules for the time of the restore"
      default: nil
      }
    }
  }
}
