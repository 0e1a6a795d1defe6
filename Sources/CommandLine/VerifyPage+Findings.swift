import ArchiveModel
import Operations

extension VerifyPage {
  /// Every finding: what and where, what there should be, what there is, and what that means.
  var findings: String {
    let items = report.findings.map { finding in
      let place = finding.key.isEmpty ? finding.batchID.map { "batch \($0)" } ?? report.location : finding.key
      var facts = [("Expected", finding.expected), ("Found", finding.found)]
      if !finding.detail.isEmpty { facts.append(("Detail", finding.detail)) }
      let lines = facts.map { "<dt>\($0.0)</dt><dd>\(Self.prose($0.1))</dd>" }
      return """
        <article>
        <h3>\(Self.escaped(finding.code.rawValue))</h3>
        <p class="place">\(Self.path(place))</p>
        <dl class="facts">\(lines.joined())</dl>
        <p>\(Self.prose(finding.code.meaning))</p>
        </article>
        """
    }
    return Self.section("findings", "Findings", items.isEmpty ? "<p>None.</p>" : items.joined(separator: "\n"))
  }

  /// The run records that no other one names.
  var heads: String {
    guard !report.heads.isEmpty else { return "" }
    let rows = report.heads.map {
      "<tr><td data-label=\"SHA-256\"><code>\(Self.escaped($0.sha256))</code></td>"
        + "<td data-label=\"Run record\">\(Self.path($0.key))</td></tr>"
    }
    let options = report.heads.map { " \\\n  --since-head \(Self.escaped($0.sha256))" }
    return Self.section(
      "heads", report.heads.count == 1 ? "The head to keep" : "The heads to keep",
      """
      <p>Keep this page, or these sums, outside the bucket. The next verification proves by them that nothing written
      before was altered or removed.</p>
      <div class="wide"><table><thead><tr><th scope="col">SHA-256</th><th scope="col">Run record</th></tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
      <pre>archiver verify\(options.joined())</pre>
      """)
  }

  /// Text in which commands stand between backquotes.
  static func prose(_ text: String) -> String {
    escaped(text).split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .map { $0.offset.isMultiple(of: 2) ? String($0.element) : "<code>\($0.element)</code>" }.joined()
  }
}
