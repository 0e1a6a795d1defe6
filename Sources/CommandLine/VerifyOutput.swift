import ArchiveModel
import Operations

/// A verification's result as text and as JSON lines.
struct VerifyOutput {
  let report: VerifyReport

  /// A line a table, a line a finding, and the verdict.
  var text: String {
    var table = TextTable([
      .init(title: "table"), .init(title: "result"), .init(title: "batches", isNumber: true),
      .init(title: "objects", isNumber: true, spare: .first), .init(title: "rows", isNumber: true),
      .init(title: "stored", isNumber: true, spare: .first), .init(title: "first row", isTime: true, spare: .last),
      .init(title: "last row", isTime: true, spare: .last),
    ])
    for entry in report.tables {
      table.add([
        PrintableText.escaped(entry.name.description), entry.findings == 0 ? "OK" : Self.findings(entry.findings),
        Readable.count(entry.batches), Readable.count(entry.objects), Readable.count(entry.rows),
        Readable.bytes(entry.bytes), entry.first?.description ?? "", entry.last?.description ?? "",
      ])
    }
    var text = table.isEmpty ? "" : table.text + "\n"
    for finding in report.findings { text += Self.line(finding) }
    for note in report.notes { text += "note: \(PrintableText.escaped(note))\n" }
    for head in report.heads {
      text += PrintableText.escaped("head \(head.sha256) of \(head.key): keep it for --since-head") + "\n"
    }
    let emphasis: Emphasis = report.isSound ? .success : .failure
    return text + emphasis.on(PrintableText.escaped(verdict), .standardOutput) + "\n"
  }

  /// `finding CODE KEY: expected …, found … (…). What it means.`
  private static func line(_ finding: VerifyFinding) -> String {
    let place = finding.key.isEmpty ? finding.batchID.map { "batch \($0)" } ?? "" : finding.key
    let detail = finding.detail.isEmpty ? "" : " (\(finding.detail))"
    return PrintableText.escaped(
      "finding \(finding.code.rawValue) \(place): expected \(finding.expected), found \(finding.found)\(detail). "
        + finding.code.meaning) + "\n"
  }

  /// The whole result in one sentence.
  var verdict: String {
    let sample = report.sample.map { ", sample \($0.part)/\($0.count)" } ?? ""
    let selection = report.selection.isEmpty ? "" : ", only \(report.selection.joined(separator: " "))"
    let signatures = report.trustedKeyCount > 0 ? ", signatures checked" : ""
    let how = "level \(report.level.rawValue)\(sample)\(selection)\(signatures), \(Readable.duration(report.duration))"
    if report.batchCount == 0, report.isSound { return "OK: no batches in \(report.location) (\(how))" }
    let what =
      "\(Readable.count(report.batchCount, "batch", "batches")), \(Readable.count(report.objectCount, "object")), "
      + "\(Readable.count(report.rowCount, "row")), \(Readable.bytes(report.byteCount))"
    return report.isSound
      ? "OK: \(what) (\(how))" : "NOT OK: \(Self.findings(report.findings.count)) in \(what) (\(how))"
  }

  static func findings(_ count: Int) -> String {
    Readable.count(count, "finding")
  }

  /// One object a finding, then one with the summary.
  var jsonLines: String {
    report.findings.map { JSONOutput.line(FindingLine($0)) }.joined() + JSONOutput.line(SummaryLine(report))
  }

  /// The summary that a webhook is sent, with the first findings.
  func notice(exitCode: Int32) -> Notice {
    Notice(
      exitCode: exitCode, summary: Summary(report), findings: report.findings.prefix(100).map(FindingLine.init))
  }

  struct Notice: Encodable {
    var command = "verify"
    var exitCode: Int32
    fileprivate var summary: Summary
    fileprivate var findings: [FindingLine]

    enum CodingKeys: String, CodingKey {
      case command, summary, findings
      case exitCode = "exit_code"
    }
  }

  fileprivate struct FindingLine: Encodable {
    var code: String
    var table: String?
    var key: String
    var batchID: UUIDv7?
    var expected: String
    var found: String
    var detail: String
    var meaning: String

    init(_ finding: VerifyFinding) {
      (code, key, batchID) = (finding.code.rawValue, finding.key, finding.batchID)
      table = finding.table?.description
      (expected, found, detail) = (finding.expected, finding.found, finding.detail)
      meaning = finding.code.meaning
    }

    enum CodingKeys: String, CodingKey {
      case code, table, key, expected, found, detail, meaning
      case batchID = "batch_id"
    }
  }

  private struct SummaryLine: Encodable {
    var summary: Summary

    init(_ report: VerifyReport) { summary = Summary(report) }
  }

  fileprivate struct Summary: Encodable {
    var runID: UUIDv7
    var storage: String
    var level: String
    var sample: String?
    var selection: [String]
    var trustedKeys: Int
    var sinceHeads: [String]
    var seconds: Double
    var batches: Int
    var objects: Int
    var rows: Int
    var bytes: Int
    var findings: Int
    var runRecords: Int
    var heads: [RunRecord.DocumentReference]
    var notes: [String]
    var tables: [Table]

    init(_ report: VerifyReport) {
      (runID, storage, level) = (report.runID, report.location, report.level.rawValue)
      sample = report.sample.map { "\($0.part)/\($0.count)" }
      selection = report.selection
      (trustedKeys, sinceHeads) = (report.trustedKeyCount, report.keptHeads)
      let (whole, fraction) = report.duration.components
      seconds = Double(whole) + Double(fraction / 1_000_000_000_000_000) / 1000
      (batches, objects, rows) = (report.batchCount, report.objectCount, report.rowCount)
      (bytes, findings, notes) = (report.byteCount, report.findings.count, report.notes)
      (runRecords, heads) = (report.runRecords, report.heads)
      tables = report.tables.map(Table.init)
    }

    enum CodingKeys: String, CodingKey {
      case storage, level, sample, selection, seconds, batches, objects, rows, bytes, findings, heads, notes, tables
      case runID = "run_id"
      case runRecords = "run_records"
      case trustedKeys = "trusted_keys"
      case sinceHeads = "since_heads"
    }
  }

  fileprivate struct Table: Encodable {
    var table: String
    var batches: Int
    var objects: Int
    var rows: Int
    var bytes: Int
    var contentBytes: Int
    var findings: Int
    var first: Timestamp?
    var last: Timestamp?

    init(_ table: VerifyReport.Table) {
      self.table = table.name.description
      (batches, objects, rows, bytes) = (table.batches, table.objects, table.rows, table.bytes)
      (contentBytes, findings, first, last) = (table.contentBytes, table.findings, table.first, table.last)
    }

    enum CodingKeys: String, CodingKey {
      case table, batches, objects, rows, bytes, findings, first, last
      case contentBytes = "content_bytes"
    }
  }
}
