import ArchiveModel
import Foundation
import Hashing
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
    logger.logLevel = options.logLevel ?? (options.verbose ? .debug : .warning)
    logger[metadataKey: "run_id"] = "\(runID)"
    // A terminal that calls itself dumb cannot redraw a line.
    let canRedraw = isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    let isBar = options.progress == .bar || (options.progress == .auto && canRedraw)
    let progress: any ProgressObserver =
      options.progress == .none
      ? SilentProgress() : ProgressDisplay(isBar: isBar, format: format, runID: runID)
    let stop = StopRequest()
    context = JobContext(runID: runID, logger: logger, progress: progress, stop: stop)
    signals = SignalWatch(stop: stop)
  }

  /// Runs a command's work; prints what it throws, and turns it into the exit code.
  ///
  /// A second signal cancels the work, which rolls its batch back.
  func run(_ work: @escaping @Sendable (CommandSession) async throws -> Void) async throws {
    let task = Task { try await work(self) }
    let outcome: ExitStatus?
    do {
      try await signals.watching(cancel: { task.cancel() }) { try await task.value }
      outcome = nil
    } catch {
      outcome = status(of: error)
    }
    StandardError.draw("")
    if let cause = StandardOutput.failure {
      report([OperationError(.failed, "cannot write the results", at: "standard output", cause: cause)])
    }
    if let outcome { throw outcome.after(signal: signals.received) }
    if let signal = signals.received { throw ExitStatus(signal: signal) }
    if StandardOutput.failure != nil { throw ExitStatus.somethingWrong }
  }

  /// The code that the process will end with when its work ends so: a signal's goes before others, unless a batch is left
  /// unsettled.
  func exitCode(_ status: ExitStatus?) -> Int32 {
    let signal = signals.received
    return status?.after(signal: signal).code ?? signal.map { ExitStatus(signal: $0).code } ?? 0
  }

  /// Prints what ended the work, unless the work has told it already.
  private func status(of error: any Error) -> ExitStatus {
    StandardError.draw("")
    switch error {
    case let status as ExitStatus:
      return status
    case let error as SettingsError:
      StandardError.write(error.problems.map(Self.text(of:)).joined() + "run: \(runID)\n")
      writeFailure(error.problems.map(ErrorDocument.init))
      return .configuration
    default:
      let error = OperationError.wrapping(error, "cannot go on")
      report([error])
      writeFailure([ErrorDocument(error)])
      return ExitStatus(error)
    }
  }

  /// Where a document was asked for and none was written, one that holds the errors alone: whoever parses it finds them.
  private func writeFailure(_ errors: [ErrorDocument]) {
    guard options.output == .json, !StandardOutput.hasResults else { return }
    StandardOutput.write(JSONOutput.document(FailureDocument(runID: runID, errors: errors)))
  }

  /// Prints each error as `error: WHAT (WHERE): CAUSE` and its hint, then the run; nothing when there is no error.
  ///
  /// An error that several tables share, such as their server's, is printed once.
  func report(_ errors: [OperationError]) {
    guard !errors.isEmpty else { return }
    var seen: Set<String> = []
    let texts = errors.map(Self.text(of:)).filter { seen.insert($0).inserted }
    StandardError.write(texts.joined() + "run: \(runID)\n")
  }

  static func text(of error: OperationError) -> String {
    text("\(error.description)", hint: error.hint)
  }

  static func text(of problem: SettingsProblem) -> String {
    text(problem.description, hint: problem.hint)
  }

  private static func text(_ message: String, hint: String?) -> String {
    "\(Emphasis.failure.on("error:", .standardError)) \(PrintableText.line(message))\n"
      + (hint.map { "\(Emphasis.advice.on("hint:", .standardError)) \(PrintableText.lines($0))\n" } ?? "")
  }

  /// The configuration file's values.
  func loadConfiguration() throws -> Configuration {
    try Configuration.load(
      path: options.configurationPath, environment: ProcessInfo.processInfo.environment)
  }

  /// The configured databases and tables that the name filters let through.
  ///
  /// Throws a configuration error when one of the filters matches nothing.
  func databases(_ configuration: Configuration) throws(OperationError) -> [DatabaseSource] {
    let all = configuration.databases.map { JobInputs.database($0, selection: Selection(), runID: runID) }
    let names = all.flatMap { $0.tables.map(\.name) }
    let unmatched = options.nameSelection.filtersMatchingNone(of: names)
    guard unmatched.isEmpty else {
      throw OperationError(
        .configuration, "nothing to do", at: unmatched.joined(separator: ", "), cause: "no configured table matches",
        hint: "the configuration names \(names.map(\.description).joined(separator: ", "))")
    }
    return configuration.databases
      .map { JobInputs.database($0, selection: options.nameSelection, runID: runID) }
      .filter { !$0.tables.isEmpty }
  }

  /// Every table that the configuration names.
  func tableNames(_ configuration: Configuration?) -> [TableName] {
    (configuration?.databases ?? []).flatMap { database in
      JobInputs.database(database, selection: Selection(), runID: runID).tables.map(\.name)
    }
  }

  /// `store`, as commands that write need it: objects are locked and documents signed if the configuration says so.
  func evidenceStore(_ storage: StorageOptions?, _ configuration: Configuration?) throws -> any ObjectStore {
    let store = try store(storage, configuration)
    return EvidenceStore(store, signingWith: try configuration?.signingKeyFile.map(KeyFiles.signingKey))
  }

  /// The public half of the key that the configuration has documents signed with; nil when it has none.
  func ownKey(_ configuration: Configuration) throws -> TrustedKey? {
    try configuration.signingKeyFile.map(KeyFiles.signingKey)?.trustedKey
  }

  /// The store of the configuration, or the one that `--storage` names.
  func store(_ storage: StorageOptions?, _ configuration: Configuration?) throws -> any ObjectStore {
    let settings: StorageSettings
    if let storage, let url = storage.storage {
      settings = try StorageSettings.commandLine(
        url: url, region: storage.region, endpoint: storage.endpoint,
        addressing: storage.addressing ?? .auto, allowsPlainHTTP: storage.allowHTTP)
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
