import ArchiveModel
import Foundation
import Logging
import ObjectStore
import Operations
import Postgres
import Settings

/// One invocation: its name, its log, and what its options give the jobs.
struct CommandSession: Sendable {
  let options: CommonOptions
  let context: JobContext
  private let signals: SignalWatch

  var runID: UUIDv7 { context.runID }

  init(_ options: CommonOptions) {
    self.options = options
    let runID = UUIDv7(unixMilliseconds: Timestamp.now.unixMilliseconds)
    let isTerminal = isatty(STDERR_FILENO) == 1
    let format = options.logFormat ?? (isTerminal ? .text : .json)
    var logger = Logger(label: "archiver") { _ in LineLogHandler(format: format) }
    logger.logLevel = options.verbose ? .debug : options.logLevel ?? .warning
    logger[metadataKey: "run_id"] = "\(runID)"
    let style: ProgressStyle =
      options.progress == .auto ? (isTerminal ? .bar : .plain) : options.progress
    let progress: any ProgressObserver = style == .none ? SilentProgress() : ProgressDisplay(style: style)
    let stop = StopRequest()
    context = JobContext(runID: runID, logger: logger, progress: progress, stop: stop)
    signals = SignalWatch(stop: stop)
  }

  /// Runs a command's work; prints what it throws, and turns it into the exit code.
  ///
  /// A second signal cancels the work, which rolls its batch back.
  func run(_ work: @escaping @Sendable (CommandSession) async throws -> Void) async throws {
    let task = Task { try await work(self) }
    do {
      try await signals.watching(cancel: { task.cancel() }) { try await task.value }
    } catch let status as ExitStatus {
      throw signals.received.map { ExitStatus(code: 128 + $0) } ?? status
    } catch let error as SettingsError {
      let lines = error.problems.map { problem in
        "error: \(problem.description)\n" + (problem.hint.map { "hint: \($0)\n" } ?? "")
      }
      StandardError.write(lines.joined() + "run: \(runID)\n")
      throw ExitStatus.configuration
    } catch {
      let error = OperationError.wrapping(error, "cannot go on")
      report(error)
      throw signals.received.map { ExitStatus(code: 128 + $0) } ?? ExitStatus(error.category)
    }
    if let signal = signals.received { throw ExitStatus(code: 128 + signal) }
  }

  /// Prints an error as `error: WHAT (WHERE): CAUSE`, its hint, and the run.
  func report(_ error: OperationError) {
    StandardError.write(Self.text(of: error) + "run: \(runID)\n")
  }

  static func text(of error: OperationError) -> String {
    "error: \(error.description)\n" + (error.hint.map { "hint: \($0)\n" } ?? "")
  }

  /// The configuration file's values.
  func loadConfiguration() throws -> Configuration {
    try Configuration.load(
      path: options.configurationPath, environment: ProcessInfo.processInfo.environment)
  }

  /// The configured databases and tables that the name filters let through.
  ///
  /// Throws a configuration error when the filters match nothing.
  func databases(_ configuration: Configuration) throws(OperationError) -> [DatabaseSource] {
    let selection = options.nameSelection
    let all = configuration.databases.map { JobInputs.database($0, selection: Selection(), runID: runID) }
    let chosen = configuration.databases.map { JobInputs.database($0, selection: selection, runID: runID) }
      .filter { !$0.tables.isEmpty }
    guard !chosen.isEmpty else {
      throw OperationError(
        .configuration, "nothing to do", cause: "no configured table matches --database and --table",
        hint: "the configuration names \(all.flatMap { $0.tables.map(\.name.description) }.joined(separator: ", "))")
    }
    return chosen
  }

  /// The store of the configuration, or the one that `--storage` names.
  func store(_ storage: StorageOptions?, _ configuration: Configuration?) throws -> any ObjectStore {
    let settings: StorageSettings
    if let storage, let url = storage.storage {
      settings = try StorageSettings.commandLine(
        url: url, region: storage.region, endpoint: storage.endpoint,
        addressing: storage.addressing.flatMap { StorageSettings.Addressing(rawValue: $0) } ?? .auto)
    } else if let configuration {
      settings = configuration.storage
    } else {
      settings = try loadConfiguration().storage
    }
    do {
      return try JobInputs.store(settings, runID: runID)
    } catch let error as S3ConfigurationError {
      throw OperationError(.configuration, "cannot use the storage", at: settings.url, cause: error.description)
    } catch let error as StorageLocationError {
      throw OperationError(.configuration, "cannot use the storage", at: settings.url, cause: error.description)
    }
  }
}
