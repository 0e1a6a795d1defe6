import ArchiveModel
import Foundation
import Operations

extension VerifyPage {
  /// A line a table, and behind it its rows by period.
  var tables: String {
    guard !report.tables.isEmpty else {
      return Self.section("tables", "Tables", "<p>The archive holds no batches of this selection.</p>")
    }
    let titles = ["Table", "Result", "Batches", "Objects", "Rows", "Stored", "Ratio", "First row", "Last row"]
    let head = titles.enumerated().map { "<th scope=\"col\"\(Self.mark($0.offset))>\($0.element)</th>" }
    let rows = report.tables.map { table in
      let ratio = table.bytes > 0 ? String(format: "%.1f", Double(table.contentBytes) / Double(table.bytes)) : ""
      let cells = [
        table.name.description, table.findings == 0 ? "OK" : VerifyOutput.findings(table.findings),
        Readable.count(table.batches), Readable.count(table.objects), Readable.count(table.rows),
        Readable.bytes(table.bytes), ratio, Self.second(table.first), Self.second(table.last),
      ]
      let columns = cells.enumerated().map { index, cell in
        let text =
          switch index {
          case 0: Self.escaped(cell).replacing(".", with: ".<wbr>")
          case 7...: Self.dateAndTime(cell)
          default: Self.escaped(cell)
          }
        return "<td data-label=\"\(titles[index])\"\(Self.mark(index, isBad: table.findings > 0))>\(text)</td>"
      }
      return "<tr>\(columns.joined())</tr>"
    }
    return Self.section(
      "tables", "Tables",
      """
      <div class="wide"><table>
      <thead><tr>\(head.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table></div>
      \(report.tables.map(Self.periods).joined(separator: "\n"))
      """)
  }

  /// Without what is less than a second: the column is for people.
  private static func second(_ time: Timestamp?) -> String {
    time?.description.replacing(/\.\d+/, with: "") ?? ""
  }

  /// Breaks, where it must, between date and time.
  private static func dateAndTime(_ text: String) -> String {
    let parts = escaped(text).split(separator: "T").enumerated()
      .map { "<span class=\"unit\">\($0.offset == 0 ? "" : "T")\($0.element)</span>" }
    // On a phone a cell lays out its children one beside the other: one child only.
    return "<span>\(parts.joined())</span>"
  }

  private static func mark(_ column: Int, isBad: Bool? = nil) -> String {
    switch column {
    case 1: isBad.map { " class=\"\($0 ? "bad" : "good")\"" } ?? ""
    case 2...6: " class=\"number\""
    default: ""
    }
  }

  /// One table's rows by period, folded until asked for.
  private static func periods(_ table: VerifyReport.Table) -> String {
    let months = table.rowsByMonth.sorted { $0.key < $1.key }
    guard let most = months.map(\.value).max(), most > 0 else { return "" }
    let rows = months.map { month, count in
      let width = String(format: "%.1f", Double(count) / Double(most) * 100)
      return "<tr><td>\(escaped(VerifyChart.name(month)))</td><td class=\"number\">\(Readable.count(count))</td>"
        + "<td class=\"share\"><svg height=\"10\" aria-hidden=\"true\">"
        + "<rect width=\"\(width)%\" height=\"10\"/></svg></td></tr>"
    }
    return """
      <details><summary>\(escaped(table.name.description)): rows by month</summary>
      <table class="periods">
      <thead><tr><th scope="col">Month</th><th scope="col" class="number">Rows</th><th scope="col"></th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table></details>
      """
  }
}
