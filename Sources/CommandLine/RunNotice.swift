import ArchiveModel
import Foundation
import Logging
import ObjectStore
import Operations
import Settings

/// Tells monitoring how a run of `archive` or `verify` ended. Whatever goes wrong with that is logged and changes nothing.
struct RunNotice: Sendable {
  private let configuration: Configuration
  private let session: CommandSession
  private let startedAt = Timestamp.now

  init(_ configuration: Configuration, _ session: CommandSession) {
    (self.configuration, self.session) = (configuration, session)
  }

  /// Tells of `archive`, by the metrics and the webhook; `report` is nil when the run ended before any table was looked at.
  func send(_ report: ArchiveReport?, exitCode: Int32, error: OperationError? = nil) async {
    writeMetrics { $0.add(report, exitCode: exitCode, startedAt: startedAt, now: .now) }
    var document = report.map { ArchiveReportOutput($0).document } ?? emptyDocument
    (document.command, document.exitCode) = ("archive", exitCode)
    document.errors += [error].compactMap { $0 }.map(ErrorDocument.init)
    await callWebhook(document)
  }

  /// Tells of `verify`; `error` is what ended it before there was a report.
  func send(_ result: Result<VerifyReport, OperationError>, exitCode: Int32) async {
    writeMetrics { $0.add(try? result.get(), exitCode: exitCode, now: .now) }
    switch result {
    case .success(let report): await callWebhook(VerifyOutput(report: report).notice(exitCode: exitCode))
    case .failure(let error):
      await callWebhook(
        VerifyFailure(runID: session.runID, exitCode: exitCode, errors: [ErrorDocument(error)]))
    }
  }

  private struct VerifyFailure: Encodable {
    var command = "verify"
    var runID: UUIDv7
    var exitCode: Int32
    var errors: [ErrorDocument]

    enum CodingKeys: String, CodingKey {
      case command, errors
      case runID = "run_id"
      case exitCode = "exit_code"
    }
  }

  private func callWebhook(_ document: some Encodable) async {
    guard let webhook = configuration.webhook else { return }
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

  private func writeMetrics(_ add: (inout MetricsPage) -> Void) {
    guard let path = configuration.metricsFile else { return }
    do {
      try MetricsFile(path: path).change { earlier in
        var page = MetricsPage(continuing: earlier)
        add(&page)
        return page.text
      }
    } catch {
      session.context.logger.warning(
        "the metrics file was not written",
        metadata: ["path": "\(path)", "cause": "\((error as NSError).localizedDescription)"])
    }
  }
}
