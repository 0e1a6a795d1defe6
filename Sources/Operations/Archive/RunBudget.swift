import ArchiveModel

/// How much more a run may do: its batches, its time, and the wish to stop.
actor RunBudget {
  private var remainingBatches: Int?
  private let deadline: ContinuousClock.Instant?
  private let stop: StopRequest
  /// Whether a batch was ever refused.
  private(set) var wasExhausted = false

  init(maximumBatches: Int?, maximumDuration: Duration?, stop: StopRequest) {
    remainingBatches = maximumBatches
    deadline = maximumDuration.map { ContinuousClock.now + $0 }
    self.stop = stop
  }

  /// Takes one batch out of the budget; false when there is none left.
  func takeBatch() -> Bool {
    if stop.isRequested || remainingBatches == 0 || deadline.map({ ContinuousClock.now >= $0 }) == true {
      wasExhausted = true
      return false
    }
    remainingBatches = remainingBatches.map { $0 - 1 }
    return true
  }

  /// Ends the budget: no batch is given out any more.
  func exhaust() {
    remainingBatches = 0
    wasExhausted = true
  }

  /// Puts back a batch that found no rows.
  func putBatchBack() {
    remainingBatches = remainingBatches.map { $0 + 1 }
  }

  /// Whether work may begin at all; unlike `takeBatch` it takes nothing.
  var isOpen: Bool { !stop.isRequested && remainingBatches != 0 && deadline.map { ContinuousClock.now < $0 } != false }
}
