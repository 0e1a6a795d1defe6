import ArchiveModel
import ArgumentParser
import Operations

/// `archiver recover`
struct RecoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover", abstract: "Settle batches that a crash left in doubt.",
    discussion: """
      Batches that the database committed get their manifest. A rolled-back batch is marked as aborted, and what it left \
      in storage is removed after the grace time, where that is certain. Batches still in work are waited for. `archive` \
      settles what it finds too. Exits with 1 when a batch stays in doubt.

      With --rows-came-back, committed batches whose rows are all in the database again, since it or the table was \
      restored to an earlier time, are marked as superseded; `archive` then takes their rows anew. Where the table alone was \
      restored, they leave the ledger first, which needs DELETE on it.

      Examples:
        archiver recover
        archiver recover --database app --output json
        archiver recover --grace 0s
        archiver recover --rows-came-back --table events
      """)

  @OptionGroup(title: "Common options") var common: CommonOptions

  @Option(
    help: ArgumentHelp(
      "How old a rolled-back batch must be before what it left is removed (default: 1d).", valueName: "duration"))
  var grace: DurationArgument?

  @Flag(help: "Mark committed batches whose rows came back with a database of an earlier time.")
  var rowsCameBack = false

  func run() async throws {
    try await CommandSession(common).run { session in
      let configuration = try session.loadConfiguration()
      var request = RecoverRequest(databases: try session.databases(configuration))
      request.grace = grace?.duration
      request.rowsCameBack = rowsCameBack
      request.ownKey = try session.ownKey(configuration)
      let store = try session.evidenceStore(nil, configuration)
      let report = await RecoverJob(request: request, store: store, context: session.context).run()
      switch common.output {
      case .text: StandardOutput.write(text(report))
      case .json: for finding in report.findings { StandardOutput.write(JSONOutput.line(Line(finding))) }
      }
      session.report(report.errors)
      if let status = ExitStatus.combined(report.errors, nothingWentWell: report.findings.isEmpty) { throw status }
      if report.findings.contains(where: { $0.outcome.isOpen }) { throw ExitStatus.somethingWrong }
    }
  }

  private func text(_ report: RecoverReport) -> String {
    var lines = report.findings.map { "\($0.table)  batch \($0.batchID): \($0.detail)\n" }
    if report.namedCount > 0 {
      lines.append(
        report.namedCount.of(
          "manifest of a run that was cut short is", "manifests of runs that were cut short are")
          + " named in a run record now\n")
    }
    if report.namedMarkerCount > 0 {
      lines.append(
        report.namedMarkerCount.of("superseded marker is", "superseded markers are") + " named in a run record now\n")
    }
    guard lines.isEmpty, report.errors.isEmpty else { return lines.joined() }
    return "nothing to settle\n"
  }

  private struct Line: Encodable {
    var table: String
    var batchID: UUIDv7
    var outcome: String
    var detail: String

    init(_ finding: RecoverReport.Finding) {
      (table, batchID) = (finding.table.description, finding.batchID)
      (outcome, detail) = (finding.outcome.rawValue, finding.detail)
    }

    enum CodingKeys: String, CodingKey {
      case table, outcome, detail
      case batchID = "batch_id"
    }
  }
}

extension RecoverReport.Finding.Outcome {
  /// Somebody has to look at it.
  fileprivate var isOpen: Bool { self == .inDoubt || self == .unexplained }
}
