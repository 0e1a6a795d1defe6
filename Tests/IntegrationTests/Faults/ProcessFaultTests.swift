import Foundation
import Synchronization
import TestSupport
import Testing

/// The program is ended at every step of the protocol; nothing is lost, and the next run settles it.
@Suite struct ProcessFaultTests {
  /// How the program is ended.
  enum Blow: String, Sendable, CaseIterable {
    case kill = "SIGKILL"
    case terminate = "SIGTERM"
    case interrupt = "SIGINT"
    /// The second one rolls the batch in hand back.
    case terminateTwice = "SIGTERM twice"

    var exitCode: Int32 {
      switch self {
      case .kill: 128 + SIGKILL
      case .terminate, .terminateTwice: 128 + SIGTERM
      case .interrupt: 128 + SIGINT
      }
    }

    /// Ending by a signal that is heeded differs less before and after a step: one of both will do for the short form.
    var phases: [FaultProxy.Phase] {
      switch self {
      case _ where TestEnvironment.isThorough, .kill: [.request, .answer]
      case .terminate: [.answer]
      case .interrupt, .terminateTwice: [.request]
      }
    }

    func strike(_ faults: FaultScript) -> FaultProxy.Action {
      switch self {
      case .kill:
        faults.strike(SIGKILL)
        // Nothing that the dead process sent goes on; what the server had answered stands.
        return .reset
      case .terminate: faults.strike(SIGTERM)
      case .interrupt: faults.strike(SIGINT)
      case .terminateTwice:
        faults.strike(SIGTERM)
        usleep(30_000)
        faults.strike(SIGTERM)
      }
      usleep(30_000)
      return .pass
    }
  }

  @Test(arguments: Blow.allCases.map { ($0, LedgerUse.ledger) } + [(.kill, .none)])
  func `ending the program at any step of a batch loses nothing`(_ blow: Blow, _ ledger: LedgerUse) async throws {
    try await withFaultScenario(ledger: ledger) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      for step in Step.ofArchive {
        for phase in ledger == .none && !TestEnvironment.isThorough ? [.answer] : blow.phases {
          try await scenario.fill(upTo: 60)
          try await end(["archive", "--max-batches", "2"], at: step, phase, blow, scenario)
          let comment = "\(blow.rawValue) at \(step), \(phase)"
          if blow == .kill {
            try await scenario.recover(comment)
          } else {
            // A signal that is heeded leaves nothing to settle.
            try await scenario.check(.settled, comment)
          }
        }
      }
      try await scenario.archiver("archive")
      try await scenario.check(.settled, "in the end")
    }
  }

  @Test(arguments: LedgerUse.allCases)
  func `settling that is killed at any step is settled by the next`(_ ledger: LedgerUse) async throws {
    try await withFaultScenario(ledger: ledger) { scenario in
      // One batch that was committed and one that was rolled back, for each step anew.
      for step in Step.ofSettling(ledger) {
        let isShort = ledger == .none && !TestEnvironment.isThorough
        for phase in isShort ? [FaultProxy.Phase.answer] : [.request, .answer] {
          try await scenario.fill(upTo: 60)
          try await end(["archive"], at: .commit, .answer, .kill, scenario)
          try await end(["archive", "--no-count"], at: .delete, .request, .kill, scenario)
          try await end(["recover"], at: step, phase, .kill, scenario, mayPass: true)
          try await scenario.recover("SIGKILL at \(step), \(phase)")
        }
      }
    }
  }

  @Test func `a recovery of rows that came back, killed at any step, is gone on with`() async throws {
    try await withFaultScenario(rows: 30) { scenario in
      try await scenario.archiver("archive")
      for step in Step.ofReturning {
        for phase in [FaultProxy.Phase.request, .answer] {
          try await scenario.database.psql(
            "INSERT INTO public.events OVERRIDING SYSTEM VALUE SELECT * FROM public.original")
          let comment = "SIGKILL at \(step), \(phase)"
          try await end(["recover", "--rows-came-back"], at: step, phase, .kill, scenario)
          try await scenario.check(.moment, comment)
          scenario.faults.install()
          // Which of both comes next does not matter.
          if phase == .answer { try await scenario.archiver("recover", comment: comment) }
          try await scenario.archiver("recover", "--rows-came-back", comment: comment)
          try await scenario.archiver("archive", comment: comment)
          try await scenario.check(.settled, comment)
          try await scenario.archiver("verify", "--level", "database", comment: comment)
        }
      }
    }
  }

  @Test(arguments: ["UPDATE public.T SET kind = 'new' WHERE id = 5", "DELETE FROM public.T WHERE id = 5"])
  func `rows may change once a recovery that is killed has marked their batch`(_ change: String) async throws {
    try await withFaultScenario(rows: 30) { scenario in
      try await scenario.archiver("archive")
      try await scenario.database.psql(
        "INSERT INTO public.events OVERRIDING SYSTEM VALUE SELECT * FROM public.original")
      try await end(["recover", "--rows-came-back"], at: .supersede, .answer, .kill, scenario)
      scenario.faults.install()
      for table in ["events", "original"] {
        try await scenario.database.psql(change.replacing(".T ", with: ".\(table) "))
      }
      let next = try await scenario.archiver("recover")
      #expect(next.output == "nothing to settle\n", "\(next)")
      try await scenario.archiver("recover", "--rows-came-back")
      try await scenario.archiver("archive")
      try await scenario.check(.settled, change)
      try await scenario.archiver("verify", "--level", "database")
    }
  }

  @Test func `marks that the storage does not take are told, and made by the next recovery`() async throws {
    try await withFaultScenario(rows: 30) { scenario in
      try await scenario.archiver("archive")
      try await scenario.database.psql(
        "INSERT INTO public.events OVERRIDING SYSTEM VALUE SELECT * FROM public.original")
      for step in [Step.runRecord, .supersede] {
        scenario.faults.spoil(step, .request, times: FaultCase.always) { _ in .s3("403 Forbidden", "AccessDenied") }
        let told = try await scenario.command(["recover", "--rows-came-back"]).run()
        #expect(told.exitCode != 0 && told.output.contains("could not be marked"), "\(told)")
        scenario.faults.install()
        try await scenario.check(.moment, "\(step) denied")
        try await scenario.archiver("archive", expecting: 1)
      }
      try await scenario.archiver("recover", "--rows-came-back")
      try await scenario.archiver("archive")
      try await scenario.check(.settled, "marked in the end")
      try await scenario.archiver("verify", "--level", "database")
    }
  }

  @Test(arguments: [(LedgerUse.ledger, 30), (.none, 6)])
  func `a kill at any moment loses nothing`(_ ledger: LedgerUse, _ shortCount: Int) async throws {
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    // Of the program at work: one that was done before the signal came counts for nothing.
    let wanted = TestEnvironment.isThorough ? 200 : shortCount
    var (round, kills, killsOfSettling) = (0, 0, 0)
    try await withFaultScenario(ledger: ledger) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      while kills < wanted, round < 10 * wanted {
        round += 1
        try await scenario.fill(upTo: 100)
        let run = try scenario.command(["archive", "--workers", "\(1 + round % 3)"]).start()
        try await Task.sleep(for: .milliseconds(Int.random(in: 20...500, using: &random)))
        run.send(signal: SIGKILL)
        if try await run.result().exitCode == Blow.kill.exitCode { kills += 1 }
        if round % 3 == 0 {
          // Settling is hit as well, and by `archive` too.
          let settling = try scenario.command([round % 2 == 0 ? "recover" : "archive"]).start()
          try await Task.sleep(for: .milliseconds(Int.random(in: 20...300, using: &random)))
          settling.send(signal: SIGKILL)
          if try await settling.result().exitCode == Blow.kill.exitCode { killsOfSettling += 1 }
        }
        try await scenario.recover("seed \(seed), round \(round)")
      }
    }
    #expect(kills == wanted, "\(kills) kills in \(round) rounds")
    print("\(kills) kills of archive and \(killsOfSettling) of settling, \(ledger.rawValue), seed \(seed)")
  }

  /// Runs the tool and ends it at that step; a step that a run need not come by may be passed over.
  private func end(
    _ arguments: [String], at step: Step, _ phase: FaultProxy.Phase, _ blow: Blow, _ scenario: FaultScenario,
    mayPass: Bool = false
  ) async throws {
    let watch = StepWatch(step, phase)
    let faults = scenario.faults
    faults.install { watch.fits($0) ? blow.strike(faults) : .pass }
    let run = try scenario.command(arguments).start()
    faults.aim(at: run)
    let result = try await run.result()
    if mayPass, !watch.hasCome { return }
    #expect(watch.hasCome, "\(step), \(phase) never came: \(result)")
    #expect(result.exitCode == blow.exitCode, "\(blow.rawValue) at \(step), \(phase): \(result)")
  }
}
