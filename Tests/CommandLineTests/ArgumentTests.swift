import ArchiveModel
import ArgumentParser
import Operations
import Testing

@testable import CommandLine

@Suite struct ArgumentTests {
  @Test(arguments: [
    ["archive", "--max-batches", "0"], ["archive", "--workers", "65"], ["archive", "--max-duration", "2"],
    ["archive", "--max-duration", "0s"],
    ["archive", "--log-level", "loud"], ["archive", "--log-format", "xml"], ["archive", "--progress", "spinner"],
    ["archive", "--output", "yaml"], ["archive", "--table", ""], ["archive", "--table", ".events"],
    ["archive", "--table", "public."], ["archive", "--table", #""s"#], ["archive", "--table", #""a"b"#],
    ["archive", "--table", #"a.b."c""#], ["restore", "--into", #""""#], ["archive", "--database", ""],
    ["archive", "extra"],
    ["verify", "--from", "2025-13-01"], ["verify", "--from", "2025-02-01", "--to", "2025-02-01"],
    ["verify", "--batch", "17"], ["verify", "--run", "x"], ["verify", "--region", "eu-west-1"],
    ["verify", "--storage", "file:///a", "--addressing", "host"], ["restore", "--hold-days", "-1"],
    ["recover", "--dry-run"], ["config", "validate", "--nonsense"], ["nonsense"],
  ])
  func `bad usage is 64`(arguments: [String]) {
    let error = #expect(throws: (any Error).self) { _ = try Archiver.parseAsRoot(arguments) }
    if let error { #expect(Archiver.exitCode(for: error).rawValue == 64, "\(Archiver.fullMessage(for: error))") }
  }

  @Test func `every option of archive reads`() throws {
    let parsed = try Archiver.parseAsRoot([
      "archive", "-c", "a.yaml", "-v", "--log-format", "json", "--progress", "none", "--output", "json", "--database",
      "app", "--table", "events", "--table", "audit.log", "--dry-run", "--max-batches", "3", "--max-duration", "1h30m",
      "--workers", "2", "--no-count",
    ])
    let command = try #require(parsed as? ArchiveCommand)
    #expect(command.common.configurationPath == "a.yaml" && command.common.verbose)
    #expect(command.common.output == .json && command.common.logFormat == .json && command.common.progress == .none)
    #expect(command.dryRun && command.noCount && command.maxBatches == 3 && command.workers == 2)
    #expect(command.maxDuration?.duration == .seconds(5400))
    let selection = command.common.nameSelection
    #expect(selection.databases == ["app"])
    #expect(
      selection.tables == [.init(schema: nil, table: "events"), .init(schema: "audit", table: "log", isExact: false)])
  }

  @Test func `a selection reads times with offsets, batches and a run`() throws {
    let id = "01a20d27-10ed-79cf-9712-da74efea6922"
    let parsed = try Archiver.parseAsRoot([
      "verify", "--from", "2025-01-31", "--to", "2025-02-01T02:00:00+02", "--batch", id, "--run", id,
    ])
    let selection = try #require(parsed as? VerifyCommand).selection.narrow(Selection())
    #expect(selection.from?.description == "2025-01-31T00:00:00Z")
    #expect(selection.to?.description == "2025-02-01T00:00:00Z")
    #expect(selection.batches.map(\.description) == [id] && selection.run?.description == id)
  }

  @Test(arguments: [
    ("a.b", ["a.b", "public.a.b"]), (#""a.b""#, ["public.a.b", "other.a.b"]), (#"other."a.b""#, ["other.a.b"]),
    ("s.x.t", ["s.x.t"]), (#""s.x"."t""#, ["s.x.t"]), (#""we""ird""#, [#"public.we"ird"#]), ("t", ["s.x.t"]),
    (#""s.x".t"#, ["s.x.t"]),
  ])
  func `a table with dots in its name or its schema's can be named`(option: String, expected: [String]) throws {
    let names = [
      ("a", "b"), ("public", "a.b"), ("other", "a.b"), ("s.x", "t"), ("public", #"we"ird"#), ("s", "other"),
    ].map { TableName(database: "app", schema: $0.0, table: $0.1) }
    let selection = try CommonOptions.parse(["--table", option]).nameSelection
    #expect(names.filter(selection.includes).map { "\($0.schema).\($0.table)" } == expected)
    #expect(selection.filtersMatchingNone(of: names) == [])
    let folders = names.filter(selection.includes).map { ArchiveLayout.folder($0, partition: "") }
    var inDatabase = selection
    inDatabase.databases = ["app"]
    #expect(folders.allSatisfy { folder in inDatabase.prefixes.contains { folder.hasPrefix($0) } })
  }

  @Test func `a filter that matches nothing is named, even beside one that matches`() throws {
    let names = [
      TableName(database: "app", schema: "public", table: "events"),
      TableName(database: "shop", schema: "sales", table: "orders"),
    ]
    func unmatched(_ arguments: String...) throws -> [String] {
      try CommonOptions.parse(arguments).nameSelection.filtersMatchingNone(of: names)
    }
    #expect(try unmatched() == [])
    #expect(
      try unmatched("--table", "events", "--table", "sales.orders", "--database", "app", "--database", "shop") == [])
    #expect(try unmatched("--database", "app", "--database", "ap") == ["--database ap"])
    #expect(try unmatched("--table", "events", "--table", "sales.events") == ["--table sales.events"])
    #expect(try unmatched("--database", "app", "--table", "orders") == ["--table orders"])
  }

  @Test(arguments: [
    ["archive"], ["verify"], ["restore"], ["recover"], ["inspect", "list"], ["inspect", "rows"],
    ["config", "validate"],
  ])
  func `help shows examples`(command: [String]) {
    let help = Archiver.helpMessage(for: subcommand(command), columns: 100)
    #expect(help.contains("COMMON OPTIONS"))
    #expect(help.contains("  archiver " + command.joined(separator: " ")), "\(help)")
  }

  private func subcommand(_ path: [String]) -> any ParsableCommand.Type {
    path.reduce(Archiver.self as any ParsableCommand.Type) { parent, name in
      parent.configuration.subcommands.first { $0.configuration.commandName == name } ?? parent
    }
  }

  @Test(arguments: [("0s", 0), ("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400), ("1h30m", 5400)])
  func `durations read as written`(text: String, seconds: Int) {
    #expect(DurationArgument(argument: text)?.duration == .seconds(seconds))
  }

  @Test(arguments: ["", "5", "h", "-1h", "1w", "1h5", "٣h", "9999999h"])
  func `what is no duration is refused`(text: String) {
    #expect(DurationArgument(argument: text) == nil)
  }
}
