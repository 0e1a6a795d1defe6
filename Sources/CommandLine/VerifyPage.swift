import ArchiveModel
import Operations

/// A verification's result as one HTML page that needs nothing else: no script, no font, no address to load from.
///
/// The verdict comes first, then what an auditor asks next: how much was looked at, what was found, and how to see for
/// oneself. Whatever comes from the archive passes `escaped`.
struct VerifyPage {
  let report: VerifyReport

  var html: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <title>Archive verification: \(report.isSound ? "OK" : "NOT OK")</title>
    <style>\(Self.style)</style>
    </head>
    <body>
    <main>
    <h1>Archive verification</h1>
    <p class="verdict \(report.isSound ? "good" : "bad")">\(Self.escaped(VerifyOutput(report: report).verdict))</p>
    \(totals)
    \(findings)
    \(chart)
    \(tables)
    \(notes)
    \(heads)
    \(byHand)
    \(facts)
    </main>
    </body>
    </html>

    """
  }

  private var totals: String {
    let content = report.tables.reduce(0) { $0 + $1.contentBytes }
    let figures = [
      ("Findings", Readable.count(report.findings.count)), ("Tables", Readable.count(report.tables.count)),
      ("Batches", Readable.count(report.batchCount)), ("Objects", Readable.count(report.objectCount)),
      ("Rows", Readable.count(report.rowCount)), ("Stored", Readable.bytes(report.byteCount)),
      ("Unpacked", Readable.bytes(content)), ("Run records", Readable.count(report.runRecords)),
    ]
    let items = figures.map { "<div><dt>\($0.0)</dt><dd>\(Self.escaped($0.1))</dd></div>" }
    return "<dl class=\"totals\">\(items.joined())</dl>"
  }

  private var notes: String {
    guard !report.notes.isEmpty else { return "" }
    let items = report.notes.map { "<li>\(Self.prose($0))</li>" }
    return Self.section("notes", "Notes", "<ul>\(items.joined())</ul>")
  }

  /// What the result is of, last: it serves to find the run again.
  private var facts: String {
    let facts = [
      ("Archive", report.location), ("Level", levelText), ("Selection", selectionText),
      ("Signatures", signatureText), ("Kept head", headText),
      ("Started", report.startedAt.description),
      ("Took", Readable.duration(report.duration)), ("Run", report.runID.description), ("Tool", Tool.name),
    ]
    let items = facts.map { "<dt>\($0.0)</dt><dd>\(Self.escaped($0.1))</dd>" }
    return Self.section("facts", "This verification", "<dl class=\"facts\">\(items.joined())</dl>")
  }

  private var signatureText: String {
    report.trustedKeyCount == 0
      ? "not looked at, as no trusted key was given"
      : "of every manifest, run record and marker, checked with \(report.trustedKeyCount.of("trusted key"))"
  }

  private var headText: String {
    report.keptHeads.isEmpty
      ? "none was given, so that nothing shows whether the newest runs were taken away"
      : report.keptHeads.joined(separator: ", ")
  }

  private var levelText: String {
    let sample = report.sample.map { ", part \($0.part) of \($0.count)" } ?? ""
    return switch report.level {
    case .head: "head: manifests and the sizes of objects\(sample)"
    case .full: "full: every object was read and checked row by row\(sample)"
    case .database: "database: every row was checked and its key looked up in the source database\(sample)"
    }
  }

  private var selectionText: String {
    report.selection.isEmpty
      ? "the whole archive" : "only \(report.selection.joined(separator: " ")); nothing else was looked at"
  }

  static func section(_ name: String, _ title: String, _ content: String) -> String {
    "<section id=\"\(name)\">\n<h2>\(escaped(title))</h2>\n\(content)\n</section>"
  }

  /// A key that may be broken where a folder ends.
  static func path(_ key: String) -> String {
    "<code>\(escaped(key).replacing("/", with: "/<wbr>"))</code>"
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
}
