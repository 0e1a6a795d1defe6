import ArchiveModel
import ArgumentParser
import Operations

/// `archiver recover`
struct RecoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover", abstract: "Settle batches that a crash left in doubt.",
    discussion: """
      Batches that the database committed get their manifest; what a rolled-back batch left in storage is kept and marked \
      as aborted, once all its keys are seen in the database. Batches still in work are waited for. `archive` settles \
      what it finds too. Exits with 1 when a batch stays in doubt.

      Examples:
        archiver recover
        archiver recover --database app --output json
      """)

  @OptionGroup(title: "Common options") var common: CommonOptions

  func run() async throws {
    try await CommandSession(common).run { session in
      let configuration = try session.loadConfiguration()
      let databases = try session.databases(configuration)
      let store = try session.evidenceStore(nil, configuration)
      let report = await RecoverJob(databases: databases, store: store, context: session.context).run()
      switch common.output {
      case .text: StandardOutput.write(text(report))
      case .json: for finding in report.findings { StandardOutput.write(JSONOutput.line(Line(finding))) }
      }
      session.report(report.errors)
      if let status = ExitStatus.combined(report.errors, nothingWentWell: report.findings.isEmpty) { throw status }
      if report.findings.contains(where: { $0.outcome == .inDoubt }) { throw ExitStatus.somethingWrong }
    }
  }

  private func text(_ report: RecoverReport) -> String {
    guard !report.findings.isEmpty else { return report.errors.isEmpty ? "nothing to settle\n" : "" }
    return report.findings.map { "\($0.table)  batch \($0.batchID): \($0.detail)\n" }.joined()
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
