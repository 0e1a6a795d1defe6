import ArchiveModel
import Testing

@testable import Operations

@Suite struct ImpactLimitsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var window: String?
    var pauseFile: String?
    var lag: Duration?
    var facts = ImpactFacts()
    /// nil granted, true postponed, false refused
    let isPostponed: Bool?

    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "no limits, and everything in the way", facts: facts(1, true, .seconds(99)), isPostponed: nil),
    Case(name: "within the window", window: "01:00-05:00", facts: facts(3600, false, nil), isPostponed: nil),
    Case(name: "outside the window", window: "01:00-05:00", facts: facts(0, false, nil), isPostponed: false),
    Case(name: "pause file", pauseFile: "/p", facts: facts(nil, true, nil), isPostponed: true),
    Case(name: "no pause file", pauseFile: "/p", facts: facts(nil, false, nil), isPostponed: nil),
    Case(name: "lag at the limit", lag: .seconds(5), facts: facts(nil, false, .seconds(5)), isPostponed: nil),
    Case(name: "lag above", lag: .seconds(5), facts: facts(nil, false, .milliseconds(5001)), isPostponed: true),
    Case(name: "no replica", lag: .seconds(5), facts: facts(nil, false, nil), isPostponed: nil),
    Case(
      name: "the window weighs more than a pause", window: "01:00-05:00", pauseFile: "/p", facts: facts(0, true, nil),
      isPostponed: false),
  ]

  static func facts(_ second: Int?, _ paused: Bool, _ lag: Duration?) -> ImpactFacts {
    ImpactFacts(secondOfDay: second, isPauseFilePresent: paused, replicaLag: lag)
  }

  @Test(arguments: cases)
  func `a batch begins when nothing stands in the way`(given: Case) {
    var limits = ImpactLimits()
    limits.window = given.window.flatMap { DailyWindow($0) }
    (limits.pauseFile, limits.maximumReplicaLag) = (given.pauseFile, given.lag)
    switch limits.permission(given.facts) {
    case .granted: #expect(given.isPostponed == nil)
    case .postponed: #expect(given.isPostponed == true)
    case .refused: #expect(given.isPostponed == false)
    }
  }

  @Test(
    arguments: [
      (1.0, nil, 2.0, 2.0, 0.0), (0.5, nil, 2, 2, 2), (0.25, nil, 1, 2, 2), (0.5, nil, 1, 9, 0),
      (1.0, 100, 1, 2, 8), (1.0, 10_000, 1, 2, 0), (0.1, 100, 2, 2, 18), (0.5, 100, 2, 2, 8),
    ] as [(Double, Int?, Double, Double, Double)])
  func `the rest after a batch keeps pace and rate`(
    pace: Double, rate: Int?, busy: Double, elapsed: Double, expected: Double
  ) {
    var limits = ImpactLimits()
    (limits.pace, limits.maximumRowsPerSecond) = (pace, rate)
    let rest = limits.rest(after: .seconds(busy), elapsed: .seconds(elapsed), rows: 1000, workers: 1)
    #expect(abs(rest / .seconds(1) - expected) < 1e-6)
  }

  @Test(arguments: [(0.5, 3.0), (0.25, 7), (1, 0)])
  func `workers share the pace, and never rest at 1`(pace: Double, expected: Double) {
    var limits = ImpactLimits()
    limits.pace = pace
    #expect(limits.rest(after: .seconds(1), elapsed: .seconds(1), rows: 1000, workers: 2) == .seconds(expected))
  }

  @Test func `workers share the rate`() {
    var limits = ImpactLimits()
    limits.maximumRowsPerSecond = 1000
    #expect(limits.rest(after: .zero, elapsed: .zero, rows: 1000, workers: 4) == .seconds(4))
  }
}
