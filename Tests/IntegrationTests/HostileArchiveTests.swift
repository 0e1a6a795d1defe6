import ArchiveModel
import Foundation
import Gzip
import Hashing
import TestSupport
import Testing

/// Archives made to do harm: reading one never crashes, never fills the memory, and says plainly what is wrong.
@Suite struct HostileArchiveTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    /// What `verify` finds, in the order of the codes' names.
    var codes: [String]
    var make: @Sendable (GoodArchive) throws -> Void
    var testDescription: String { name }
  }

  private static func manifest(_ name: String, _ text: @escaping @Sendable () -> String) -> Case {
    Case(name: "a manifest \(name)", codes: ["manifest"]) { archive in
      try archive.put(archive.manifests[1], Data(text().utf8))
      try archive.reseal()
    }
  }

  private static func manifest(
    _ name: String, codes: [String] = ["manifest"], _ change: @escaping @Sendable (inout Manifest) -> Void
  ) -> Case {
    Case(name: "a manifest \(name)", codes: codes) { archive in
      try archive.changeManifest(archive.manifests[1], change)
      try archive.reseal()
    }
  }

  static let head = "{\"format\": \"archiver-manifest/1\", \"x\": "

  static let manifests: [Case] = [
    manifest("larger than any") { head + "\"" + String(repeating: "x", count: 17 << 20) + "\"}" },
    manifest("of brackets") { head + String(repeating: "[", count: 1 << 20) },
    manifest("nested just too deep") {
      head + String(repeating: "[", count: 32) + String(repeating: "]", count: 32) + "}"
    },
    manifest("of millions of values") { head + "[" + String(repeating: "0,", count: 6_000_000) + "0]}" },
    manifest("that ends in an escape") { head + "\"\\" },
    manifest("of bytes that are no text") { head + "\"\u{0}\u{1}" },
    manifest("that leads out of the archive") { $0.objects[0].key = "../../../../etc/passwd" },
    manifest("that leads to the root") { $0.objects[0].key = "/etc/passwd" },
    manifest("that leads out of its folder") { $0.objects[0].key = $0.folder + "../" + $0.objects[0].key },
    manifest("that names another batch's object") {
      $0.objects[0].key = $0.objects[0].key.replacing("-7", with: "-6")
    },
    manifest("that names one object twice") { $0.objects.append($0.objects[0]) },
    manifest("of negative sizes") { $0.objects[0].bytes = -1 },
    manifest("of sizes at the end of the numbers") {
      ($0.objects[0].bytes, $0.objects[0].contentBytes) = (.max, .max)
    },
    manifest("of more content than its object can hold") {
      $0.objects[0].contentBytes = $0.objects[0].bytes * 1033
    },
    manifest("of more rows than any batch") { manifest in
      let count = 20_000_000
      manifest.objects[0].rows = count
      manifest.objects[0].contentBytes = manifest.objects[0].bytes * 1000
      manifest.counts = .init(database: count, fetched: count, stored: count, deleted: count)
    },
    manifest("of a hundred thousand columns") { manifest in
      manifest.columns = (0..<100_000).map { number in
        .init(name: "c\(number)", type: "text", baseType: nil, nullable: true, identity: nil, generated: nil)
      }
      manifest.primaryKey = manifest.columns.map(\.name)
    },
    manifest("without a key") { $0.primaryKey = [] },
    manifest("of a time past counting") {
      String(decoding: $0, as: UTF8.self).replacing("2025-01-30", with: "999999-01-30")
    },
  ]

  /// Sound but for its encoding, in which the bounds would be counted wrongly.
  private static func encoded(_ name: String, _ encoding: String.Encoding, mark: [UInt8] = []) -> Case {
    Case(name: "a manifest in \(name)", codes: ["manifest"]) { archive in
      let text = String(decoding: try archive.data(archive.manifests[1]), as: UTF8.self)
      try archive.put(archive.manifests[1], Data(mark) + (try #require(text.data(using: encoding))))
      try archive.reseal()
    }
  }

  static let encodings = [
    encoded("UTF-16", .utf16LittleEndian), encoded("UTF-16 with a mark", .utf16),
    encoded("UTF-32", .utf32BigEndian), encoded("UTF-8 with a mark", .utf8, mark: [0xEF, 0xBB, 0xBF]),
  ]

  /// Like `manifest(_:_:)`, from the bytes that are there.
  private static func manifest(_ name: String, _ change: @escaping @Sendable ([UInt8]) -> String) -> Case {
    Case(name: "a manifest \(name)", codes: ["manifest"]) { archive in
      let bytes = [UInt8](try archive.data(archive.manifests[1]))
      try archive.put(archive.manifests[1], Data(change(bytes).utf8))
      try archive.reseal()
    }
  }

  private static func gzip(_ content: [UInt8]) throws -> Data {
    Data(try GzipCompressor(level: 9).compress(content.span))
  }

  static let objects: [Case] = [
    Case(name: "a bomb that its manifest owns up to", codes: ["line-count"]) { archive in
      let content = [UInt8](repeating: UInt8(ascii: "0"), count: 256 << 20)
      try archive.forgeObject(archive.objects[1], content: Data(content), gzip(content))
    },
    Case(name: "a bomb that its manifest plays down", codes: ["gzip"]) { archive in
      try archive.forgeObject(archive.objects[1], gzip([UInt8](repeating: UInt8(ascii: "0"), count: 256 << 20)))
    },
    Case(name: "a bomb of empty lines", codes: ["line-count", "row"]) { archive in
      let content = [UInt8](repeating: UInt8(ascii: "\n"), count: 16 << 20)
      try archive.forgeObject(archive.objects[1], content: Data(content), gzip(content))
    },
    Case(name: "a hundred thousand members", codes: ["gzip"]) { archive in
      let member = try gzip([])
      var file = Data()
      for _ in 0..<100_000 { file.append(member) }
      try archive.forgeObject(archive.objects[1], file)
    },
    Case(name: "a value nested a million deep", codes: ["line-count"]) { archive in
      let deep = String(repeating: "[", count: 1 << 20) + String(repeating: "]", count: 1 << 20)
      try archive.forgeLines(archive.objects[1]) { lines in
        lines = [lines[0].replacing("\"details\":null", with: "\"details\":\(deep)")]
      }
    },
    Case(name: "text that is no UTF-8", codes: ["row"]) { archive in
      var content = Array((try archive.lines(archive.objects[1]).joined(separator: "\n") + "\n").utf8)
      content[40] = 0xFF
      try archive.forgeObject(archive.objects[1], content: Data(content), gzip(content))
    },
    Case(name: "a pipe in an object's place", codes: ["missing-object"]) { archive in
      let path = archive.path(archive.objects[1])
      try archive.remove(archive.objects[1])
      #expect(mkfifo(path, 0o600) == 0)
    },
  ]

  /// At most so much address space, in KiB, of which each thread reserves some 70 MiB at once: whoever takes more gets no
  /// memory, and crashes.
  private func run(_ arguments: [String], limit: Int) async throws -> CommandResult {
    try await CommandRun(
      URL(fileURLWithPath: "/bin/bash"),
      ["-c", "ulimit -v \(limit); exec \"$0\" \"$@\"", TestEnvironment.archiverBinary().path] + arguments,
      environment: ArchiverCommand.cleanEnvironment
    ).result()
  }

  @Test(arguments: manifests + encodings + objects) func `verify finds it in bounded memory`(hostile: Case) async throws
  {
    try await GoodArchive.withCopy { archive in
      try hostile.make(archive)
      let result = try await run(["verify", "--storage", archive.url, "--output", "json"], limit: 800_000)
      #expect(result.exitCode == 1, "\(result.description.prefix(4000))")
      let codes = try result.output.split(separator: "\n").dropLast().map {
        try JSONDecoder().decode(GoodArchive.Finding.self, from: Data($0.utf8)).code
      }
      #expect(codes.sorted() == hostile.codes, "\(result.description.prefix(4000))")
    }
  }

  @Test(arguments: manifests + encodings + objects) func `inspect and restore refuse it`(hostile: Case) async throws {
    try await withThrowawayDatabase { database in
      try await GoodArchive.withCopy { archive in
        try hostile.make(archive)
        for command in [
          ["inspect", "rows"], ["inspect", "list"], ["restore", "--target", database.url, "--create-table"],
        ] {
          let result = try await run(command + ["--storage", archive.url], limit: 1_000_000)
          let isListing = command[1] == "list"
          // A listing takes manifests at their word.
          #expect(
            [1, 65].contains(result.exitCode) || isListing && result.exitCode == 0,
            "\(command) \(result.exitCode) \(result.errorOutput.prefix(2000))")
          #expect(result.exitCode == 0 || result.errorOutput.hasPrefix("error: "), "\(result.errorOutput.prefix(2000))")
        }
      }
    }
  }
}

/// What costs time rather than memory.
@Suite struct EndlessArchiveTests {
  @Test func `lines longer than any that is looked into are counted, and told`() async throws {
    try await GoodArchive.withCopy { archive in
      let long = String(repeating: "x", count: 33 << 20)
      try archive.forgeLines(archive.objects[1]) { lines in
        lines[3] = lines[3].replacing(/"note":"[^"]*"/, with: "\"note\":\"\(long)\"")
      }
      let (findings, summary) = try await archive.verify()
      #expect(findings.isEmpty, "\(findings)")
      let told = "1 line of more than 32 MiB counted and summed up, but not looked into"
      #expect(summary.notes == ["\(archive.objects[1]): \(told)"])
    }
  }

  @Test func `lines far beyond those that were promised are not looked for`() async throws {
    try await GoodArchive.withCopy { archive in
      let content = [UInt8](repeating: UInt8(ascii: "\n"), count: 1 << 20)
      try archive.forgeObject(
        archive.objects[1], content: Data(content), Data(try GzipCompressor(level: 9).compress(content.span)))
      let findings = try await archive.verify().findings
      #expect(findings.map(\.code) == ["line-count", "row"])
      #expect(findings.first?.found == "more than 65547 lines", "\(findings)")
    }
  }
}

/// What an archive's names and values may do to those who look at them.
@Suite struct HostileTextTests {
  /// Renames the archive's table to what `name` encodes, forging every document on the way.
  private func rename(_ archive: GoodArchive, to table: String) throws {
    for key in archive.manifests {
      var manifest = try archive.manifest(key)
      let object = try archive.data(manifest.objects[0].key)
      try archive.remove(manifest.objects[0].key)
      try archive.remove(key)
      manifest.source.table = table
      manifest.objects[0].key = ArchiveLayout.object(in: manifest.folder, batch: manifest.batchID, number: 1)
      try archive.put(manifest.objects[0].key, object)
      // A finding for each, so that the name is printed.
      manifest.counts.deleted = 9
      try archive.put(
        ArchiveLayout.document(.manifest, in: manifest.folder, batch: manifest.batchID),
        Data(try ArchiveDocument.encode(manifest)))
    }
    try archive.reseal()
  }

  @Test(arguments: ["text", "json"]) func `no name steers a terminal or a page`(output: String) async throws {
    try await GoodArchive.withCopy { archive in
      try rename(archive, to: "<script>\u{1B}[2J\u{9B}2J\u{202E}\n")
      let page = archive.directory.path + "/report.html"
      let result = try await ArchiverCommand(
        ["verify", "--storage", archive.url, "--output", output, "--report", page]
      ).run()
      #expect(result.exitCode == 1)
      let html = try String(contentsOfFile: page, encoding: .utf8)
      for text in [result.output, result.errorOutput, html] {
        #expect(!text.unicodeScalars.contains { ["\u{1B}", "\u{9B}", "\u{202E}"].contains($0) })
      }
      #expect(result.output.contains("script") && html.contains("script"))
      #expect(!html.contains("<script"))
    }
  }

  @Test(arguments: ["jsonl", "csv"]) func `rows are safe on a terminal, and untouched elsewhere`(
    format: String
  ) async throws {
    try await GoodArchive.withCopy { archive in
      try archive.forgeLines(archive.objects[0]) { lines in
        lines[0] = lines[0].replacing("\"row 0\"", with: "\"\u{9B}2J\u{202E}x\"")
      }
      let arguments = ["inspect", "rows", "--storage", archive.url, "--format", format]
      let piped = try await ArchiverCommand(arguments).run()
      #expect(piped.output.contains("\u{9B}2J\u{202E}x"), "\(piped)")
      let seen = try await CommandRun(
        URL(fileURLWithPath: "/usr/bin/env"),
        ["python3", "-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"]
          + [TestEnvironment.archiverBinary().path] + arguments, environment: ArchiverCommand.cleanEnvironment
      ).result()
      #expect(seen.output.contains("202e") && seen.output.contains("9b"), "\(seen)")
      #expect(!seen.output.unicodeScalars.contains { ["\u{9B}", "\u{202E}"].contains($0) }, "\(seen)")
    }
  }

  @Test func `records that point elsewhere are found, not followed`() async throws {
    try await GoodArchive.withCopy { archive in
      try archive.changeRunRecord(archive.runRecords[2]) { record in
        record.previous = [.init(key: "../../../../etc/passwd", sha256: String(repeating: "0", count: 64))]
        record.tables[0].manifests = [.init(key: "/etc/passwd", sha256: "")]
      }
      let findings = try await archive.verify().findings
      #expect(findings.map(\.code) == ["manifest", "manifest"])
      #expect(findings.allSatisfy { $0.key == archive.runRecords[2] })
    }
  }

  @Test(arguments: ["294277-01-01", "999999-12-31", "4715-01-01 BC", "999999-01-01 BC"])
  func `a time past counting is bad usage, not a crash`(time: String) async throws {
    let result = try await archiver("verify", "--storage", "file:///nowhere", "--from", time)
    #expect(result.exitCode == 64, "\(result)")
  }
}
