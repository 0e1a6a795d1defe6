import ArchiveModel
import Foundation
import TestSupport
import Testing

/// Manifests and markers that no run record names get a record's word only where something else vouches for them.
@Suite struct UnnamedDocumentTests {
  /// An archive of one batch, to put something beside; signed and with a ledger as asked.
  private func withOneBatch(
    isSigned: Bool = false, hasLedger: Bool = true,
    _ body: (ArchiveScenario, GoodArchive, [String]) async throws -> Void
  ) async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      let key = scenario.directory.path + "/signing.pem"
      if isSigned { try await scenario.archiver("config", "keygen", key) }
      try scenario.configure(
        table: "partition: none", database: hasLedger ? "" : "ledger: none",
        top: isSigned ? "signing_key_file: \(key)" : "")
      try await scenario.archiver("archive")
      try await body(
        scenario, GoodArchive(directory: scenario.directory), isSigned ? ["--trusted-key", key + ".pub"] : [])
    }
  }

  /// What the tool itself wrote, under another id: as sound a batch as can be made.
  private func forgeBatch(_ archive: GoodArchive) throws -> String {
    let (manifest, object) = (archive.manifests[0], archive.objects[0])
    let (old, new) = (
      archive.batch(of: manifest), "\(UUIDv7(unixMilliseconds: UInt64(Date().timeIntervalSince1970 * 1000)))"
    )
    let forged = manifest.replacing(old, with: new)
    try archive.put(object.replacing(old, with: new), try archive.data(object))
    let text = String(decoding: try archive.data(manifest), as: UTF8.self)
    try archive.put(forged, Data(text.replacing(old, with: new).utf8))
    return forged
  }

  private func named(_ archive: GoodArchive) throws -> [String] {
    try archive.runRecords.flatMap { try archive.runRecord($0).tables.flatMap(\.manifests) }.map(\.key)
  }

  @Test(arguments: [(true, false), (false, true)])
  func `no run names a manifest that neither signature nor ledger vouches for`(
    isSigned: Bool, hasLedger: Bool
  ) async throws {
    try await withOneBatch(isSigned: isSigned, hasLedger: hasLedger) { scenario, archive, _ in
      let forged = try forgeBatch(archive)
      let run = try await scenario.archiver("archive")
      #expect(run.output.contains("no run record names \(forged)"), "\(run)")
      let recovered = try await scenario.archiver("recover", "--output", "json", expecting: 1)
      #expect(recovered.output.contains(#""outcome":"unexplained""#) && recovered.output.contains(forged))
      #expect(try !named(archive).contains(forged))
      // Where anything vouches for it, it is named: here the ledger.
      guard !isSigned else { return }
      _ = try await scenario.database.psql(
        """
        INSERT INTO archiver.batch SELECT '\(archive.batch(of: forged))', run_id, "table", rows,
          '\(archive.sha256(forged))', committed_at FROM archiver.batch
        """)
      try await scenario.archiver("recover")
      #expect(try named(archive).contains(forged))
    }
  }

  @Test func `a manifest that contradicts itself is not named even where nothing else could tell`() async throws {
    try await withOneBatch(hasLedger: false) { scenario, archive, _ in
      let forged = try forgeBatch(archive)
      try archive.changeManifest(forged) { $0.counts.deleted = 19 }
      let run = try await scenario.archiver("archive")
      #expect(run.output.contains("no run record names \(forged)"), "\(run)")
      #expect(try !named(archive).contains(forged))
    }
  }

  @Test(arguments: [true, false])
  func `a marker that hides a batch is found, and recover does not name it`(isSigned: Bool) async throws {
    try await withOneBatch(isSigned: isSigned, hasLedger: false) { scenario, archive, trust in
      let arguments = ["verify", "--storage", archive.url] + trust
      try archive.supersede(archive.manifests[0], isNamed: false)
      #expect(try await ArchiverCommand(arguments).run().exitCode == 1)
      let recovered = try await scenario.archiver("recover", expecting: 1)
      #expect(recovered.output.contains("superseded.json, and none will"), "\(recovered)")
      #expect(try await ArchiverCommand(arguments).run().exitCode == 1)
    }
  }

  @Test func `a batch of a run without a record can be superseded`() async throws {
    try await withOneBatch { scenario, archive, _ in
      for record in archive.runRecords { try archive.remove(record) }
      try await scenario.archiver("restore", "--hold-days", "0")
      for file in scenario.files where file.hasPrefix("_restores/") { try archive.remove(file) }
      let recovered = try await scenario.archiver("recover", "--rows-came-back")
      #expect(recovered.output.contains("ignored from now on"), "\(recovered)")
      try await scenario.archiver("archive")
      try await scenario.archiver("verify", "--level", "database")
    }
  }

  @Test(arguments: [true, false])
  func `the record of a recovery names its markers, and the next one does where it was cut short`(
    isSigned: Bool
  ) async throws {
    try await withOneBatch(isSigned: isSigned) { scenario, archive, trust in
      let arguments = ["verify", "--storage", archive.url] + trust
      _ = try await scenario.database.psql("DELETE FROM archiver.batch")
      try await scenario.archiver("restore", "--hold-days", "0")
      for file in scenario.files where file.hasPrefix("_restores/") { try archive.remove(file) }
      let before = archive.runRecords
      try await scenario.archiver("recover", "--rows-came-back")
      #expect(try await ArchiverCommand(arguments).run().exitCode == 0)
      for record in archive.runRecords where !before.contains(record) {
        try archive.remove(record)
        if isSigned { try archive.remove(record + ".sig") }
      }
      let cut = try await ArchiverCommand(arguments).run()
      #expect(cut.exitCode == 1 && cut.output.contains("superseded.json"), "\(cut)")
      let recovered = try await scenario.archiver("recover")
      #expect(recovered.output == "1 superseded marker is named in a run record now\n")
      #expect(try await ArchiverCommand(arguments).run().exitCode == 0)
      try await scenario.archiver("archive")
      let verified = try await ArchiverCommand(arguments).run()
      #expect(verified.exitCode == 0 && verified.output.contains("1 superseded batch is left out"), "\(verified)")
    }
  }
}
