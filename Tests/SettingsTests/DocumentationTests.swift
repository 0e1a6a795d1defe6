import Foundation
import Settings
import Testing

@Suite struct DocumentationTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private func page(_ path: String) throws -> String {
    try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
  }

  @Test(arguments: SchemaSection.all)
  func everyKeyIsDocumented(section: SchemaSection) throws {
    let page = try page("docs/configuration.md")
    for key in try section.keys() { #expect(page.contains("\n| `\(key)` |"), "\(key)") }
  }

  @Test(arguments: [
    ("config-simple.yaml", ["APP_DB_PASSWORD": "x"], 1, 1),
    (
      "config-multi-db.yaml",
      [
        "ARCHIVE_KEY": "k", "ARCHIVE_SECRET": "s", "SHOP_DB_PASSWORD": "x",
        "BILLING_DATABASE_URL": "postgresql://b:x@h/b",
      ], 3, 6
    ),
  ])
  func theExamplesAreValid(name: String, environment: [String: String], databases: Int, tables: Int) throws {
    let path = Self.root.appending(path: "docs/examples/\(name)").path
    let configuration = try Configuration.load(path: path, environment: environment)
    #expect(configuration.databases.count == databases)
    #expect(configuration.databases.map(\.tables.count).reduce(0, +) == tables)
    let text = try page("docs/examples/\(name)")
    for variable in environment.keys { #expect(text.contains("\n# \(variable) "), "\(variable) is explained") }
  }

  /// The page shows a wrong file in one block and what is said about it in the next; both are taken from the page.
  @Test func theErrorsShownAreTheOnesReported() throws {
    let section = try #require(
      try page("docs/configuration.md").components(separatedBy: "## What errors look like").last)
    let blocks = section.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    try #require(blocks.count >= 2)
    let wrong = blocks[0].replacing("yaml\n", with: "", maxReplacements: 1)
    let expected = blocks[1].replacing("text\n", with: "", maxReplacements: 1).trimmingCharacters(in: .newlines)
    let error = #expect(throws: SettingsError.self) { _ = try load(wrong) }
    #expect(error?.description == expected)
  }
}
