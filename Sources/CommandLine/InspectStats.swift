import ArchiveModel
import Foundation
import Operations

/// Rows and bytes by period, table by table.
struct InspectStats {
  let batches: [ArchivedBatch]
  let unit: PartitionUnit

  /// Columns that the longest bar takes.
  private static let barWidth = 40

  private var byTable: [(name: TableName, batches: [ArchivedBatch])] {
    Dictionary(grouping: batches) { $0.manifest.source.name }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  var text: String {
    guard !batches.isEmpty else { return "no batches\n" }
    return byTable.map { name, batches in
      let totals = ArchiveTotals.all(batches)
      let heading =
        "\(PrintableText.escaped(name.description)): \(Readable.count(totals.rows)) rows, "
        + "\(Readable.bytes(totals.bytes)) stored, \(InspectList.ratio(totals)) times smaller than the rows\n"
      return heading + chart(ArchiveTotals.byPeriod(batches, unit))
    }.joined(separator: "\n")
  }

  private func chart(_ periods: [(period: String, totals: ArchiveTotals)]) -> String {
    let most = periods.map(\.totals.rows).max() ?? 0
    var text = TextTable([
      .init(title: unit.rawValue), .init(title: "rows", isNumber: true), .init(title: "stored", isNumber: true),
      .init(title: "ratio", isNumber: true), .init(title: ""),
    ])
    for (period, totals) in periods {
      text.add([
        period, Readable.count(totals.rows), Readable.bytes(totals.bytes), InspectList.ratio(totals),
        Self.bar(totals.rows, of: most),
      ])
    }
    return text.text
  }

  /// A bar to an eighth of a column.
  static func bar(_ value: Int, of most: Int) -> String {
    guard most > 0, value > 0 else { return "" }
    let eighths = max(1, Int((Double(value) / Double(most) * Double(barWidth * 8)).rounded()))
    let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    return String(repeating: "█", count: eighths / 8) + partial
  }

  var jsonLines: String {
    byTable.flatMap { name, batches in
      ArchiveTotals.byPeriod(batches, unit).map { period, totals in
        JSONOutput.line(Line(table: name.description, period: period, totals: TotalsValue(totals)))
      }
    }.joined()
  }

  private struct Line: Encodable {
    var table: String
    var period: String
    var totals: TotalsValue
  }
}
