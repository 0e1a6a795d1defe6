import ArchiveModel
import Operations

/// A verification's result as one HTML page that needs nothing else: no script, no font, no address to load from.
struct VerifyPage {
  let report: VerifyReport

  var html: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <title>Archive verification: \(report.isSound ? "OK" : "NOT OK")</title>
    <style>\(Self.style)</style>
    </head>
    <body>
    <main>
    <h1>Archive verification</h1>
    <p class="verdict \(report.isSound ? "good" : "bad")">\(Self.escaped(VerifyOutput(report: report).verdict))</p>
    <dl>
    \(fact("Archive", report.location))\(fact("Started", report.startedAt.description))\(fact("Level", levelText))\
    \(fact("Run records read", Readable.count(report.runRecords)))\(fact("Run", report.runID.description))\
    \(fact("Tool", Tool.name))
    </dl>
    \(tables)
    \(chart)
    \(findings)
    \(notes)
    \(byHand)
    </main>
    </body>
    </html>

    """
  }

  private var levelText: String {
    let sample = report.sample.map { ", part \($0.part) of \($0.count)" } ?? ""
    return switch report.level {
    case .head: "head: manifests and the sizes of objects\(sample)"
    case .full: "full: every object was read and checked row by row\(sample)"
    case .database: "database: every row was checked and its key looked up in the source database\(sample)"
    }
  }

  private func fact(_ name: String, _ value: String) -> String {
    "<dt>\(Self.escaped(name))</dt><dd>\(Self.escaped(value))</dd>\n"
  }

  private var tables: String {
    guard !report.tables.isEmpty else { return "<p>The archive holds no batches of this selection.</p>" }
    let rows = report.tables.map { table in
      Self.row(
        [table.name.description, table.findings == 0 ? "OK" : VerifyOutput.findings(table.findings)]
          + [table.batches, table.objects, table.rows].map(Readable.count) + [
            Readable.bytes(table.bytes), table.first?.description ?? "", table.last?.description ?? "",
          ], numbers: 2...5)
    }
    return Self.table(
      "Tables", ["Table", "Result", "Batches", "Objects", "Rows", "Bytes", "First row", "Last row"], rows,
      numbers: 2...5)
  }

  private var findings: String {
    guard !report.findings.isEmpty else { return "<h2>Findings</h2>\n<p>None.</p>" }
    let rows = report.findings.map { finding in
      Self.row([
        finding.code.rawValue, finding.key.isEmpty ? finding.batchID?.description ?? "" : finding.key,
        finding.expected, finding.found + (finding.detail.isEmpty ? "" : " (\(finding.detail))"), finding.code.meaning,
      ])
    }
    return Self.table("Findings", ["Code", "Object", "Expected", "Found", "What it means"], rows)
  }

  private var notes: String {
    guard !report.notes.isEmpty else { return "" }
    return "<h2>Not looked at</h2>\n<ul>\(report.notes.map { "<li>\(Self.escaped($0))</li>" }.joined())</ul>"
  }

  private var byHand: String {
    """
    <h2>Check it by hand</h2>
    <p>Take a manifest, <code>_BATCH.manifest.json</code>, and the objects it names. For each of them:</p>
    <pre>sha256sum BATCH.jsonl.gz            # the manifest's objects[].sha256
    zcat BATCH.jsonl.gz | sha256sum     # objects[].content_sha256
    zcat BATCH.jsonl.gz | wc -l         # objects[].rows
    sha256sum _BATCH.manifest.json      # the sha256 in the run's record under _runs/</pre>
    <p>In every manifest, <code>counts.database</code>, <code>fetched</code>, <code>stored</code> and <code>deleted</code>
    are the same number.</p>
    """
  }

  private static func table(
    _ title: String, _ columns: [String], _ rows: [String], numbers: ClosedRange<Int>? = nil
  ) -> String {
    let head = columns.indices.map { index in
      "<th scope=\"col\"\(numbers?.contains(index) == true ? " class=\"number\"" : "")>\(escaped(columns[index]))</th>"
    }
    return """
      <h2>\(escaped(title))</h2>
      <div class="wide"><table>
      <thead><tr>\(head.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table></div>
      """
  }

  private static func row(_ cells: [String], numbers: ClosedRange<Int>? = nil) -> String {
    let cells = cells.indices.map { index in
      "<td\(numbers?.contains(index) == true ? " class=\"number\"" : "")>\(escaped(cells[index]))</td>"
    }
    return "<tr>\(cells.joined())</tr>"
  }

  /// Safe as text and within a quoted attribute; what could turn text around is spelled out.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in PrintableText.escaped(text).unicodeScalars {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }

  private static let style = """
    :root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d1d9e0;--paper:#fff;--bar:#2f6f9f;\
    --good:#1a6b34;--bad:#a3201a}
    @media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa4ae;--line:#3a424b;--paper:#14181c;--bar:#6fb1de;\
    --good:#6fd08c;--bad:#ff8f86}}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
    main{max-width:72rem;margin:0 auto;padding:1rem}
    h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
    .verdict{font-size:1.15rem;font-weight:600;border-left:.4rem solid;padding:.5rem .8rem}
    .good{color:var(--good)}.bad{color:var(--bad)}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:var(--soft)}
    dd{margin:0;overflow-wrap:anywhere}
    .wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
    th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line);\
    overflow-wrap:anywhere}
    th,td:first-child{white-space:nowrap}th{color:var(--soft);font-weight:600}
    .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
    pre{overflow-x:auto;border:1px solid var(--line);padding:.8rem}
    svg{width:100%;height:auto}svg rect{fill:var(--bar)}svg text{fill:var(--soft);font-size:11px}
    svg line{stroke:var(--line)}
    @media print{body{font-size:11pt}.wide{overflow:visible}tr{break-inside:avoid}}
    """
}
