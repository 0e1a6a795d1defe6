import Foundation
import TestSupport
import Testing

/// Two processes and one batch: one settles while the other is at work on it, or while a request of the other is under way.
@Suite struct NeighbourFaultTests {
  private static func left(_ scenario: FaultScenario) async throws -> String {
    try await scenario.database.psql("SELECT count(*) FROM public.events")
  }

  /// Runs `body` with a copy of the database that archives to the same storage under the same name.
  private static func withCopy(
    _ scenario: FaultScenario, _ body: (_ configuration: String) async throws -> Void
  ) async throws {
    let copy = scenario.database.name + "_copy"
    let server = try TestEnvironment.postgresURL()
    let maintenance = ThrowawayDatabase(name: "postgres", url: server)
    try await maintenance.psql("CREATE DATABASE \(copy) TEMPLATE \(scenario.database.name)")
    let path = scenario.directory.path + "/copy.yaml"
    let text = try String(contentsOfFile: scenario.directory.path + "/archiver.yaml", encoding: .utf8)
    try scenario.directory.write(
      text.replacing("/\(scenario.database.name)", with: "/\(copy)"), to: "copy.yaml")
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await body(path))
    } catch {
      outcome = .failure(error)
    }
    try await maintenance.psql(dropStatements(copy))
    try outcome.get()
  }

  @Test(arguments: [Step.upload, .prepare], LedgerUse.allCases)
  func `what lands after its archiver is dead and its batch settled makes no second copy`(
    _ step: Step, _ ledger: LedgerUse
  ) async throws {
    try await withFaultScenario(rows: 40, ledger: ledger) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      let gate = Gate()
      scenario.faults.spoil(step, .request, gate.hold)
      let run = try scenario.command(["archive"]).start()
      let request = try await gate.arrival().text
      run.send(signal: SIGKILL)
      _ = try await run.result()
      try await scenario.archiver("recover")
      try await scenario.check(.settled, "before \(step) lands")
      try await scenario.archiver("archive")
      #expect(try await Self.left(scenario) == "0")
      gate.open()
      let file = try TestEnvironment.s3Directory() + request.dropFirst("PUT ".count)
      let deadline = ContinuousClock.now + .seconds(20)
      while !FileManager.default.fileExists(atPath: file), ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(20))
      }
      try #require(FileManager.default.fileExists(atPath: file), "\(step) never landed")
      try await scenario.check(.moment, "after \(step) has landed")
      try await scenario.archiver("recover")
      try await scenario.check(.settled, "after \(step) has landed")
      try await scenario.archiver("archive")
      try await scenario.archiver("verify", "--level", "database")
    }
  }

  @Test(arguments: [Step.readBack, .prepare], LedgerUse.allCases)
  func `a batch that another database's recover has marked meanwhile is begun anew`(
    _ step: Step, _ ledger: LedgerUse
  ) async throws {
    try await withFaultScenario(rows: 40, ledger: ledger) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      try await Self.withCopy(scenario) { copy in
        let gate = Gate()
        scenario.faults.spoil(step, .request, gate.hold)
        let run = try scenario.command(["archive"]).start()
        _ = try await gate.arrival()
        // Another database's lock is not seen: the objects look like an orphan's.
        let marked = try await archiver("recover", "--grace", "0s", "--config", copy)
        #expect(marked.output.contains("its objects are marked as aborted"), "\(marked)")
        gate.open()
        let result = try await run.result()
        #expect(result.exitCode == 0, "\(result)")
        #expect(scenario.faults.requests.count(where: Step.prepare.matches) == 2)
        #expect(scenario.faults.requests.count(where: Step.delete.matches) == 1)
        #expect(try await Self.left(scenario) == "0")
        try await scenario.recover("marked at \(step)")
        try await scenario.archiver("verify", "--level", "database")
      }
    }
  }

  @Test func `a mark made while the prepared document was swallowed is seen once it is there`() async throws {
    try await withFaultScenario(rows: 40) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      try await Self.withCopy(scenario) { copy in
        let gate = Gate()
        let (first, second) = (StepWatch(.prepare, .request), StepWatch(.prepare, .request))
        scenario.faults.install { moment in
          if first.fits(moment) { return .http("200 OK", headers: ["ETag: \"x\""]) }
          return second.fits(moment) ? gate.hold(moment) : .pass
        }
        let run = try scenario.command(["archive"]).start()
        _ = try await gate.arrival()
        let marked = try await archiver("recover", "--grace", "0s", "--config", copy)
        #expect(marked.output.contains("its objects are marked as aborted"), "\(marked)")
        gate.open()
        let result = try await run.result()
        #expect(result.exitCode == 0, "\(result)")
        #expect(scenario.faults.requests.count(where: Step.prepare.matches) == 3)
        #expect(scenario.faults.requests.count(where: Step.delete.matches) == 1)
        try await scenario.recover("swallowed and marked")
        #expect(try await Self.left(scenario) == "0")
      }
    }
  }

  @Test(arguments: [FaultProxy.Action.http("404 Not Found"), .http("200 OK", body: "")])
  func `an object that is gone or another before the delete costs an attempt, not its rows`(
    _ answer: FaultProxy.Action
  ) async throws {
    try await withFaultScenario(rows: 20) { scenario in
      scenario.faults.spoil(.lastLook, .request) { _ in answer }
      try await scenario.archiver("archive")
      #expect(scenario.faults.requests.count(where: Step.delete.matches) == 1)
      #expect(scenario.faults.requests.count(where: Step.prepare.matches) == 2)
      try await scenario.recover("object gone")
      #expect(try await Self.left(scenario) == "0")
    }
  }

  @Test func `a mark that lands on a committed batch is removed, and hides no row`() async throws {
    try await withFaultScenario(rows: 40) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      try await Self.withCopy(scenario) { copy in
        let (prepare, mark) = (Gate(), Gate())
        let (prepared, marked) = (StepWatch(.prepare, .request), StepWatch(.settleAborted, .request))
        scenario.faults.install { moment in
          if prepared.fits(moment) { return prepare.hold(moment) }
          return marked.fits(moment) ? mark.hold(moment) : .pass
        }
        let run = try scenario.command(["archive"]).start()
        _ = try await prepare.arrival()
        let settling = try ArchiverCommand(["recover", "--grace", "0s", "--config", copy]).start()
        _ = try await mark.arrival()
        prepare.open()
        let result = try await run.result()
        #expect(result.exitCode == 0, "\(result)")
        mark.open()
        _ = try await settling.result()
        try await scenario.check(.moment, "marked late")
        try await scenario.archiver("verify", "--level", "database")
        let rows = try await scenario.archiver("inspect", "rows")
        #expect(rows.output.split(separator: "\n").count == 40)
        try await scenario.recover("marked late")
      }
    }
  }

  @Test(arguments: [Step.prepare, .delete, .commit], LedgerUse.allCases)
  func `recover waits for a batch in work, and then looks at what is there`(
    _ step: Step, _ ledger: LedgerUse
  ) async throws {
    try await withFaultScenario(rows: 40, ledger: ledger) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      let gate = Gate()
      scenario.faults.spoil(step, .request, gate.hold)
      let run = try scenario.command(["archive"]).start()
      _ = try await gate.arrival()
      let settling = try scenario.command(["recover", "--grace", "0s"]).start()
      let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
      let deadline = ContinuousClock.now + .seconds(20)
      while try await scenario.database.psql(
        "\(waiting) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == "0",
        ContinuousClock.now < deadline
      {
        try await Task.sleep(for: .milliseconds(20))
      }
      gate.open()
      let result = try await run.result()
      #expect(result.exitCode == 0, "\(result)")
      let settled = try await settling.result()
      #expect(settled.exitCode == 0, "\(settled)")
      #expect(!settled.output.contains("rolled back") && !settled.output.contains("doubt"), "\(settled)")
      try await scenario.archiver("recover")
      try await scenario.check(.settled, "recover beside \(step)")
      #expect(try await Self.left(scenario) == "0")
    }
  }

  @Test func `a batch in work is left alone by recover when its time is over, and by archive at once`() async throws {
    try await withFaultScenario(rows: 60) { scenario in
      try await scenario.archiver("archive", "--max-batches", "1")
      let gate = Gate()
      scenario.faults.spoil(.delete, .request, gate.hold)
      let run = try scenario.command(["archive", "--max-batches", "1"]).start()
      _ = try await gate.arrival()
      let next = try await scenario.archiver("archive")
      #expect(next.output.contains("at work on it; left alone"), "\(next)")
      #expect(try await Self.left(scenario) == "20")
      gate.open()
      let result = try await run.result()
      #expect(result.exitCode == 0, "\(result)")
      #expect(try await Self.left(scenario) == "0")
      try await scenario.recover("archive beside archive")
    }
  }
}
