import ArchiveModel
import Foundation
import Logging
import ObjectStore
import Operations
import Settings

/// Tells monitoring how a run of `archive` ended. Whatever goes wrong with that is logged and changes nothing.
struct RunNotice: Sendable {
  private let configuration: Configuration
  private let session: CommandSession
  private let startedAt = Timestamp.now

  init(_ configuration: Configuration, _ session: CommandSession) {
    (self.configuration, self.session) = (configuration, session)
  }

  /// Writes the metrics and calls the webhook; `report` is nil when the run ended before any table was looked at.
  func send(_ report: ArchiveReport?, exitCode: Int32, error: OperationError? = nil) async {
    if let path = configuration.metricsFile { writeMetrics(report, exitCode, to: path) }
    guard let webhook = configuration.webhook else { return }
    var document = report.map { ArchiveReportOutput($0).document } ?? emptyDocument
    document.exitCode = exitCode
    document.errors += [error].compactMap { $0 }.map(ErrorDocument.init)
    let text = configuration.redacting(JSONOutput.line(document))
    do {
      // A task of its own, since a cancelled run tells its end too.
      try await Task {
        try await Webhook(url: webhook.url.reveal(), userAgent: "\(Tool.name) run/\(session.runID)").post(
          Array(text.utf8))
      }.value
    } catch {
      session.context.logger.warning("the webhook was not told", metadata: ["cause": "\(error)"])
    }
  }

  private var emptyDocument: ArchiveReportOutput.Document {
    ArchiveReportOutput.Document(
      runID: session.runID, dryRun: false, startedAt: startedAt, finishedAt: .now, stopped: false, runRecord: nil,
      tables: [], errors: [])
  }

  private func writeMetrics(_ report: ArchiveReport?, _ exitCode: Int32, to path: String) {
    let file = MetricsFile(path: path)
    do {
      var page = MetricsPage(continuing: try file.read())
      page.add(report, exitCode: exitCode, startedAt: startedAt, now: .now)
      try file.replace(with: page.text)
    } catch {
      session.context.logger.warning(
        "the metrics file was not written",
        metadata: ["path": "\(path)", "cause": "\((error as NSError).localizedDescription)"])
    }
  }
}
