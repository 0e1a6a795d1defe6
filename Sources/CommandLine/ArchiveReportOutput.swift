import ArchiveModel
import Operations

/// An archive run's report, for people and for machines.
struct ArchiveReportOutput {
  private let report: ArchiveReport

  init(_ report: ArchiveReport) {
    self.report = report
  }

  /// The closing table, then what an operator should know.
  var text: String {
    report.isDryRun ? dryRunText : runText + notes
  }

  private var runText: String {
    var table = TextTable([
      .init(title: "table"), .init(title: "rows", isNumber: true), .init(title: "batches", isNumber: true),
      .init(title: "stored", isNumber: true), .init(title: "ratio", isNumber: true),
      .init(title: "left over", isNumber: true), .init(title: "time", isNumber: true), .init(title: "outcome"),
    ])
    for part in report.tables {
      table.add([
        PrintableText.escaped(part.name.description), Readable.count(part.rows), Readable.count(part.batches),
        Readable.bytes(part.bytes), ratio(part.contentBytes, part.bytes), part.remaining.map(Readable.count) ?? "",
        Readable.duration(part.duration), part.outcome.rawValue,
      ])
    }
    if report.tables.count > 1 {
      func total(_ value: (ArchiveReport.Table) -> Int) -> Int { report.tables.reduce(0) { $0 + value($1) } }
      let remaining =
        report.tables.allSatisfy { $0.remaining != nil } ? Readable.count(total { $0.remaining ?? 0 }) : ""
      let seconds = Double(report.finishedAt.microseconds - report.startedAt.microseconds) / 1_000_000
      table.add([
        "all", Readable.count(total(\.rows)), Readable.count(total(\.batches)), Readable.bytes(total(\.bytes)),
        ratio(total(\.contentBytes), total(\.bytes)), remaining, Readable.duration(.seconds(seconds)),
        report.wasStopped ? "stopped" : "",
      ])
    }
    return table.text
  }

  /// How many times larger the content is than what is stored: `5.7`; empty when nothing is stored.
  private func ratio(_ contentByteCount: Int, _ storedByteCount: Int) -> String {
    guard storedByteCount > 0 else { return "" }
    let tenths = contentByteCount * 10 / storedByteCount
    return "\(tenths / 10).\(tenths % 10)"
  }

  private var dryRunText: String {
    var text = "Dry run: nothing is written.\n"
    for part in report.tables {
      text += "\n\(part.name)\n"
      if part.error != nil { text += "  failed; see below\n" }
      guard let eligible = part.eligible else { continue }
      text += "  eligible rows  \(Readable.count(eligible)), before \(part.cutoff?.description ?? "")\n"
      text += "  batches        \(Readable.count(part.batches)) or more\n"
      if let oldest = part.oldest, let newest = part.newest {
        text += "  oldest row     \(oldest)\n  newest row     \(newest)\n"
      }
      text += "  SQL of a batch\n"
      for statement in part.statements { text += "    \(statement);\n" }
    }
    return text + notes
  }

  private var notes: String {
    report.tables.flatMap { part in part.warnings.map { "note: \(part.name): \($0)\n" } }.joined()
  }

  /// What `--output json` prints.
  var document: Document {
    Document(
      runID: report.runID, dryRun: report.isDryRun, startedAt: report.startedAt, finishedAt: report.finishedAt,
      stopped: report.wasStopped, runRecord: report.runRecordKey, tables: report.tables.map(TableDocument.init),
      errors: report.errors.map(ErrorDocument.init))
  }

  struct Document: Encodable {
    /// This and the exit code only in the summary that a webhook is sent.
    var command: String?
    var runID: UUIDv7
    var exitCode: Int32?
    var dryRun: Bool
    var startedAt: Timestamp
    var finishedAt: Timestamp
    var stopped: Bool
    var runRecord: String?
    var tables: [TableDocument]
    var errors: [ErrorDocument]

    enum CodingKeys: String, CodingKey {
      case command, stopped, tables, errors
      case runID = "run_id"
      case exitCode = "exit_code"
      case dryRun = "dry_run"
      case startedAt = "started_at"
      case finishedAt = "finished_at"
      case runRecord = "run_record"
    }
  }

  struct TableDocument: Encodable {
    var database: String
    var schema: String
    var table: String
    var outcome: String
    var cutoff: Timestamp?
    var eligible: Int?
    var rows: Int
    var batches: Int
    var bytes: Int
    var contentBytes: Int
    var remaining: Int?
    var oldest: Timestamp?
    var newest: Timestamp?
    var statements: [String]
    var warnings: [String]
    var manifests: [RunRecord.DocumentReference]
    var error: ErrorDocument?

    init(_ part: ArchiveReport.Table) {
      (database, schema, table) = (part.name.database, part.name.schema, part.name.table)
      (outcome, cutoff, eligible, rows) = (part.outcome.rawValue, part.cutoff, part.eligible, part.rows)
      (batches, bytes, contentBytes, remaining) = (part.batches, part.bytes, part.contentBytes, part.remaining)
      (oldest, newest, statements, warnings) = (part.oldest, part.newest, part.statements, part.warnings)
      (manifests, error) = (part.manifests, part.error.map(ErrorDocument.init))
    }

    enum CodingKeys: String, CodingKey {
      case database, schema, table, outcome, cutoff, eligible, rows, batches, bytes, remaining, oldest, newest
      case statements, warnings, manifests, error
      case contentBytes = "content_bytes"
    }
  }
}
