import Foundation
import Operations

extension VerifyPage {
  /// Rows by month as bars; by year when there are more months than fit.
  var chart: String {
    let bars = Self.bars(report.tables)
    guard let most = bars.map(\.rows).max(), most > 0 else { return "" }
    let (width, height, base, left) = (960.0, 260.0, 220.0, 70.0)
    let step = (width - left) / Double(bars.count)
    let labelEvery = max(1, Int((60 / step).rounded(.up)))
    var parts: [String] = []
    for (index, bar) in bars.enumerated() {
      let barHeight = max(1, Double(bar.rows) / Double(most) * (base - 20))
      let x = left + Double(index) * step
      parts.append(
        String(
          format: "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">", x + step * 0.1, base - barHeight,
          max(1, step * 0.8), barHeight)
          + "<title>\(Self.escaped(bar.period)): \(Readable.count(bar.rows)) rows</title></rect>")
      if index.isMultiple(of: labelEvery) {
        parts.append(
          String(format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", x + step / 2, base + 18)
            + "\(Self.escaped(bar.period))</text>")
      }
    }
    return """
      <h2>Rows by period</h2>
      <svg viewBox="0 0 \(Int(width)) \(Int(height))" role="img" aria-label="Rows by period of the rows' time">
      <line x1="\(Int(left))" y1="\(Int(base))" x2="\(Int(width))" y2="\(Int(base))"/>
      <text x="\(Int(left) - 8)" y="24" text-anchor="end">\(Readable.count(most))</text>
      <text x="\(Int(left) - 8)" y="\(Int(base))" text-anchor="end">0</text>
      \(parts.joined(separator: "\n"))
      </svg>
      """
  }

  /// More bars than this cannot be told apart.
  private static let maximumBarCount = 120

  private static func bars(_ tables: [VerifyReport.Table]) -> [(period: String, rows: Int)] {
    var months: [String: Int] = [:]
    for table in tables { months.merge(table.rowsByMonth) { $0 + $1 } }
    if months.count > maximumBarCount {
      months = Dictionary(months.map { (String($0.key.prefix(4)), $0.value) }) { $0 + $1 }
    }
    return months.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
