import ArchiveModel
import Foundation
import TestSupport
import Testing

/// Signatures over manifests and run records: made by `archive`, `restore` and `recover`, checked by `verify` and by OpenSSL.
@Suite struct SignatureTests {
  /// Runs `body` with a signed archive of one batch, seen as files, and the path of the public key.
  private func withSignedArchive(_ body: (ArchiveScenario, GoodArchive, String) async throws -> Void) async throws {
    try await withArchiveScenario(rows: 20) { scenario in
      let key = scenario.directory.path + "/signing.pem"
      let keygen = try await archiver("config", "keygen", key)
      #expect(keygen.exitCode == 0, "\(keygen)")
      try scenario.configure(table: "partition: none", top: "signing_key_file: \(key)")
      try await scenario.archiver("archive")
      try await body(scenario, GoodArchive(directory: scenario.directory), key + ".pub")
    }
  }

  @Test func `a key is written for its owner alone, once, and its public half for all`() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path + "/key.pem"
      let made = try await archiver("config", "keygen", path)
      #expect(made.exitCode == 0, "\(made)")
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600)
      #expect(try String(contentsOfFile: path + ".pub", encoding: .utf8) == made.output)
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      let again = try await archiver("config", "keygen", path)
      #expect(again.exitCode == 78, "\(again)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)

      // OpenSSL takes both files.
      for arguments in [["pkey", "-in", path, "-noout"], ["pkey", "-pubin", "-in", path + ".pub", "-noout"]] {
        let openssl = try await self.openssl(arguments)
        #expect(openssl.exitCode == 0, "\(openssl)")
      }
    }
  }

  private func openssl(_ arguments: [String]) async throws -> CommandResult {
    try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"), ["openssl"] + arguments, environment: ArchiverCommand.cleanEnvironment
    ).result()
  }

  @Test func `what the tool signs, OpenSSL's command finds signed`() async throws {
    try await withSignedArchive { _, archive, key in
      #expect(try await archive.verify("--trusted-key", key).findings.isEmpty)
      let documents = archive.manifests + archive.runRecords
      #expect(documents.count == 2)
      for document in documents {
        let file = archive.path(document)
        let result = try await openssl([
          "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", file, "-sigfile", file + ".sig",
        ])
        #expect(result.exitCode == 0, "\(result)")
      }
    }
  }

  @Test func `a forger without the key is found, however well everything fits`() async throws {
    try await withSignedArchive { _, archive, key in
      try archive.forgeLines(archive.objects[0]) { lines in
        for index in lines.indices { lines[index] = lines[index].replacing("\"view\"", with: "\"sale\"") }
      }
      #expect(try await archive.verify().findings.isEmpty)
      let findings = try await archive.verify("--trusted-key", key).findings
      #expect(findings.map(\.code) == ["signature", "signature"])
      #expect(findings.map(\.key) == archive.manifests + archive.runRecords)
    }
  }

  @Test func `a missing signature, and one by another key, are found`() async throws {
    try await withSignedArchive { scenario, archive, key in
      let other = scenario.directory.path + "/other.pem"
      _ = try await archiver("config", "keygen", other)
      #expect(
        try await archive.verify("--trusted-key", other + ".pub").findings.map(\.code) == ["signature", "signature"])
      #expect(try await archive.verify("--trusted-key", other + ".pub", "--trusted-key", key).findings.isEmpty)
      try archive.remove(archive.manifests[0] + ".sig")
      let findings = try await archive.verify("--trusted-key", key).findings
      #expect(findings.map(\.code) == ["signature"])
      #expect(findings.first?.found == "none" && findings.first?.key == archive.manifests[0])
    }
  }

  /// A document of each kind, by what its key begins and ends with.
  @Test(arguments: [
    ("db=", ".manifest.json"), ("_runs/", ".json"), ("_restores/", ".json"), ("_restores/", ".keys.jsonl.gz"),
  ])
  func `a signature whose document is gone is found`(beginning: String, ending: String) async throws {
    try await withSignedArchive { scenario, archive, key in
      try await scenario.archiver("restore")
      #expect(try await archive.verify().findings.isEmpty)
      #expect(try await archive.verify("--trusted-key", key).findings.isEmpty)
      let document = try #require(
        archive.keys.first { $0.hasPrefix(beginning) && $0.hasSuffix(ending) && !$0.hasSuffix(".prepared.json") })
      try archive.remove(document)
      for arguments in [[], ["--trusted-key", key]] {
        let findings = try await archive.verify(arguments: arguments).findings
        let lone = findings.filter { $0.key == document + ".sig" }
        #expect(lone.map(\.code) == ["orphan-object"] && lone.first?.found == "the signature alone", "\(findings)")
        if beginning == "db=" { #expect(lone.first?.batchID == archive.batch(of: document)) }
      }
    }
  }

  @Test func `nothing but signatures left of a batch is found, table and all`() async throws {
    try await withSignedArchive { _, archive, _ in
      for key in archive.keys where !key.hasSuffix(".sig") || key.hasPrefix("_runs/") { try archive.remove(key) }
      let findings = try await archive.verify().findings
      #expect(findings.map(\.code) == ["orphan-object"] && findings.first?.table == "app.public.events", "\(findings)")
    }
  }

  @Test func `a run that was cut short behind a signature is in doubt once`() async throws {
    try await withSignedArchive { _, archive, _ in
      let manifest = archive.manifests[0]
      try archive.put(manifest.replacing(".manifest.json", with: ".prepared.json"), try archive.data(manifest))
      for key in [manifest] + archive.runRecords + archive.runRecords.map({ $0 + ".sig" }) { try archive.remove(key) }
      #expect(try await archive.verify().findings.map(\.code) == ["in-doubt"])
    }
  }

  /// Markers take batches out of the account; who cannot sign must not be able to.
  @Test(arguments: ["superseded", "aborted"]) func `an unsigned marker hides nothing`(marker: String) async throws {
    try await withSignedArchive { _, archive, key in
      let (manifest, batch) = (archive.manifests[0], archive.batch(of: archive.manifests[0]))
      let text = "{\"format\": \"archiver-\(marker)/1\", \"batch_id\": \"\(batch)\"}"
      try archive.put(manifest.replacing(".manifest.json", with: ".\(marker).json"), Data(text.utf8))
      try archive.remove(archive.objects[0])
      let findings = try await archive.verify("--trusted-key", key).findings
      #expect(findings.map(\.code).sorted() == ["missing-object", "signature"])
    }
  }

  @Test func `a recovered manifest is signed, too`() async throws {
    try await withSignedArchive { scenario, archive, key in
      // As if the run had been cut behind its commit: a prepared document, no manifest, no run record.
      let manifest = archive.manifests[0]
      var prepared = try archive.manifest(manifest)
      prepared.format = Manifest.preparedFormat
      (prepared.counts.deleted, prepared.committedAt) = (nil, nil)
      try archive.put(
        manifest.replacing(".manifest.json", with: ".prepared.json"), Data(try ArchiveDocument.encode(prepared)))
      for key in [manifest] + archive.runRecords { for key in [key, key + ".sig"] { try archive.remove(key) } }
      try await scenario.archiver("recover")
      #expect(archive.manifests == [manifest])
      #expect(try await archive.verify("--trusted-key", key).findings.isEmpty)
    }
  }

  @Test func `rows that a signed restore put back are explained, by an unsigned one they are not`() async throws {
    try await withSignedArchive { scenario, archive, key in
      try await scenario.archiver("restore")
      try await scenario.archiver("verify", "--level", "database", "--trusted-key", key)
      for key in archive.keys where key.hasPrefix("_restores/") && key.hasSuffix(".json.sig") {
        try archive.remove(key)
      }
      let result = try await scenario.archiver(
        "verify", "--level", "database", "--trusted-key", key, "--output", "json", expecting: 1)
      #expect(result.output.contains("\"in-database\"") && result.output.contains("\"signature\""))
    }
  }

  @Test(arguments: ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
  func `a key file that holds no key is refused before anything happens`(content: String) async throws {
    try await withArchiveScenario(rows: 10) { scenario in
      try scenario.directory.write(content, to: "signing.pem")
      try scenario.configure(top: "signing_key_file: \(scenario.directory.path)/signing.pem")
      let result = try await scenario.archiver("archive", expecting: 78)
      #expect(!result.errorOutput.contains("AAAA"))
      #expect(scenario.files.isEmpty)
    }
  }
}
