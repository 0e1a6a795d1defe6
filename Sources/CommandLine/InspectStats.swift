import ArchiveModel
import Foundation
import Operations

/// Rows and bytes by period, table by table.
struct InspectStats {
  let batches: [ArchivedBatch]
  let unit: PartitionUnit

  private var byTable: [(name: TableName, batches: [ArchivedBatch])] {
    Dictionary(grouping: batches) { $0.manifest.source.name }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  var text: String {
    guard !batches.isEmpty else { return "no batches\n" }
    let tables = byTable.map { name, batches in
      let totals = ArchiveTotals.all(batches)
      let heading =
        "\(PrintableText.escaped(name.description)): \(Readable.count(totals.rows)) rows, "
        + "\(Readable.bytes(totals.bytes)) stored, \(InspectList.ratio(totals)) times smaller than the rows\n"
      return heading + chart(ArchiveTotals.byPeriod(batches, unit))
    }
    return ((tables.count > 1 ? [biggest] : []) + tables).joined(separator: "\n")
  }

  /// The tables by what they take, the biggest first.
  private var biggest: String {
    let tables = ArchiveTotals.byTable(batches).sorted { $0.totals.bytes > $1.totals.bytes }
    var text = TextTable([
      .init(title: "table"), .init(title: "rows", isNumber: true), .init(title: "stored", isNumber: true),
      .init(title: "ratio", isNumber: true, spare: .last),
    ])
    for (name, totals) in tables {
      text.add(
        [
          PrintableText.escaped(name.description), Readable.count(totals.rows), Readable.bytes(totals.bytes),
          InspectList.ratio(totals),
        ], bar: Self.share(totals.bytes, of: tables[0].totals.bytes))
    }
    return text.text
  }

  private func chart(_ periods: [(period: String, totals: ArchiveTotals)]) -> String {
    let most = periods.map(\.totals.rows).max() ?? 0
    var text = TextTable([
      .init(title: unit.rawValue, isWhole: true), .init(title: "rows", isNumber: true),
      .init(title: "growth", isNumber: true, spare: .last), .init(title: "stored", isNumber: true, spare: .last),
      .init(title: "ratio", isNumber: true, spare: .last),
    ])
    var before: Int?
    for (period, totals) in periods {
      text.add(
        [
          period, Readable.count(totals.rows), Self.growth(from: before, to: totals.rows),
          Readable.bytes(totals.bytes), InspectList.ratio(totals),
        ], bar: Self.share(totals.rows, of: most))
      before = totals.rows
    }
    return text.text
  }

  /// `+12 %` against the period before; nothing where there is none to compare with.
  static func growth(from before: Int?, to rows: Int) -> String {
    guard let before, before > 0 else { return "" }
    return String(format: "%+.0f %%", (Double(rows) / Double(before) - 1) * 100)
  }

  private static func share(_ value: Int, of most: Int) -> Double {
    most > 0 ? Double(value) / Double(most) : 0
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
