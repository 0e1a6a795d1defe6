import ArchiveModel
import Operations
import Testing

@testable import CommandLine

@Suite("What is printed of an archive") struct PresentationTests {
  private func report(findings: [VerifyFinding] = []) -> VerifyReport {
    var report = VerifyReport(
      runID: UUIDv7(unixMilliseconds: 0), location: "s3://bucket/<b>", level: .full, sample: nil,
      startedAt: Timestamp(microseconds: 0))
    report.findings = findings
    return report
  }

  @Test(
    "spells out what could steer a terminal",
    arguments: [
      ("plain ü 漢字", "plain ü 漢字"), ("\u{1b}[2J", "\\u{1b}[2J"), ("a\nb", "a\\u{a}b"), ("\u{202e}x", "\\u{202e}x"),
      ("\u{9b}0m", "\\u{9b}0m"), ("\u{2028}", "\\u{2028}"),
    ])
  func printable(text: String, expected: String) {
    #expect(PrintableText.escaped(text) == expected)
  }

  @Test("escapes a finding on the page and in the text")
  func hostileFinding() {
    let finding = VerifyFinding(
      .manifest, key: "<script>alert(1)</script>\u{1b}[2J", expected: "\"a\" & 'b'", found: "<img src=x>")
    let page = VerifyPage(report: report(findings: [finding])).html
    #expect(!page.contains("<script") && !page.contains("<img") && !page.contains("\u{1b}"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/<wbr>script&gt;\\u{1b}[2J"))
    #expect(page.contains("&quot;a&quot; &amp; &#39;b&#39;"))
    #expect(!VerifyOutput(report: report(findings: [finding])).text.contains("\u{1b}"))
  }

  @Test("loads nothing from elsewhere")
  func selfContained() {
    let page = VerifyPage(report: report()).html
    for mark in ["http://", "https://", " src=", "<link", "@import", "url("] { #expect(!page.contains(mark)) }
  }

  @Test("charts every period from the first to the last, in months, or in longer ones where there are too many")
  func chartPeriods() {
    let months = VerifyChart(["2024-11": 3, "2025-02": 1, "__HIVE_DEFAULT_PARTITION__": 7])
    #expect(months.bars.map(\.period) == ["2024-11", "2024-12", "2025-01", "2025-02", "no date"])
    #expect(months.bars.map(\.rows) == [3, 0, 0, 1, 7])
    let years = VerifyChart(["2010-12": 1, "2011-01": 2, "2025-02": 1])
    #expect(years.unit == "year" && years.bars.count == 16 && years.bars[1] == .init(period: "2011", rows: 2))
    let all = VerifyChart(["0001-01": 1, "9999-12": 2])
    #expect(all.bars.count == 100 && all.bars.last == .init(period: "9900–9999", rows: 2))
    #expect(VerifyChart([:]).bars.isEmpty)
  }

  @Test("scales a chart to a round number", arguments: [(1, 1), (2, 2), (3, 5), (850, 1000), (.max, .max)])
  func chartScale(most: Int, expected: Int) {
    #expect(VerifyChart.scale(above: most) == expected)
  }

  @Test("gives the verdict first", arguments: [false, true])
  func verdict(isSound: Bool) {
    let finding = VerifyFinding(.gap, key: "k", expected: "e", found: "f")
    let report = report(findings: isSound ? [] : [finding])
    let verdict = VerifyOutput(report: report).verdict
    #expect(verdict.hasPrefix(isSound ? "OK: no batches in" : "NOT OK: 1 finding in"))
    #expect(VerifyOutput(report: report).text.hasSuffix(verdict + "\n"))
    #expect(VerifyPage(report: report).html.contains(isSound ? "class=\"verdict good\"" : "class=\"verdict bad\""))
  }

  @Test("prints one JSON object a finding, and the summary last")
  func jsonLines() {
    let finding = VerifyFinding(.gap, key: "k", expected: "e", found: "f", detail: "d")
    let lines = VerifyOutput(report: report(findings: [finding])).jsonLines.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].contains(#""code":"gap","detail":"d","expected":"e","found":"f","key":"k""#))
    #expect(lines[1].hasPrefix(#"{"summary":{"#))
  }

  @Test(
    "writes CSV fields as PostgreSQL does",
    arguments: [
      (nil, ""), ("", "\"\""), ("a", "a"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("a\nb", "\"a\nb\""),
      ("\\.", "\"\\.\""), (" a ", " a "),
    ] as [(String?, String)])
  func csvField(value: String?, expected: String) {
    #expect(CSVPrinter.field(value) == expected)
  }

  @Test(
    "draws bars to an eighth of a column",
    arguments: [(0, ""), (1, "▏"), (500, String(repeating: "█", count: 20)), (1000, String(repeating: "█", count: 40))])
  func bar(value: Int, expected: String) {
    #expect(TextTable.bar(Double(value) / 1000, width: 40) == expected)
  }

  @Test(
    "tells growth against the period before",
    arguments: [(nil, 5, ""), (0, 5, ""), (100, 112, "+12 %"), (100, 50, "-50 %"), (7, 7, "+0 %")]
      as [(Int?, Int, String)])
  func growth(before: Int?, rows: Int, expected: String) {
    #expect(InspectStats.growth(from: before, to: rows) == expected)
  }
}
