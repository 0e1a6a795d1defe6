import ArchiveModel
import Operations

/// What runs of `archive` and `verify` did, in the text form that Prometheus reads. Counters go on from the page before.
struct MetricsPage {
  private struct Family {
    let name: String
    let isCounter: Bool
    let help: String
  }

  private static let families = [
    Family(name: "archiver_rows_archived_total", isCounter: true, help: "Rows moved to the archive."),
    Family(name: "archiver_batches_total", isCounter: true, help: "Batches committed."),
    Family(name: "archiver_stored_bytes_total", isCounter: true, help: "Bytes stored, compressed."),
    Family(name: "archiver_content_bytes_total", isCounter: true, help: "Bytes before compression."),
    Family(name: "archiver_step_seconds_total", isCounter: true, help: "Time spent in each step of batches."),
    Family(name: "archiver_table_failures_total", isCounter: true, help: "Runs in which the table failed."),
    Family(name: "archiver_runs_total", isCounter: true, help: "Runs by exit code."),
    Family(name: "archiver_remaining_rows", isCounter: false, help: "Eligible rows left by the last run that counted."),
    Family(
      name: "archiver_last_success_timestamp_seconds", isCounter: false,
      help: "When the table's eligible rows were last archived completely."),
    Family(name: "archiver_last_run_timestamp_seconds", isCounter: false, help: "When the last run ended."),
    Family(name: "archiver_last_run_duration_seconds", isCounter: false, help: "How long the last run took."),
    Family(name: "archiver_last_run_exit_code", isCounter: false, help: "Exit code of the last run."),
    Family(
      name: "archiver_verify_findings", isCounter: false, help: "Findings of the last verify that came to an end."),
    Family(
      name: "archiver_verify_last_success_timestamp_seconds", isCounter: false,
      help: "When a verify of that level last found nothing wrong."),
    Family(name: "archiver_verify_last_run_timestamp_seconds", isCounter: false, help: "When the last verify ended."),
    Family(name: "archiver_verify_last_run_exit_code", isCounter: false, help: "Exit code of the last verify."),
    Family(name: "archiver_build_info", isCounter: false, help: "The version that wrote this; always 1."),
  ]

  /// Values by name and labels, as a line of the page spells them.
  private var values: [String: Double] = [:]

  /// Takes over what an earlier page knew; what is no line of such a page is left out.
  init(continuing earlier: String) {
    let names = Set(Self.families.map(\.name)).subtracting(["archiver_build_info"])
    for line in earlier.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else { continue }
      let key = String(line[..<space])
      if names.contains(String(key.prefix { $0 != "{" })) { values[key] = value }
    }
  }

  /// Adds a run that ended with `exitCode` at `now`; without a report it ended before any table was looked at.
  mutating func add(_ report: ArchiveReport?, exitCode: Int32, startedAt: Timestamp, now: Timestamp) {
    for part in report?.tables ?? [] { add(part, now) }
    values["archiver_runs_total" + Self.labels([("code", "\(exitCode)")]), default: 0] += 1
    values["archiver_last_run_timestamp_seconds"] = Self.seconds(now)
    values["archiver_last_run_duration_seconds"] = Self.seconds(now) - Self.seconds(startedAt)
    values["archiver_last_run_exit_code"] = Double(exitCode)
    values["archiver_build_info" + Self.labels([("version", Tool.version)])] = 1
  }

  /// Adds a run of `verify`; without a report it did not come to its end.
  mutating func add(_ report: VerifyReport?, exitCode: Int32, now: Timestamp) {
    if let report {
      values["archiver_verify_findings"] = Double(report.findings.count)
      if report.isSound {
        let labels = Self.labels([("level", report.level.rawValue)])
        values["archiver_verify_last_success_timestamp_seconds" + labels] = Self.seconds(now)
      }
    }
    values["archiver_verify_last_run_timestamp_seconds"] = Self.seconds(now)
    values["archiver_verify_last_run_exit_code"] = Double(exitCode)
    values["archiver_build_info" + Self.labels([("version", Tool.version)])] = 1
  }

  private mutating func add(_ part: ArchiveReport.Table, _ now: Timestamp) {
    let name = [("database", part.name.database), ("schema", part.name.schema), ("table", part.name.table)]
    let labels = Self.labels(name)
    values["archiver_rows_archived_total" + labels, default: 0] += Double(part.rows)
    values["archiver_batches_total" + labels, default: 0] += Double(part.batches)
    values["archiver_stored_bytes_total" + labels, default: 0] += Double(part.bytes)
    values["archiver_content_bytes_total" + labels, default: 0] += Double(part.contentBytes)
    for step in StepDurations.Step.allCases {
      let key = "archiver_step_seconds_total" + Self.labels(name + [("step", step.rawValue)])
      values[key, default: 0] += part.steps[step] / .seconds(1)
    }
    values["archiver_table_failures_total" + labels, default: 0] += part.outcome == .failed ? 1 : 0
    if let remaining = part.remaining { values["archiver_remaining_rows" + labels] = Double(remaining) }
    if part.outcome == .complete {
      values["archiver_last_success_timestamp_seconds" + labels] = Self.seconds(now)
    }
  }

  /// The page, its families in a fixed order.
  var text: String {
    Self.families.map { family in
      let lines = values.keys.filter { $0 == family.name || $0.hasPrefix(family.name + "{") }.sorted()
      guard !lines.isEmpty else { return "" }
      return "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.isCounter ? "counter" : "gauge")\n"
        + lines.map { "\($0) \(Self.number(values[$0] ?? 0))\n" }.joined()
    }.joined()
  }

  private static func labels(_ labels: [(String, String)]) -> String {
    let pairs = labels.map { name, value in
      let escaped = value.unicodeScalars.map { scalar in
        switch scalar {
        case "\\": "\\\\"
        case "\"": "\\\""
        case "\n": "\\n"
        default: String(scalar)
        }
      }
      return "\(name)=\"\(escaped.joined())\""
    }
    return "{" + pairs.joined(separator: ",") + "}"
  }

  private static func number(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }

  private static func seconds(_ time: Timestamp) -> Double {
    Double(time.unixMilliseconds) / 1000
  }
}
