import ArgumentParser
import Operations
import Testing

@testable import CommandLine

/// What is made of a terminal's width and of the wish for no colour, and what the program says of itself.
@Suite struct TerminalTests {
  private func table(width: Int?) -> [String] {
    var table = TextTable(
      [.init(title: "table"), .init(title: "rows", isNumber: true), .init(title: "first row")], width: width)
    table.add(["database.schema.a_table_with_a_long_name", "1,234,567", "2025-01-31T12:34:56Z"])
    return table.text.split(separator: "\n").map(String.init)
  }

  @Test(arguments: [40, 50, 60, 72, 80, 200])
  func `a table fits the terminal and keeps its numbers`(width: Int) {
    let lines = table(width: width)
    #expect(lines.allSatisfy { $0.count <= width }, "\(lines)")
    #expect(lines[2].contains("1,234,567"))
    #expect((lines[2].contains("…")) == (width < 74), "\(lines[2])")
  }

  /// As `inspect list --batches` has it.
  private func batches(width: Int) -> [String] {
    var table = TextTable(
      [
        .init(title: "batch", isWhole: true), .init(title: "table", spare: .last),
        .init(title: "objects", isNumber: true, spare: .first), .init(title: "rows", isNumber: true, spare: .last),
        .init(title: "first row", isTime: true, spare: .last), .init(title: "last row", isTime: true, spare: .last),
      ], width: width)
    table.add([
      "0199c0de-0000-7000-8000-000000000000", "app.public.events", "1", "10,000", "2025-01-31T12:34:56Z",
      "2025-01-31T23:59:59Z",
    ])
    return table.text.split(separator: "\n").map(String.init)
  }

  @Test(arguments: [
    (130, ["table", "objects", "first row", "12:34:56Z"], []), (110, ["table", "12:34:56Z"], ["objects"]),
    (100, ["table", "app.public.events", "2025-01-31"], ["objects", "12:34"]),
    (80, ["rows", "last row"], ["objects", "12:34", "app.public.events"]), (40, [], ["table", "objects", "row"]),
  ])
  func `a table leaves out what can be spared, and cuts no id`(width: Int, holds: [String], lacks: [String]) {
    let lines = batches(width: width)
    #expect(lines.allSatisfy { $0.count <= width }, "\(lines)")
    #expect(lines[2].hasPrefix("0199c0de-0000-7000-8000-000000000000"), "\(lines)")
    let text = lines.joined(separator: "\n")
    for part in holds { #expect(text.contains(part), "\(part) in \(text)") }
    for part in lacks { #expect(!text.contains(part), "\(part) in \(text)") }
  }

  @Test(arguments: [24, 30, 40, 60, 200]) func `bars take what room is left`(width: Int) {
    var table = TextTable([.init(title: "month"), .init(title: "rows", isNumber: true)], width: width)
    table.add(["2025-01", "1,000,000"], bar: 1)
    table.add(["2025-02", "500,000"], bar: 0.5)
    let lines = table.text.split(separator: "\n").map(String.init)
    #expect(lines.map(\.count).max() == min(width, 60), "\(lines)")
  }

  @Test func `a table that goes into a file is never cut`() {
    #expect(table(width: nil)[2].contains("database.schema.a_table_with_a_long_name"))
  }

  @Test func `a terminal too narrow for anything still shows the numbers`() {
    #expect(table(width: 5)[2] == "data…ame  1,234,567  2025…56Z")
  }

  @Test(
    arguments: [
      (true, [:], true), (false, [:], false), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
      (true, ["TERM": "dumb"], false), (true, ["TERM": "xterm"], true),
    ] as [(Bool, [String: String], Bool)])
  func `colour goes to terminals whose user wants it`(isTerminal: Bool, environment: [String: String], wanted: Bool) {
    #expect(Emphasis.isWanted(isTerminal: isTerminal, environment: environment) == wanted)
  }

  @Test func `the version tells what the program is made of`() {
    let lines = BuildDetails.text.split(separator: "\n")
    #expect(lines[0] == "archiver \(Tool.version)")
    let parts = lines.dropFirst().map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
    #expect(parts.map(\.[0]) == ["commit", "swift", "libpq", "libcurl", "libdeflate"])
    for part in parts.dropFirst() { #expect(part[1].first?.isNumber == true, "\(part)") }
  }

  @Test func `every command has help with an example of itself`() {
    func check(_ command: any ParsableCommand.Type, _ names: [String]) {
      let path = names + [command.configuration.commandName ?? ""]
      let discussion = command.configuration.discussion
      #expect(discussion.contains("archiver"), "\(path)")
      if !path.dropFirst().isEmpty, command.configuration.subcommands.isEmpty {
        #expect(discussion.contains(path.joined(separator: " ")), "\(path): \(discussion)")
      }
      for child in command.configuration.subcommands { check(child, path) }
    }
    check(Archiver.self, [])
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `completions know every command`(shell: String) throws {
    let kind = try #require(CompletionShell(rawValue: shell))
    let script = Archiver.completionScript(for: kind)
    for word in [
      "archive", "verify", "restore", "inspect", "config", "recover", "init", "--max-duration", "--where-key",
    ] {
      let bare = word.hasPrefix("--") ? String(word.dropFirst(2)) : word
      #expect(script.contains(bare), "\(shell): \(word)")
    }
  }
}
