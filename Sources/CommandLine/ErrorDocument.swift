import ArchiveModel
import Operations
import Settings

/// An error as `--output json` prints it.
struct ErrorDocument: Encodable {
  var category: String
  var message: String
  var hint: String?

  init(_ error: OperationError) {
    (category, message, hint) = (error.category.rawValue, error.description, error.hint)
  }

  init(_ problem: SettingsProblem) {
    (category, message, hint) = (OperationError.Category.configuration.rawValue, problem.description, problem.hint)
  }
}

/// What `--output json` prints of a command that ended before it had results.
struct FailureDocument: Encodable {
  var runID: UUIDv7
  var errors: [ErrorDocument]

  enum CodingKeys: String, CodingKey {
    case errors
    case runID = "run_id"
  }
}
