package import ArgumentParser
internal import CProcess
import Foundation
import Operations

/// The root command.
package struct Archiver: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "archiver",
    abstract: "Move old rows out of PostgreSQL into S3, and prove that nothing was lost.",
    discussion: """
      A first run:
        archiver config init --url postgresql://archiver@db/app --storage s3://acme-archive/prod
        archiver config validate --connect
        archiver archive --dry-run
        archiver archive
        archiver verify

      Completions for your shell, and who this program is:
        archiver --generate-completion-script bash > /etc/bash_completion.d/archiver
        archiver --version
      """,
    version: BuildDetails.text,
    subcommands: [
      ArchiveCommand.self, VerifyCommand.self, RestoreCommand.self, InspectCommand.self, ConfigCommand.self,
      RecoverCommand.self,
    ])

  package init() {}
}

extension Archiver {
  /// Parses the arguments, runs the command and ends the process with its exit code.
  ///
  /// Synchronous, because the start of an asynchronous main function opens descriptors of its own, which would get the
  /// numbers of standard streams that the caller closed.
  package static func start() -> Never {
    signal(SIGPIPE, SIG_IGN)
    StandardStreams.occupy()
    Task { await runToExit() }
    while true { pause() }
  }

  private static func runToExit() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let status as ExitStatus {
      archiver_end_process(status.code)
    } catch {
      exit(withError: error)
    }
    archiver_end_process(0)
  }
}
