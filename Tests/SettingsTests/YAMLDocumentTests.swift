import Foundation
import Settings
import Testing

@Suite struct YAMLDocumentTests {
  @Test(arguments: [
    ("a: [1, 2\nb: 3", 2, nil), ("a:\n\tb: 1", 2, "indent with spaces, not tabs"),
    ("\nwhere: @x", 2, "put the value in double quotes"), ("a: \"x", 1, nil), ("a: 1\n b: 2", 2, nil),
    ("a: *b", 1, "put the value in double quotes"),
    ("a: 1\n---\nb: 2", 2, "a configuration is a file of its own"), ("a: 1\n\nb: \u{1}", 3, nil),
    ("hazards: [${A}, b]", 1, "put the value in double quotes"),
  ])
  func whatIsNotYAMLIsNamedWithItsLine(text: String, line: Int, hint: String?) {
    let found = problems(text, ["A": ""])
    #expect(found.map(\.line) == [line])
    #expect(found.first?.key == "")
    #expect(found.first?.hint == hint)
  }

  @Test(arguments: ["", "\n\n", "# only a comment\n", "---\n...\n", "~", "null"])
  func anEmptyFileIsNoConfiguration(text: String) {
    #expect(!problems(text).isEmpty)
  }

  @Test func anAliasBombIsRefusedSoonAndOnce() {
    var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in 1...20 {
      lines.append("a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]")
    }
    let start = ContinuousClock.now
    let found = problems(lines.joined(separator: "\n"))
    #expect(found.map(\.message) == ["holds more than 100000 values or nests deeper than 32"])
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test(arguments: [33, 900, 100_000])
  func deepNestingIsRefused(depth: Int) {
    let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    #expect(problems(text).count == 1)
  }

  @Test func keysGivenTwiceAreFoundInEveryMappingAndForm() {
    let text = """
      version: 1
      "version": 1
      storage: {url: s3://b, region: a, region: b, 'region': c}
      databases:
        - name: app
          tables: [{name: t, timestamp_column: c}]
          tables: []
      """
    #expect(
      descriptions(text) == [
        "archiver.yaml:2: version: is given twice (first on line 1)",
        "archiver.yaml:3: storage.region: is given twice (first on line 3)",
        "archiver.yaml:3: storage.region: is given twice (first on line 3)",
        "archiver.yaml:7: databases[0].tables: is given twice (first on line 6)",
      ])
  }

  @Test func keysGivenTwiceWithoutEndAreRefused() {
    let text = String(repeating: "a: 1\n", count: 500)
    #expect(problems(text).map(\.message) == ["gives more than 64 keys twice"])
  }

  @Test func aMergeKeyThatMergesNoMappingIsRefused() {
    #expect(
      descriptions(Sample.yaml(table: "<<: x")) == [
        "archiver.yaml:10: databases[0].tables[0].<<: must be an alias of a mapping"
      ])
  }
}

@Suite struct ConfigurationFileTests {
  private func withFile<Result>(_ content: Data, _ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "archiver-\(UUID().uuidString).yaml").path
    try content.write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  private func messages(_ path: String) -> [String] {
    do throws(SettingsError) {
      _ = try Configuration.load(path: path, environment: [:])
      return []
    } catch {
      return error.problems.map { problem in
        "\(problem.line.map(String.init) ?? "-") \(problem.file == path) \(problem.message)"
      }
    }
  }

  @Test func aFileIsReadFromItsPath() throws {
    try withFile(Data(Sample.minimal.utf8)) { path in
      let loaded = try Configuration.load(path: path, environment: [:])
      let expected = try load(Sample.minimal)
      #expect(loaded == expected)
    }
  }

  @Test func aFileThatIsNotThereIsNamed() {
    #expect(messages("/nonexistent/archiver.yaml") == ["- true does not exist"])
  }

  @Test func aDirectoryIsNoFile() {
    #expect(messages(FileManager.default.temporaryDirectory.path) == ["- true is a directory"])
  }

  @Test func whatIsNotUTF8IsRefusedWithItsLine() throws {
    try withFile(Data("version: 1\nname: caf".utf8) + [0xE9, 0x0A]) { path in
      #expect(messages(path) == ["2 true is not UTF-8 text"])
    }
  }

  @Test func anEmptyFileIsRefused() throws {
    try withFile(Data()) { path in #expect(messages(path) == ["- true is empty"]) }
  }

  @Test func aLargeFileIsRefused() throws {
    try withFile(Data(repeating: UInt8(ascii: "#"), count: (1 << 20) + 1)) { path in
      #expect(messages(path) == ["- true is larger than 1048576 bytes"])
    }
  }
}
