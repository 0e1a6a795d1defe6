import Foundation
import TestSupport

/// A page of the documentation, for tests of the examples on it.
struct DocumentPage {
  /// What stands between two fences.
  struct Block {
    /// Behind the opening fence; empty where nothing is.
    let language: String
    let text: String
  }

  let text: String

  /// `path` is relative to the checkout.
  init(_ path: String) throws {
    text = try Checkout.text(path)
  }

  /// All fenced blocks in their order.
  var blocks: [Block] {
    var blocks: [Block] = []
    var current: (language: String, lines: [Substring])?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        if let block = current {
          blocks.append(Block(language: block.language, text: block.lines.joined(separator: "\n")))
        }
        current = current == nil ? (String(line.dropFirst(3)), []) : nil
      } else {
        current?.lines.append(line)
      }
    }
    return blocks
  }

  /// The texts of the blocks in one language, in their order.
  func blocks(_ language: String) -> [String] {
    blocks.filter { $0.language == language }.map(\.text)
  }

  /// What stands in the text between single backquotes, in its order; blocks left out.
  var inlineCode: [String] {
    let prose = text.split(separator: "```", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 0 }.map(\.element)
    return prose.flatMap { $0.matches(of: /`([^`\n]+)`/).map { String($0.1) } }
  }

  /// Runs a script with bash as a person's shell would have it; `archiver` is on PATH.
  static func shell(
    _ script: String, in folder: String, environment: [String: String] = [:]
  ) async throws -> CommandResult {
    let program = try TestEnvironment.archiverBinary().deletingLastPathComponent().path
    let path = program + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
    return try await CommandRun(
      URL(fileURLWithPath: "/bin/bash"), ["-euo", "pipefail", "-c", script],
      environment: ArchiverCommand.cleanEnvironment.merging(["PATH": path]) { $1 }.merging(environment) { $1 },
      workingDirectory: URL(fileURLWithPath: folder)
    ).result()
  }

  /// The rows that a query of DuckDB gives after `statements`, in `folder`.
  static func duckDB(_ query: String, after statements: String = "SELECT 1", in folder: String) async throws -> [[Any]]
  {
    let file = folder + "/statements.sql"
    try Data(statements.utf8).write(to: URL(fileURLWithPath: file))
    let answer = try await CommandRun(
      URL(fileURLWithPath: try TestEnvironment.enginesPython()),
      [Checkout.root.appending(path: "Tests/Engines/query_archive.py").path, "duckdb", file, query],
      environment: ArchiverCommand.cleanEnvironment, workingDirectory: URL(fileURLWithPath: folder)
    ).result()
    guard answer.exitCode == 0 else { throw Refused(answer: answer) }
    return try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [[Any]] ?? []
  }

  /// An engine did not take an example.
  struct Refused: Error { let answer: CommandResult }
}
