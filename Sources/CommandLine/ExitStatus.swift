import Operations
import Settings

/// How the process ends; the only place where failures become exit codes (sysexits where one fits).
struct ExitStatus: Error, Equatable {
  let code: Int32
  /// A batch is neither finished nor rolled back, which a signal's code would deny.
  private(set) var outranksSignal = false

  /// Done, and something is wrong.
  static let somethingWrong = ExitStatus(code: 1)
  static let configuration = ExitStatus(code: 78)

  private init(code: Int32) {
    self.code = code
  }

  /// The code of an error that ended the whole command.
  init(_ error: OperationError) {
    self.init(error.category)
    outranksSignal = error.leavesUnsettled
  }

  /// How the process ends when a signal has come, too.
  func after(signal: Int32?) -> ExitStatus {
    guard let signal, !outranksSignal else { return self }
    return ExitStatus(signal: signal)
  }

  /// The code of a run that SIGINT (130) or SIGTERM (143) stopped, as shells write it.
  init(signal: Int32) {
    code = 128 + signal
  }

  /// The code of a failure that ended the whole command.
  init(_ category: OperationError.Category) {
    code =
      switch category {
      case .failed: 1
      case .usage: 64
      case .data: 65
      case .unavailable: 69
      case .defect: 70
      case .tryAgain: 75
      case .permission: 77
      case .configuration: 78
      case .interrupted: 130
      }
  }

  /// The code of a run whose parts failed on their own: their common one when nothing went well, else 1; nil when none failed.
  static func combined(_ failures: [OperationError], nothingWentWell: Bool) -> ExitStatus? {
    guard let first = failures.first else { return nil }
    let isUniform = failures.allSatisfy { $0.category == first.category }
    var status = nothingWentWell && isUniform ? ExitStatus(first.category) : .somethingWrong
    status.outranksSignal = failures.contains(where: \.leavesUnsettled)
    return status
  }
}
