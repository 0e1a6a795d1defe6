import ArchiveModel
import ArgumentParser
import Operations

/// `archiver archive`
struct ArchiveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "archive",
    abstract: "Move rows past retention to storage.",
    discussion: """
      Each batch is uploaded, read back and compared before exactly its rows are deleted, in one transaction. Rows locked \
      by others are skipped and reported. SIGINT or SIGTERM ends the run after the batch in hand.

      Examples:
        archiver archive --dry-run
        archiver archive --table events --max-duration 2h
        archiver archive --workers 2 --output json
      """)

  @OptionGroup(title: "Common options") var common: CommonOptions

  @Flag(help: "Write nothing anywhere; tell what would be done.")
  var dryRun = false

  @Option(help: "Stop after this many batches.")
  var maxBatches: Int?

  @Option(help: ArgumentHelp("Begin no batch later than this after the start (90s, 30m, 2h).", valueName: "duration"))
  var maxDuration: DurationArgument?

  @Option(help: "Batches in hand at once, instead of each table's own number (1 to 64).")
  var workers: Int?

  @Flag(help: "Skip counting the eligible rows first.")
  var noCount = false

  func validate() throws {
    if let maxBatches, maxBatches < 1 { throw ValidationError("--max-batches must be 1 or more") }
    if let maxDuration, maxDuration.duration <= .zero { throw ValidationError("--max-duration must be above zero") }
    if let workers, !(1...64).contains(workers) { throw ValidationError("--workers must be from 1 to 64") }
  }

  func run() async throws {
    try await CommandSession(common).run { session in
      let configuration = try session.loadConfiguration()
      var request = ArchiveRequest(databases: try session.databases(configuration))
      request.isDryRun = dryRun
      request.maximumBatches = maxBatches
      request.maximumDuration = maxDuration?.duration
      request.workers = workers
      request.countsRows = !noCount
      request.ownKey = dryRun ? nil : try session.ownKey(configuration)
      let notice = dryRun ? nil : RunNotice(configuration, session)
      let report: ArchiveReport
      do {
        let store = try session.evidenceStore(nil, configuration)
        report = try await ArchiveJob(request: request, store: store, context: session.context).run()
      } catch {
        let failure = OperationError.wrapping(error, "cannot go on")
        await notice?.send(nil, exitCode: session.exitCode(ExitStatus(failure)), error: failure)
        throw failure
      }
      let output = ArchiveReportOutput(report)
      switch common.output {
      case .text: StandardOutput.write(output.text)
      case .json: StandardOutput.write(JSONOutput.document(output.document))
      }
      let failures = report.tables.compactMap(\.error) + report.errors
      session.report(failures)
      let nothingWentWell = report.tables.allSatisfy { $0.error != nil && $0.batches == $0.batchesWithoutManifest }
      let status = ExitStatus.combined(failures, nothingWentWell: nothingWentWell)
      await notice?.send(report, exitCode: session.exitCode(status))
      if let status { throw status }
    }
  }
}

/// A duration as options take it: `90s`, `30m`, `2h`, `1d`, or several of them in a row.
struct DurationArgument: ExpressibleByArgument, Sendable {
  let duration: Duration

  init?(argument: String) {
    let unitSeconds: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    var seconds = 0
    var digits = ""
    for character in argument {
      if character.isASCII, character.isNumber {
        digits.append(character)
        continue
      }
      guard let unit = unitSeconds[character], let amount = Int(digits), amount < 1_000_000 else { return nil }
      seconds += amount * unit
      digits = ""
    }
    guard digits.isEmpty, !argument.isEmpty else { return nil }
    duration = .seconds(seconds)
  }
}
