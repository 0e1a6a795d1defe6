import Foundation
import TestSupport
import Testing

/// No example without a test that runs it, or a reason why none does.
@Suite struct DocumentInventoryTests {
  /// What becomes of a fenced block of a page.
  enum Example: Sendable {
    /// The suite that runs it.
    case run(String)
    /// It cannot be run by a test, or is nothing to be run, because …
    case shown(String)
  }

  /// Of every page that has fenced blocks, in their order.
  static let examples: [String: [Example]] = [
    "README.md": [
      .shown("scripts/demo and scripts/test, which is what runs the tests"), .shown("Docker"),
      .shown("a release build"),
      .run("DocumentExampleTests"), .run("DocumentExampleTests"), .shown("output of scripts/demo"),
    ],
    "docs/archive-format.md": [.shown("names of files")] + of("FormatExampleTests", 7)
      + of("DocumentExampleTests", 4) + [.run("FormatExampleTests"), .run("DocumentExampleTests")],
    "docs/audit.md": of("AuditPageTests", 15),
    "docs/cli.md": of("OperatorExampleTests", 2) + [.shown("the form of a message, which FailureTests looks at")],
    "docs/configuration.md": of("DocumentExampleTests", 2) + [.shown("a comment for editors")]
      + [.run("DocumentExampleTests"), .run("OperatorExampleTests")] + of("DocumentationTests", 2),
    "docs/examples/query-engines.md": [.run("ReaderExampleTests")] + of("QueryExampleTests", 2),
    "docs/operations.md": of("DocumentExampleTests", 2),
    "docs/performance.md": [.shown("figures")],
    "docs/tutorial.md": [.shown("a release build"), .shown("Docker")] + of("TutorialTests", 9)
      + [.shown("apt-get"), .run("TutorialTests"), .shown("systemd"), .run("TutorialTests"), .shown("systemd")]
      + of("TutorialTests", 1),
    "docs/types.md": of("ReaderExampleTests", 2) + [.shown("Athena")],
  ]

  private static func of(_ suite: String, _ count: Int) -> [Example] {
    Array(repeating: .run(suite), count: count)
  }

  private static func files(under folder: String, ending: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: Checkout.root.appending(path: folder).path)
    return (names?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }
  }

  private static let suites: Set<String> = {
    let texts = files(under: "Tests", ending: ".swift").compactMap { try? Checkout.text($0) }
    return Set(texts.flatMap { $0.matches(of: /struct (\w+Tests)\b/).map { String($0.1) } })
  }()

  @Test func `each example is run by a test, or stands in the list of those that cannot be`() throws {
    let pages = ["README.md"] + Self.files(under: "docs", ending: ".md")
    for page in pages {
      let found = try DocumentPage(page).blocks.count
      let listed = Self.examples[page]?.count ?? 0
      #expect(found == listed, "\(page) has \(found) fenced blocks, and the list knows \(listed)")
    }
    for case .run(let suite) in Self.examples.values.joined() { #expect(Self.suites.contains(suite), "\(suite)") }
    #expect(Self.examples.keys.allSatisfy(pages.contains))
  }

  @Test func `each suite of tests that a page names is there`() throws {
    for page in Self.files(under: "docs", ending: ".md") {
      for name in try DocumentPage(page).inlineCode where name.wholeMatch(of: /\w+Tests/) != nil {
        #expect(Self.suites.contains(name), "\(page): \(name)")
      }
    }
  }
}
