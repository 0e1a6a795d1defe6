import ArchiveModel
import Foundation
import Operations

/// Tables and batches as text and as JSON lines.
struct InspectList {
  let batches: [ArchivedBatch]
  /// Batches that are left out, by table.
  let superseded: [TableName: [UUIDv7]]

  var tablesText: String {
    let tables = ArchiveTotals.byTable(batches)
    guard !tables.isEmpty else { return Self.nothing }
    var text = TextTable([
      .init(title: "table"), .init(title: "batches", isNumber: true),
      .init(title: "objects", isNumber: true, spare: .first), .init(title: "rows", isNumber: true),
      .init(title: "stored", isNumber: true, spare: .last), .init(title: "ratio", isNumber: true, spare: .first),
      .init(title: "first row", isTime: true, spare: .last), .init(title: "last row", isTime: true, spare: .last),
    ])
    for (name, totals) in tables { text.add(Self.cells(name.description, totals)) }
    if tables.count > 1 { text.add(Self.cells("all", ArchiveTotals.all(batches))) }
    return text.text
  }

  private static let nothing = "no batches\n"

  private static func cells(_ name: String, _ totals: ArchiveTotals) -> [String] {
    [
      PrintableText.escaped(name), Readable.count(totals.batches), Readable.count(totals.objects),
      Readable.count(totals.rows), Readable.bytes(totals.bytes), ratio(totals), totals.first?.description ?? "",
      totals.last?.description ?? "",
    ]
  }

  static func ratio(_ totals: ArchiveTotals) -> String { totals.ratio.map { String(format: "%.1f", $0) } ?? "" }

  var batchesText: String {
    guard !batches.isEmpty else { return Self.nothing }
    var text = TextTable([
      .init(title: "batch", isWhole: true), .init(title: "table", spare: .last),
      .init(title: "partition", spare: .last), .init(title: "objects", isNumber: true, spare: .first),
      .init(title: "rows", isNumber: true, spare: .last), .init(title: "stored", isNumber: true, spare: .first),
      .init(title: "ratio", isNumber: true, spare: .first), .init(title: "first row", isTime: true, spare: .last),
      .init(title: "last row", isTime: true, spare: .last),
    ])
    for batch in batches {
      let manifest = batch.manifest
      text.add([
        manifest.batchID.description, PrintableText.escaped(manifest.source.name.description),
        PrintableText.escaped(manifest.partition), Readable.count(manifest.objects.count),
        Readable.count(manifest.rowCount), Readable.bytes(manifest.byteCount), Self.ratio(ArchiveTotals.all([batch])),
        manifest.range.first.time.description, manifest.range.last.time.description,
      ])
    }
    if batches.count > 1 {
      let totals = ArchiveTotals.all(batches)
      text.add([
        "all \(Readable.count(totals.batches))", "", "", Readable.count(totals.objects), Readable.count(totals.rows),
        Readable.bytes(totals.bytes), Self.ratio(totals), totals.first?.description ?? "",
        totals.last?.description ?? "",
      ])
    }
    return text.text
  }

  var tablesJSON: String {
    ArchiveTotals.byTable(batches).map {
      JSONOutput.line(TableLine(name: $0.name, totals: $0.totals, superseded: superseded[$0.name]?.count ?? 0))
    }.joined()
  }

  var batchesJSON: String { batches.map { JSONOutput.line(BatchLine($0)) }.joined() }

  private struct TableLine: Encodable {
    var database: String
    var schema: String
    var table: String
    var totals: TotalsValue
    var superseded: Int

    init(name: TableName, totals: ArchiveTotals, superseded: Int) {
      self.superseded = superseded
      (database, schema, table) = (name.database, name.schema, name.table)
      self.totals = TotalsValue(totals)
    }

    enum CodingKeys: String, CodingKey { case database, schema, table, superseded }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(database, forKey: .database)
      try container.encode(schema, forKey: .schema)
      try container.encode(table, forKey: .table)
      try container.encode(superseded, forKey: .superseded)
      try totals.encode(to: encoder)
    }
  }

  private struct BatchLine: Encodable {
    var batchID: UUIDv7
    var runID: UUIDv7
    var database: String
    var schema: String
    var table: String
    var partition: String
    var objects: Int
    var rows: Int
    var bytes: Int
    var contentBytes: Int
    var first: Timestamp
    var last: Timestamp
    var committedAt: Timestamp?
    var manifest: String
    var manifestSHA256: String

    init(_ batch: ArchivedBatch) {
      let found = batch.manifest
      (batchID, runID, partition) = (found.batchID, found.runID, found.partition)
      (database, schema, table) = (found.source.database, found.source.schema, found.source.table)
      (objects, rows, bytes) = (found.objects.count, found.rowCount, found.byteCount)
      (contentBytes, first, last) = (found.contentByteCount, found.range.first.time, found.range.last.time)
      (committedAt, manifest, manifestSHA256) = (found.committedAt, batch.key, batch.sha256Text)
    }

    enum CodingKeys: String, CodingKey {
      case database, schema, table, partition, objects, rows, bytes, first, last, manifest
      case batchID = "batch_id"
      case runID = "run_id"
      case contentBytes = "content_bytes"
      case committedAt = "committed_at"
      case manifestSHA256 = "manifest_sha256"
    }
  }
}

/// Totals as JSON.
struct TotalsValue: Encodable {
  var batches: Int
  var objects: Int
  var rows: Int
  var bytes: Int
  var contentBytes: Int
  var first: Timestamp?
  var last: Timestamp?

  init(_ totals: ArchiveTotals) {
    (batches, objects, rows) = (totals.batches, totals.objects, totals.rows)
    (bytes, contentBytes, first, last) = (totals.bytes, totals.contentBytes, totals.first, totals.last)
  }

  enum CodingKeys: String, CodingKey {
    case batches, objects, rows, bytes, first, last
    case contentBytes = "content_bytes"
  }
}
