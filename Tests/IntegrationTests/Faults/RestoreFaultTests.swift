import Foundation
import TestSupport
import Testing

/// A restore that is ended: batches are back whole or not at all, what is back is left alone by `archive`, and the next
/// restore puts back the rest.
@Suite struct RestoreFaultTests {
  private static let rows = 200

  /// How it is ended, and how many workers it has.
  struct End: Sendable, CustomTestStringConvertible {
    var isKill: Bool
    var workers: Int
    var testDescription: String { "\(isKill ? "killed" : "cut off"), \(workers) workers" }

    static let all = [true, false].flatMap { isKill in [1, 3].map { End(isKill: isKill, workers: $0) } }
  }

  @Test(
    arguments: TestEnvironment.isThorough ? End.all : [End(isKill: true, workers: 1), End(isKill: false, workers: 3)])
  func `a restore ended at any step is gone on with`(_ end: End) async throws {
    try await withArchivedRows { scenario in
      for step in Step.ofRestore {
        for phase in [FaultProxy.Phase.request, .answer] {
          let watch = StepWatch(step, phase)
          try await restore(scenario, end, "\(end.testDescription) at \(step), \(phase)", at: watch)
        }
      }
    }
  }

  @Test(arguments: [End(isKill: true, workers: 1), End(isKill: true, workers: 3)])
  func `a restore killed half way is gone on with`(_ end: End) async throws {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    try await withArchivedRows { scenario in
      for _ in 0..<(TestEnvironment.isThorough ? 40 : 4) {
        // Of ten batches.
        let number = Int.random(in: 2...10, using: &random)
        let phase = Bool.random(using: &random) ? FaultProxy.Phase.request : .answer
        let step = Bool.random(using: &random) ? Step.restoreCopy : .restoreCommit
        let watch = StepWatch(step, phase, after: number - 1)
        try await restore(scenario, end, "seed \(seed): killed at \(step) \(number), \(phase)", at: watch)
      }
    }
  }

  /// Ends a restore where `watch` sees it come by, and goes on.
  private func restore(_ scenario: FaultScenario, _ end: End, _ comment: String, at watch: StepWatch) async throws {
    let faults = scenario.faults
    faults.install { moment in
      guard watch.fits(moment) else { return .pass }
      if end.isKill { faults.strike(SIGKILL) }
      return .reset
    }
    let run = try scenario.command(["restore", "--workers", "\(end.workers)"]).start()
    faults.aim(at: run)
    let result = try await run.result()
    #expect(watch.hasCome, "\(comment) never came: \(result)")
    if end.isKill { #expect(result.exitCode == 128 + SIGKILL, "\(comment): \(result)") }
    faults.install()
    let back = try await goOn(scenario, comment)
    // Whoever is told that all went well has all.
    if result.exitCode == 0 { #expect(back == Self.rows, "\(comment): \(result)") }
  }

  private func withArchivedRows(_ body: (FaultScenario) async throws -> Void) async throws {
    try await withFaultScenario(rows: Self.rows) { scenario in
      try await scenario.archiver("archive", "--workers", "1")
      try await body(scenario)
    }
  }

  /// Looks at what is back after an end halfway, has the rest restored, and takes the rows away again. Gives how many
  /// rows were back.
  private func goOn(_ scenario: FaultScenario, _ comment: String) async throws -> Int {
    let database = scenario.database
    let back = try await settledCount(database)
    let parts = try await database.psql(
      "SELECT count(*) FROM (SELECT FROM public.events GROUP BY (id - 1) / 20 HAVING count(*) <> 20) AS part")
    #expect(parts == "0", "\(comment): batches that are back in part")
    try await scenario.archiver("archive", comment: comment)
    #expect(try await settledCount(database) == back, "\(comment): archive took restored rows")
    try await scenario.archiver("restore", "--on-conflict", "skip", comment: comment)
    try await scenario.archiver("archive", comment: comment)
    let differing = try await database.psql(
      """
      SELECT count(*) FROM public.events AS e FULL JOIN public.original AS o USING (id)
      WHERE e::text IS DISTINCT FROM o::text
      """)
    #expect(differing == "0", "\(comment): rows that are not what they were")
    try await scenario.archiver("verify", "--level", "database", comment: comment)
    try await database.psql("DELETE FROM public.events")
    return back
  }

  /// How many rows there are, once no session of a killed program is at work any more.
  private func settledCount(_ database: ThrowawayDatabase) async throws -> Int {
    try await database.psql(
      """
      BEGIN;
      LOCK TABLE public.events IN SHARE MODE;
      SELECT count(*) FROM public.events;
      COMMIT
      """
    ).split(separator: "\n").compactMap { Int($0) }.first ?? -1
  }
}
