/// Why a job, or its part on one table or batch, failed; wrapped once, with its place.
package struct OperationError: Error, Sendable {
  /// What the failure means to whoever started the job; the command line gives each its exit code.
  package enum Category: String, Sendable, CaseIterable {
    /// One table or batch is wrong; the others are not affected.
    case failed
    /// What was asked for contradicts itself or the archive.
    case usage
    /// The archive's data cannot be used as asked.
    case data
    /// A database or storage stayed unreachable.
    case unavailable
    /// The tool contradicts itself.
    case defect
    /// Another try may succeed.
    case tryAgain
    /// The database or the storage refused.
    case permission
    /// The settings name something that is not there or does not fit.
    case configuration
    /// A signal asked the job to stop at once.
    case interrupted
  }

  package var category: Category
  /// What could not be done.
  package var what: String
  /// The database, table, batch or key; nil when there is no place.
  package var place: String?
  /// Why. Holds no row values and no secrets.
  package var cause: String
  package var hint: String?
  /// The database rolled the transaction back for a reason that may have passed: a conflict with others, or a lost
  /// connection.
  package var isTransient = false
  /// A batch is neither finished nor rolled back, as far as this run knows; settling finds out.
  package var leavesUnsettled = false

  package init(_ category: Category, _ what: String, at place: String? = nil, cause: String, hint: String? = nil) {
    (self.category, self.what, self.place) = (category, what, place)
    (self.cause, self.hint) = (cause, hint)
  }
}

extension OperationError: CustomStringConvertible {
  /// `WHAT (WHERE): CAUSE`
  package var description: String { "\(what)\(place.map { " (\($0))" } ?? ""): \(cause)" }
}
