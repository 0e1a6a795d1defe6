package import ArgumentParser
import Foundation
import Operations

/// The root command.
package struct Archiver: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "archiver",
    abstract: "Move old rows out of PostgreSQL into S3, and prove that nothing was lost.",
    discussion: """
      A first run:
        archiver config validate --connect
        archiver archive --dry-run
        archiver archive
        archiver verify
      """,
    version: Tool.version,
    subcommands: [
      ArchiveCommand.self, VerifyCommand.self, RestoreCommand.self, InspectCommand.self, ConfigCommand.self,
      RecoverCommand.self,
    ])

  package init() {}
}

extension Archiver {
  /// Parses the arguments, runs the command and ends the process with its exit code.
  package static func main() async {
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let status as ExitStatus {
      Foundation.exit(status.code)
    } catch {
      exit(withError: error)
    }
  }
}
