/// How long each step of the batch protocol took, summed over batches.
package struct StepDurations: Sendable, Equatable {
  /// A step, by the name that metrics give it.
  package enum Step: String, CaseIterable, Sendable {
    case fetch, upload, verify, delete, commit, manifest
  }

  private var durations: [Step: Duration] = [:]

  package init() {}

  package subscript(step: Step) -> Duration {
    get { durations[step] ?? .zero }
    set { durations[step] = newValue }
  }

  package static func += (left: inout StepDurations, right: StepDurations) {
    for step in Step.allCases { left[step] += right[step] }
  }

  /// Adds the time since `began`.
  mutating func add(_ step: Step, since began: ContinuousClock.Instant) {
    self[step] += ContinuousClock.now - began
  }
}
