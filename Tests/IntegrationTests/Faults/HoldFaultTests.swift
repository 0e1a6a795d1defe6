import Foundation
import Synchronization
import TestSupport
import Testing

/// A restore that begins while an archiver runs.
@Suite struct HoldFaultTests {
  /// Where the archiver waits with its upload of that number.
  private static func gate(atUpload number: Int, in scenario: FaultScenario) -> Gate {
    let gate = Gate()
    let uploads = Mutex(0)
    scenario.faults.install { moment in
      guard moment.phase == .request, Step.upload.matches(moment.text), moment.text.contains("table=events") else {
        return .pass
      }
      return uploads.withLock { count in
        count += 1
        return count == number
      } ? gate.hold(moment) : .pass
    }
    return gate
  }

  @Test(arguments: [1, 2])
  func `rows restored during a run are left alone by it`(_ workers: Int) async throws {
    try await withFaultScenario(rows: 100) { scenario in
      // The third batch is fetched and waits; the first has left by then.
      let gate = Self.gate(atUpload: 3, in: scenario)
      let run = try scenario.command(["archive", "--no-count", "--workers", "\(workers)"]).start()
      _ = try await gate.arrival()
      let batch = try await scenario.database.psql(
        "SELECT batch_id FROM archiver.batch ORDER BY committed_at LIMIT 1")
      // Of several workers, either of the first two may be done by now.
      let rows = try await scenario.archiver("inspect", "rows", "--batch", batch, "--format", "jsonl").output
      let ids = rows.matches(of: /"id":(\d+)/).compactMap { Int($0.1) }
      let (first, last) = (try #require(ids.min()), try #require(ids.max()))
      try await scenario.archiver("restore", "--batch", batch)
      let restored = try await scenario.database.psql(
        "SELECT count(*) FROM public.events WHERE id BETWEEN \(first) AND \(last)")
      gate.open()
      let result = try await run.result()
      #expect(result.exitCode == 0, "\(result)")
      #expect(restored == "20")
      #expect(
        try await scenario.database.psql("SELECT count(*), min(id), max(id) FROM public.events")
          == "20|\(first)|\(last)", "\(result)")
      #expect(try await scenario.database.psql("SELECT sum(rows) FROM archiver.batch") == "100")
    }
  }

  @Test func `a restore to another table changes nothing for a run`() async throws {
    try await withFaultScenario(rows: 60) { scenario in
      let gate = Self.gate(atUpload: 2, in: scenario)
      let run = try scenario.command(["archive", "--no-count"]).start()
      _ = try await gate.arrival()
      try await scenario.archiver("restore", "--into", "public.elsewhere", "--create-table")
      gate.open()
      let result = try await run.result()
      #expect(result.exitCode == 0, "\(result)")
      #expect(try await scenario.database.psql("SELECT count(*) FROM archiver.batch") == "3")
      try await scenario.check(.settled, "a restore elsewhere")
    }
  }
}
