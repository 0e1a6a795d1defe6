import Foundation
import TestSupport
import Testing

/// Settling never takes away what may be the only copy.
@Suite struct RecoverTests {
  @Test func `a committed batch whose manifest is gone keeps its objects, though its keys are back`() async throws {
    try await withArchiveScenario(rows: 100) { scenario in
      try await scenario.archiver("archive")
      try await scenario.archiver("restore")
      let objects = scenario.files.filter { $0.hasPrefix("db=") && $0.hasSuffix(".jsonl.gz") }
      let manifest = try #require(scenario.manifests.first)
      try FileManager.default.removeItem(atPath: scenario.directory.path + "/storage/" + manifest)
      let result = try await scenario.archiver("recover", expecting: 1)
      #expect(result.output.contains("committed"), "\(result)")
      let left = scenario.files.filter { $0.hasPrefix("db=") && $0.hasSuffix(".jsonl.gz") }
      #expect(left == objects)
      #expect(!scenario.files.contains { $0.hasSuffix(".aborted.json") })
    }
  }

  @Test func `objects of a batch that never was are explained, not removed`() async throws {
    try await withArchiveScenario(rows: 100) { scenario in
      try await scenario.archiver("archive")
      try await scenario.archiver("restore")
      // As if the run had been cut between upload and prepare: neither manifest nor ledger row.
      let manifest = try #require(scenario.manifests.first)
      let batch = try #require(try scenario.json(manifest)["batch_id"] as? String)
      try FileManager.default.removeItem(atPath: scenario.directory.path + "/storage/" + manifest)
      _ = try await scenario.database.psql("DELETE FROM archiver.batch WHERE batch_id = '\(batch)'")
      let result = try await scenario.archiver("recover")
      #expect(result.output.contains("aborted"), "\(result)")
      #expect(scenario.files.contains { $0.hasSuffix("_\(batch).aborted.json") })
      #expect(scenario.files.contains { $0.hasSuffix("/\(batch).jsonl.gz") })
      let again = try await scenario.archiver("recover")
      #expect(again.output.contains("nothing to settle"), "\(again)")
    }
  }

  @Test func `before anything was archived there is nothing to settle, and no ledger is missed`() async throws {
    try await withArchiveScenario(rows: 10) { scenario in
      let result = try await scenario.archiver("recover")
      #expect(result.output == "nothing to settle\n", "\(result)")
    }
  }
}
