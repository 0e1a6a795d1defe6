import Foundation
import TestSupport
import Testing

/// Documents that explain what others hold, where the storage says that it has taken them and has not.
@Suite struct SwallowedNoteTests {
  private static func files(_ scenario: FaultScenario, _ suffix: String) throws -> [String] {
    let server = try TestEnvironment.s3()
    let storage = "\(try TestEnvironment.s3Directory())/\(server.bucket)/\(scenario.prefix)"
    return FileManager.default.enumerator(atPath: storage)?.compactMap { $0 as? String }.filter { $0.hasSuffix(suffix) }
      ?? []
  }

  private static func swallow(_ part: String, in scenario: FaultScenario) {
    scenario.faults.spoil(Step.s3("note", "PUT", part), .request) { _ in .http("200 OK", headers: ["ETag: \"x\""]) }
  }

  @Test func `a run record is written again`() async throws {
    try await withFaultScenario(rows: 20) { scenario in
      Self.swallow("/_runs/", in: scenario)
      try await scenario.archiver("archive")
      #expect(try Self.files(scenario, ".json").count { $0.hasPrefix("_runs/") } == 1)
      try await scenario.recover("run record")
    }
  }

  @Test(arguments: [true, false])
  func `what a restore notes is written again, so that its hold stands`(_ isKeyList: Bool) async throws {
    try await withFaultScenario(rows: 20) { scenario in
      try await scenario.archiver("archive")
      let swallowed = StepWatch(.s3("note", "PUT", "/_restores/"), .request)
      scenario.faults.install { moment in
        moment.text.contains(".keys.") == isKeyList && swallowed.fits(moment)
          ? .http("200 OK", headers: ["ETag: \"x\""]) : .pass
      }
      try await scenario.archiver("restore")
      #expect(swallowed.hasCome)
      scenario.faults.install()
      try await scenario.archiver("archive")
      #expect(try await scenario.database.psql("SELECT count(*) FROM public.events") == "20")
    }
  }

  @Test func `the mark of a rolled-back batch is written again`() async throws {
    try await withFaultScenario(rows: 20) { scenario in
      scenario.faults.spoil(.delete, .request) { _ in
        scenario.faults.strike(SIGKILL)
        return .reset
      }
      let run = try scenario.command(["archive"]).start()
      scenario.faults.aim(at: run)
      #expect(try await run.result().exitCode == 128 + SIGKILL)
      Self.swallow(".aborted.json", in: scenario)
      let settled = try await scenario.archiver("recover")
      #expect(settled.output.contains("marked as aborted"), "\(settled)")
      #expect(try Self.files(scenario, ".aborted.json").count == 1)
      try await scenario.recover("mark")
    }
  }

  @Test func `the mark of a superseded batch is written again`() async throws {
    try await withFaultScenario(rows: 20) { scenario in
      try await scenario.archiver("archive")
      try await scenario.database.psql(
        "INSERT INTO public.events OVERRIDING SYSTEM VALUE SELECT * FROM public.original")
      Self.swallow(".superseded.json", in: scenario)
      try await scenario.archiver("recover", "--rows-came-back")
      #expect(try Self.files(scenario, ".superseded.json").count == 1)
      scenario.faults.install()
      try await scenario.archiver("archive")
      #expect(try await scenario.database.psql("SELECT count(*) FROM public.events") == "0")
    }
  }
}
