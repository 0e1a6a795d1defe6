import ArchiveModel
import Operations

/// A restore's report, for people and for machines.
struct RestoreReportOutput {
  private let report: RestoreReport

  init(_ report: RestoreReport) {
    self.report = report
  }

  /// The closing table, then what an operator should know.
  var text: String {
    guard !report.tables.isEmpty else { return "no archived rows match\n" + OmittedBatches.note(report.superseded) }
    var table = TextTable([
      .init(title: "table"), .init(title: "into"), .init(title: "batches", isNumber: true),
      .init(title: "selected", isNumber: true), .init(title: "inserted", isNumber: true),
      .init(title: "skipped", isNumber: true), .init(title: "overwritten", isNumber: true),
    ])
    for part in report.tables {
      table.add([
        part.source.description, part.target, Readable.count(part.batches), Readable.count(part.selected),
        Readable.count(part.inserted), Readable.count(part.skipped), Readable.count(part.overwritten),
      ])
    }
    return (report.isDryRun ? "Dry run: nothing is written.\n\n" : "") + table.text
      + report.tables.flatMap(notes).map { "note: \($0)\n" }.joined() + OmittedBatches.note(report.superseded)
  }

  private func notes(_ part: RestoreReport.Table) -> [String] {
    var notes: [String] = []
    if report.isDryRun, part.conflicts > 0 {
      notes.append("\(part.source): \(Readable.count(part.conflicts)) of the selected keys are there already")
    }
    if part.outdated > 0 {
      notes.append("\(part.source): \(Readable.count(part.outdated)) rows left out, as a newer batch holds their keys")
    }
    if let holdUntil = part.holdUntil {
      notes.append("\(part.source): archive leaves these rows alone until \(holdUntil)")
    }
    return notes + part.warnings.map { "\(part.source): \($0)" }
  }

  /// What `--output json` prints.
  var document: Document {
    Document(
      restoreID: report.restoreID, dryRun: report.isDryRun, superseded: report.superseded,
      tables: report.tables.map(TableDocument.init))
  }

  struct Document: Encodable {
    var restoreID: UUIDv7
    var dryRun: Bool
    /// Left out.
    var superseded: [UUIDv7]
    var tables: [TableDocument]

    enum CodingKeys: String, CodingKey {
      case superseded, tables
      case restoreID = "restore_id"
      case dryRun = "dry_run"
    }
  }

  struct TableDocument: Encodable {
    var database: String
    var schema: String
    var table: String
    var target: String
    var restoreID: UUIDv7
    var batches: Int
    var selected: Int
    var outdated: Int
    var conflicts: Int
    var inserted: Int
    var skipped: Int
    var overwritten: Int
    var record: String?
    var holdUntil: Timestamp?
    var warnings: [String]

    init(_ part: RestoreReport.Table) {
      (database, schema, table) = (part.source.database, part.source.schema, part.source.table)
      (target, restoreID, batches, selected) = (part.target, part.restoreID, part.batches, part.selected)
      (outdated, conflicts, inserted) = (part.outdated, part.conflicts, part.inserted)
      (skipped, overwritten, record) = (part.skipped, part.overwritten, part.recordKey)
      (holdUntil, warnings) = (part.holdUntil, part.warnings)
    }

    enum CodingKeys: String, CodingKey {
      case database, schema, table, target, batches, selected, outdated, conflicts, inserted, skipped, overwritten
      case record, warnings
      case restoreID = "restore_id"
      case holdUntil = "hold_until"
    }
  }
}
