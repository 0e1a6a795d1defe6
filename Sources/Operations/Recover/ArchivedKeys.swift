import ArchiveModel
import Gzip
import ObjectStore
import RowCodec

/// Reads the primary keys out of archived rows.
enum ArchivedKeys {
  /// The keys of all rows that a manifest or prepared document names, each in text form and in the key's order.
  static func read(_ manifest: Manifest, from store: any ObjectStore) async throws(OperationError) -> [[String]] {
    let columns = manifest.rowColumns
    let indices = manifest.primaryKey.compactMap { name in manifest.columns.firstIndex { $0.name == name } }
    var keys: [[String]] = []
    for object in manifest.objects {
      let content = try await ObjectContent.read(object, from: store)
      do {
        keys += try read(content.bytes, columns: columns, indices: indices)
      } catch {
        throw .wrapping(error, "cannot decode the object", at: object.key)
      }
    }
    return keys
  }

  /// The keys of an object without a document, read as rows of the table as it is now; nil when that does not work.
  static func read(
    orphan info: ObjectInfo, table: TableDescription, from store: any ObjectStore
  ) async throws(ObjectStoreError) -> [[String]]? {
    let file = try await store.get(info.key, maximumByteCount: info.byteCount)
    do {
      let reader = try GzipReader(maximumByteCount: BatchSink.maximumContentByteCount * 4)
      var content = Collected()
      try reader.feed(file.span, into: &content)
      try reader.finish()
      return try read(content.bytes, columns: table.rowColumns, indices: table.primaryKey)
    } catch {
      return nil
    }
  }

  private static func read(
    _ content: [UInt8], columns: [RowColumn], indices: [Int]
  ) throws(RowCodecError) -> [[String]] {
    var reader = RowReader(columns: columns)
    var keys: [[String]] = []
    try content.forEachLine { (line, _) throws(RowCodecError) in
      try reader.read(line)
      keys.append(indices.map { reader.text($0) ?? "" })
    }
    return keys
  }

  private struct Collected: GzipSink {
    var bytes: [UInt8] = []

    mutating func receive(_ content: Span<UInt8>) {
      for index in content.indices { bytes.append(content[index]) }
    }
  }
}
