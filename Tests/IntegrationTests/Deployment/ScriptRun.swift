import Foundation
import TestSupport

/// The checkout, for tests of what lies in it beside the sources.
enum Checkout {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The folder of the linters that `scripts/lint-deploy` installs.
  static var lintTools: String { root.appending(path: ".build/tools/lint/bin").path }

  /// Runs `program` at the root of the checkout with the caller's environment and `environment`.
  static func run(
    _ program: String, _ arguments: String..., environment: [String: String] = [:], timeout: Duration = .seconds(120)
  ) async throws -> CommandResult {
    try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"), [program] + arguments,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }, workingDirectory: root
    ).result(timeout: timeout)
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }
}
