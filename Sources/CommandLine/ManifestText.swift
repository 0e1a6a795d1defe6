import ArchiveModel
import Operations

/// A manifest for people.
struct ManifestText {
  let batch: ArchivedBatch

  var text: String {
    let manifest = batch.manifest
    let facts = [
      ("batch", manifest.batchID.description), ("run", manifest.runID.description),
      ("table", manifest.source.name.description),
      ("server", "version \(manifest.source.serverVersion), system \(manifest.source.systemIdentifier)"),
      ("primary key", manifest.primaryKey.joined(separator: ", ")),
      ("time column", "\(manifest.timestampColumn), read at \(manifest.timeZone)"),
      ("partition", manifest.partition.isEmpty ? "none" : manifest.partition),
      ("cutoff", manifest.cutoff.description), ("first row", manifest.range.first.time.description),
      ("last row", manifest.range.last.time.description),
      (
        "rows",
        "database \(manifest.counts.database), fetched \(manifest.counts.fetched), stored \(manifest.counts.stored), "
          + "deleted \(manifest.counts.deleted.map(String.init) ?? "-")"
      ),
      ("archived", manifest.archivedAt.description), ("committed", manifest.committedAt?.description ?? ""),
      ("written by", manifest.tool), ("manifest", batch.key), ("its sha256", batch.sha256Text),
    ]
    let heading = facts.map { name, value in
      name + String(repeating: " ", count: 13 - name.count) + PrintableText.escaped(value) + "\n"
    }
    return heading.joined() + "\n" + objects + "\n" + columns
  }

  private var objects: String {
    var text = TextTable([
      .init(title: "object"), .init(title: "rows", isNumber: true), .init(title: "bytes", isNumber: true),
      .init(title: "unpacked", isNumber: true), .init(title: "sha256"),
    ])
    for object in batch.manifest.objects {
      text.add([
        PrintableText.escaped(object.key), "\(object.rows)", "\(object.bytes)", "\(object.contentBytes)",
        PrintableText.escaped(object.sha256),
      ])
    }
    return text.text
  }

  private var columns: String {
    var text = TextTable([.init(title: "column"), .init(title: "type"), .init(title: "properties")])
    for column in batch.manifest.columns {
      let marks = [
        column.nullable ? nil : "not null", column.identity.map { "identity \($0)" },
        column.generated.map { "generated \($0)" }, column.baseType.map { "domain over \($0)" },
      ].compactMap { $0 }
      text.add([column.name, column.type, marks.joined(separator: ", ")].map(PrintableText.escaped))
    }
    return text.text
  }
}
