package import ArchiveModel
public import ArgumentParser
import Foundation
public import Logging
import Operations
public import Settings

/// How results are printed on standard output.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
  case text, json
}

/// How log lines are printed on standard error.
enum LogFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
  case text, json
}

/// How progress is shown on standard error.
enum ProgressStyle: String, CaseIterable, ExpressibleByArgument, Sendable {
  case auto, bar, plain, none
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// The options of every command.
struct CommonOptions: ParsableArguments {
  @Option(
    name: [.customShort("c"), .long], help: "Configuration file (default: $ARCHIVER_CONFIG, then ./archiver.yaml).")
  var config: String?

  @Flag(name: .shortAndLong, help: "Log every batch: the same as --log-level debug.")
  var verbose = false

  @Option(help: "Least severe log lines to show.")
  var logLevel: Logger.Level?

  @Option(help: "Form of log lines (default: text on a terminal, else json).")
  var logFormat: LogFormat?

  @Option(help: "How to show progress.")
  var progress: ProgressStyle = .auto

  @Option(help: "Form of the results on standard output.")
  var output: OutputFormat = .text

  @Option(help: "Only this database, by its name in the configuration (repeatable).")
  var database: [String] = []

  @Option(help: ArgumentHelp("Only this table (repeatable).", valueName: "[schema.]table"))
  var table: [String] = []

  func validate() throws {
    if database.contains("") { throw ValidationError("--database must not be empty") }
    if table.contains(where: { TableArgument.parse($0) == nil }) {
      throw ValidationError("--table \(TableArgument.usage)")
    }
  }

  /// The filters by name alone.
  var nameSelection: Selection {
    var selection = Selection()
    selection.databases = Set(database)
    selection.tables = Set(table.compactMap(TableArgument.parse))
    return selection
  }

  /// The configuration file to read.
  var configurationPath: String {
    if let config { return config }
    let fromEnvironment = ProcessInfo.processInfo.environment["ARCHIVER_CONFIG"] ?? ""
    return fromEnvironment.isEmpty ? "./archiver.yaml" : fromEnvironment
  }
}

/// A storage given on the command line instead of a configuration.
struct StorageOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Archive to read, without a configuration.", valueName: "url"))
  var storage: String?

  @Option(help: "Region of an s3:// storage.")
  var region: String?

  @Option(help: ArgumentHelp("URL of an S3-compatible server.", valueName: "url"))
  var endpoint: String?

  @Option(help: "How the bucket is addressed.")
  var addressing: StorageSettings.Addressing?

  @Flag(name: .customLong("allow-http"), help: "Let plain http leave this machine.")
  var allowHTTP = false

  func validate() throws {
    if storage == nil, region != nil || endpoint != nil || addressing != nil || allowHTTP {
      throw ValidationError("--region, --endpoint, --addressing and --allow-http belong to --storage")
    }
  }
}

extension StorageSettings.Addressing: ExpressibleByArgument {}

/// Which batches and rows a command is about.
struct SelectionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Rows of this time or later (ISO date or timestamp, UTC).", valueName: "time"))
  var from: Timestamp?

  @Option(help: ArgumentHelp("Rows before this time.", valueName: "time"))
  var to: Timestamp?

  @Option(help: ArgumentHelp("Only this batch (repeatable).", valueName: "batch-id"))
  var batch: [UUIDv7] = []

  @Option(help: ArgumentHelp("Only batches of this run.", valueName: "run-id"))
  var run: UUIDv7?

  /// `selection`, narrowed by these options.
  func narrow(_ selection: Selection) -> Selection {
    var selection = selection
    (selection.from, selection.to, selection.run) = (from, to, run)
    selection.batches = Set(batch)
    return selection
  }

  mutating func validate() throws {
    if let from, let to, from >= to { throw ValidationError("--from must lie before --to") }
  }
}

extension Timestamp: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(argument)
  }
}

extension UUIDv7: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(argument)
  }
}
