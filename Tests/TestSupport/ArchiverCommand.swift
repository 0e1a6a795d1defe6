package import Foundation

/// One call of the built `archiver`, with an environment that holds nothing of the developer's own settings.
package struct ArchiverCommand: Sendable {
  package var arguments: [String]
  /// Added to, and winning over, `cleanEnvironment`.
  package var environment: [String: String]
  package var workingDirectory: URL?

  package init(_ arguments: [String], environment: [String: String] = [:], workingDirectory: URL? = nil) {
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
  }

  /// What every call starts from: no `AWS_*`, `PG*` or `ARCHIVER_*`, and a home directory that does not exist, so that
  /// no `~/.aws` or `~/.pgpass` is read. `LLVM_PROFILE_FILE` passes, so that coverage counts the program's own runs.
  package static var cleanEnvironment: [String: String] {
    let kept = ["PATH", "LD_LIBRARY_PATH", "TMPDIR", "LLVM_PROFILE_FILE"]
    var environment = ProcessInfo.processInfo.environment.filter { kept.contains($0.key) }
    environment["HOME"] = "/nonexistent"
    environment["LC_ALL"] = "C.UTF-8"
    return environment
  }

  /// Starts the program. Throws `TestEnvironment.MissingVariable` if there is none.
  package func start() throws -> CommandRun {
    try CommandRun(
      try TestEnvironment.archiverBinary(), arguments,
      environment: Self.cleanEnvironment.merging(environment) { $1 }, workingDirectory: workingDirectory)
  }

  /// Runs the program to its end. Throws `CommandTimeout` if that takes longer than `timeout`.
  package func run(timeout: Duration = .seconds(120)) async throws -> CommandResult {
    try await start().result(timeout: timeout)
  }
}

/// Runs `archiver` with `arguments` to its end.
package func archiver(_ arguments: String..., environment: [String: String] = [:]) async throws -> CommandResult {
  try await ArchiverCommand(arguments, environment: environment).run()
}
