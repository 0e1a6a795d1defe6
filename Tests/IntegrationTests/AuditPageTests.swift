import ArchiveModel
import Foundation
import Hashing
import Synchronization
import TestSupport
import Testing

/// The commands of `docs/audit.md`, run as they stand there by someone who may only read the bucket.
@Suite struct AuditPageTests {
  /// The page's shell blocks, in their order.
  private enum Block: Int, CaseIterable, Sendable {
    case copy, verify, oneBatch, objects, manifests, unnamed, superseded, markers, chain, heads, keptHead, signatures,
      alone, strays, odd

    static func scripts() throws -> [String] {
      let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("docs/audit.md")
      return try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n```").filter {
        $0.hasPrefix("sh\n")
      }.map { String($0.dropFirst("sh\n".count)) }
    }
  }

  /// Someone with a folder, the public key, the kept head and the right to read.
  private struct Auditor {
    let folder: String
    let environment: [String: String]
    /// What stands on the page, and what it stands for here.
    let names: [(String, String)]

    /// Runs a block of the page at the root of the copy, or where the copy is to be made.
    func run(_ block: Block, in copy: String = "archive") async throws -> CommandResult {
      var script = try Block.scripts()[block.rawValue]
      for (name, value) in names { script = script.replacing(name, with: value) }
      let place = [.copy, .verify].contains(block) ? folder : "\(folder)/\(copy)"
      return try await CommandRun(
        URL(fileURLWithPath: "/usr/bin/env"), ["bash", "-c", script], environment: environment,
        workingDirectory: URL(fileURLWithPath: place)
      ).result()
    }
  }

  /// Runs `body` with an auditor of a signed archive that two runs made; gives what the server was asked to change.
  private func withAuditor(_ body: (Auditor) async throws -> Void) async throws -> [String] {
    let server = try TestEnvironment.s3()
    let prefix = "audit/\(UUID().uuidString.lowercased())"
    let storage = try "\(TestEnvironment.s3Directory())/\(server.bucket)/\(prefix)"
    let refused = Mutex<[String]>([])
    // As a bucket whose policy lets this key read and nothing else.
    let script: FaultProxy.Script = { moment in
      guard moment.phase == .request, !moment.text.hasPrefix("GET "), !moment.text.hasPrefix("HEAD ") else {
        return .pass
      }
      refused.withLock { $0.append(moment.text) }
      return .answer(Array("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".utf8))
    }
    try await withThrowawayDatabase { database in
      try await withTemporaryDirectory { directory in
        _ = try await database.psql(ArchiveScenario.events(100))
        let scenario = ArchiveScenario(
          database: database, directory: directory, storageURL: "s3://\(server.bucket)/\(prefix)")
        let keygen = try await archiver("config", "keygen", directory.path + "/signing.pem")
        #expect(keygen.exitCode == 0, "\(keygen)")
        try scenario.configure(
          storage: server.settings, top: "signing_key_file: \(directory.path)/signing.pem", batchSize: 20)
        try await scenario.archiver("archive", "--max-batches", "1")
        try await scenario.archiver("archive")
        try await withFaultProxy(to: server.endpoint, wire: .http, script: script) { endpoint in
          try await body(
            try auditor(of: storage, at: scenario.storageURL, server, endpoint, directory.path))
        }
      }
    }
    return refused.withLock { $0 }
  }

  private func auditor(
    of storage: String, at url: String, _ server: TestEnvironment.S3Server, _ endpoint: String, _ folder: String
  ) throws -> Auditor {
    let files = FileManager.default.enumerator(atPath: storage)?.compactMap { $0 as? String } ?? []
    let record = try #require(files.filter { $0.hasPrefix("_runs/") && $0.hasSuffix(".json") }.max())
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(storage)/\(record)")))
    let object = try #require(files.filter { $0.hasSuffix(".jsonl.gz") }.min()).split(separator: "/")
    var environment = ArchiverCommand.cleanEnvironment
    let programs = try [TestEnvironment.archiverBinary().path, TestEnvironment.aws()]
      .map { ($0 as NSString).deletingLastPathComponent }
    environment["PATH"] = (programs + [environment["PATH"] ?? "/usr/bin:/bin"]).joined(separator: ":")
    environment["AWS_ACCESS_KEY_ID"] = server.accessKeyID
    environment["AWS_SECRET_ACCESS_KEY"] = server.secretAccessKey
    environment["AWS_DEFAULT_REGION"] = server.region
    environment["AWS_ENDPOINT_URL"] = endpoint
    return Auditor(
      folder: folder, environment: environment,
      names: [
        ("s3://acme-archive/prod", url), ("--region eu-west-1", "--region \(server.region) --endpoint \(endpoint)"),
        ("3f1c…", SHA256.hash(bytes.span).hex), ("dt=2025-01-31", String(object[object.count - 2])),
        ("BATCH", String(object[object.count - 1].prefix(36))),
      ])
  }

  @Test func `every command on the page passes a good archive, with and without the tool`() async throws {
    #expect(try Block.scripts().count == Block.allCases.count)
    let refused = try await withAuditor { auditor in
      for block in Block.allCases {
        let result = try await auditor.run(block)
        #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(block): \(result)")
        let head = auditor.names[2].1
        switch block {
        case .copy: #expect(FileManager.default.fileExists(atPath: auditor.folder + "/archive/_runs"))
        case .verify:
          #expect(result.output.contains("OK: ") && result.output.contains(head), "\(result)")
          #expect(FileManager.default.fileExists(atPath: auditor.folder + "/audit.html"))
        case .oneBatch:
          let lines = result.output.split(separator: "\n")
          #expect(lines.count == 8, "\(result)")
          #expect(lines.first?.hasSuffix(".jsonl.gz: OK") == true)
          #expect(lines.dropFirst(3).first == "20" && lines.dropFirst(5).first == "\(auditor.names[4].1)", "\(result)")
        case .heads, .keptHead:
          #expect(result.output.hasPrefix(head) && result.output.split(separator: "\n").count == 1, "\(result)")
        default: #expect(result.output.isEmpty, "\(block): \(result)")
        }
      }
    }
    #expect(refused.isEmpty, "a reader writes nothing")
  }

  /// What was done to the archive, and what each block that finds it prints.
  private struct Tampering: Sendable {
    var name: String
    var finds: [(block: Block, text: String)]
    var change: @Sendable (_ root: String, _ files: [String]) throws -> Void
  }

  private static let tamperings = [
    Tampering(name: "an object altered", finds: [(.objects, ".jsonl.gz: FAILED")]) { root, files in
      let handle = try #require(FileHandle(forUpdatingAtPath: root + (files.first { $0.hasSuffix(".gz") } ?? "")))
      try handle.seekToEnd()
      handle.write(Data([0]))
    },
    Tampering(
      name: "an object gone", finds: [(.objects, ".jsonl.gz: FAILED open or read"), (.strays, "\tdb=")]
    ) { root, files in
      try FileManager.default.removeItem(atPath: root + (files.first { $0.hasSuffix(".gz") } ?? ""))
    },
    Tampering(
      name: "a manifest gone", finds: [(.manifests, ".manifest.json: FAILED open or read"), (.strays, "db=")]
    ) { root, files in
      try FileManager.default.removeItem(atPath: root + (files.first { $0.hasSuffix(".manifest.json") } ?? ""))
    },
    Tampering(
      name: "a manifest altered", finds: [(.manifests, ".manifest.json: FAILED"), (.signatures, "BAD db=")]
    ) { root, files in
      let path = root + (files.first { $0.hasSuffix(".manifest.json") } ?? "")
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try text.replacing("\"tool\"", with: "\"TOOL\"").write(toFile: path, atomically: true, encoding: .utf8)
    },
    Tampering(name: "the first run gone", finds: [(.chain, ".json: FAILED open or read")]) { root, files in
      try FileManager.default.removeItem(
        atPath: root + (files.first { $0.hasPrefix("_runs/") && $0.hasSuffix(".json") } ?? ""))
    },
    Tampering(name: "a signed document gone", finds: [(.alone, "ALONE ./db=")]) { root, files in
      try FileManager.default.removeItem(atPath: root + (files.first { $0.hasSuffix(".manifest.json") } ?? ""))
    },
    Tampering(name: "a mark that hides a batch", finds: [(.superseded, "BAD db=")]) { root, files in
      let manifest = try #require(files.first { $0.hasSuffix(".manifest.json") })
      try Data().write(to: URL(fileURLWithPath: root + manifest.replacing(".manifest.json", with: ".superseded.json")))
    },
    Tampering(name: "a manifest put there", finds: [(.unnamed, "db=")]) { root, files in
      let manifest = try #require(files.first { $0.hasSuffix(".manifest.json") })
      let folder = (manifest as NSString).deletingLastPathComponent
      try FileManager.default.copyItem(
        atPath: root + manifest,
        toPath: "\(root)\(folder)/_01890000-0000-7000-8000-000000000000.manifest.json")
    },
    Tampering(name: "an object in capitals", finds: [(.odd, "db=")]) { root, files in
      let object = try #require(files.first { $0.hasSuffix(".jsonl.gz") }) as NSString
      let name = object.lastPathComponent.prefix(36).uppercased() + ".jsonl.gz"
      try FileManager.default.copyItem(
        atPath: root + (object as String), toPath: "\(root)\(object.deletingLastPathComponent)/\(name)")
    },
    Tampering(name: "the last run gone", finds: [(.keptHead, "")]) { root, files in
      try FileManager.default.removeItem(
        atPath: root + (files.last { $0.hasPrefix("_runs/") && $0.hasSuffix(".json") } ?? ""))
    },
  ]

  @Test func `by hand, a mark is told with the run record that names it, and one that none names is bad`() async throws
  {
    func run(_ block: Block, on archive: GoodArchive) async throws -> String {
      let result = try await CommandRun(
        URL(fileURLWithPath: "/usr/bin/env"), ["bash", "-c", try Block.scripts()[block.rawValue]],
        environment: ArchiverCommand.cleanEnvironment, workingDirectory: URL(fileURLWithPath: archive.root)
      ).result()
      #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(block): \(result)")
      return result.output
    }
    try await GoodArchive.withCopy { archive in
      try archive.supersede(archive.manifests[1])
      let marker = archive.marker(.superseded, of: archive.manifests[1])
      #expect(try await run(.superseded, on: archive).isEmpty)
      #expect(try await run(.markers, on: archive) == "\(marker): \(try #require(archive.runRecords.last))\n")
      let forged = archive.marker(.superseded, of: archive.manifests[0])
      try archive.supersede(archive.manifests[0], isNamed: false)
      #expect(try await run(.superseded, on: archive) == "BAD \(forged)\n")
      #expect(try await run(.markers, on: archive).contains("\(forged): BAD, no run record\n"))
    }
  }

  @Test func `tampering is found by hand`() async throws {
    _ = try await withAuditor { auditor in
      _ = try await auditor.run(.copy)
      let files = try #require(FileManager.default.enumerator(atPath: auditor.folder + "/archive"))
        .compactMap { $0 as? String }.sorted()
      for (number, tampering) in Self.tamperings.enumerated() {
        let copy = "copy\(number)"
        let root = "\(auditor.folder)/\(copy)/"
        try FileManager.default.copyItem(atPath: auditor.folder + "/archive", toPath: root)
        try tampering.change(root, files)
        for (block, text) in tampering.finds {
          let result = try await auditor.run(block, in: copy)
          #expect(text.isEmpty ? result.exitCode == 1 : result.output.contains(text), "\(tampering.name): \(result)")
        }
      }
    }
  }
}
