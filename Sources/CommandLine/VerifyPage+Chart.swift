import Foundation
import Operations

extension VerifyPage {
  /// Rows by period of the row time, all tables together.
  var chart: String {
    var months: [String: Int] = [:]
    for table in report.tables { months.merge(table.rowsByMonth) { $0 + $1 } }
    let chart = VerifyChart(months)
    guard let most = chart.bars.map(\.rows).max(), most > 0 else { return "" }
    return Self.section(
      "periods", "Rows by \(chart.unit)", Self.drawing(chart.bars, upTo: VerifyChart.scale(above: most)))
  }

  /// Lengths across are shares of the width and lengths down are pixels, so that the text keeps its size on any screen.
  private static func drawing(_ bars: [VerifyChart.Bar], upTo scale: Int) -> String {
    let (top, base) = (18.0, 198.0)
    let step = 100 / Double(bars.count)
    var parts: [String] = []
    var scaleTexts: [String] = []
    for (share, rows) in [(1.0, scale), (0.5, scale / 2)] where rows > 0 && (share == 1 || scale > 1) {
      let y = base - share * (base - top)
      parts.append(String(format: "<line x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>", y, y))
      scaleTexts.append(
        String(format: "<text class=\"scale\" x=\"0\" y=\"%.1f\">", y - 4) + "\(Readable.count(rows))</text>")
    }
    // One month's bar need not fill the page.
    let width = min(step * 0.8, 12)
    for (index, bar) in bars.enumerated() where bar.rows > 0 {
      let height = max(1, Double(bar.rows) / Double(scale) * (base - top))
      parts.append(
        String(
          format: "<rect x=\"%.3f%%\" width=\"%.3f%%\" y=\"%.1f\" height=\"%.1f\">",
          (Double(index) + 0.5) * step - width / 2, width, base - height, height)
          + "<title>\(escaped(bar.period)): \(Readable.count(bar.rows)) rows</title></rect>")
    }
    parts.append(String(format: "<line class=\"base\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>", base, base))
    for index in labelled(bars.count) {
      // At the edges a narrow bar's name would stick out.
      let (x, anchor): (Double, String) =
        step < 20 && index == 0
        ? (0, "start")
        : step < 20 && index == bars.count - 1 ? (100, "end") : ((Double(index) + 0.5) * step, "middle")
      parts.append(
        String(format: "<text x=\"%.3f%%\" y=\"%.1f\" text-anchor=\"%@\">", x, base + 18, anchor)
          + "\(escaped(bars[index].period))</text>")
    }
    // In front of the bars, which would hide them.
    parts += scaleTexts
    return """
      <svg class="chart" width="100%" height="224" role="img" aria-label="Bars: rows by period of the rows' time">
      \(parts.joined(separator: "\n"))
      </svg>
      """
  }

  /// The bars to name: the first, the last and at most two between, which a phone has room for.
  private static func labelled(_ count: Int) -> [Int] {
    count <= 4 ? Array(0..<count) : [0, count / 3, count * 2 / 3, count - 1]
  }
}
