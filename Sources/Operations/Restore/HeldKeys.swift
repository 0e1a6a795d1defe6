package import ArchiveModel
import Foundation
import Gzip
package import ObjectStore
import Postgres

/// The primary keys of a table that restores put back and still hold from being archived again.
package struct HeldKeys: Sendable {
  /// Each in text form, in the key's order.
  let keys: [[String]]

  package var isEmpty: Bool { keys.isEmpty }

  /// Most bytes of a key list's content: 1 GiB, some tens of millions of keys.
  private static let maximumContentByteCount = 1 << 30

  /// Reads the restore records of the table whose hold lasts beyond `now`.
  package static func load(
    for name: TableName, at now: Timestamp, from store: any ObjectStore
  ) async throws(OperationError) -> HeldKeys {
    var keys: Set<[String]> = []
    do {
      for try await info in store.list(prefix: ArchiveLayout.restoresPrefix) where info.key.hasSuffix(".json") {
        let bytes = try await store.get(info.key, maximumByteCount: ArchiveReader.maximumDocumentByteCount)
        let record = try ArchiveDocument.decode(RestoreRecord.self, from: bytes, formats: [RestoreRecord.format])
        guard record.name == name, record.holdUntil > now, let list = record.keys else { continue }
        keys.formUnion(try await read(list, from: store))
      }
    } catch let error as ObjectStoreError where error.code == .bucketMissing && store.location.hasPrefix("file:") {
      return HeldKeys(keys: [])
    } catch {
      throw .wrapping(error, "cannot read the restore records", at: "\(name)")
    }
    return HeldKeys(keys: keys.sorted { $0.lexicographicallyPrecedes($1) })
  }

  /// The gzip file that lists `keys`, one JSON array a line.
  package static func encode(_ keys: [[String]]) throws -> [UInt8] {
    let encoder = JSONEncoder()
    var content: [UInt8] = []
    for key in keys { content += Array(try encoder.encode(key)) + [UInt8(ascii: "\n")] }
    return try GzipCompressor(level: 6).compress(content.span)
  }

  /// The keys that a list object holds.
  package static func read(_ key: String, from store: any ObjectStore) async throws -> [[String]] {
    let info = try await store.head(key)
    let file = try await store.get(key, maximumByteCount: info.byteCount)
    var collected = Content()
    let reader = try GzipReader(maximumByteCount: maximumContentByteCount)
    try reader.feed(file.span, into: &collected)
    try reader.finish()
    let decoder = JSONDecoder()
    return try collected.bytes.split(separator: UInt8(ascii: "\n")).map {
      try decoder.decode([String].self, from: Data($0))
    }
  }

  private struct Content: GzipSink {
    var bytes: [UInt8] = []

    mutating func receive(_ content: Span<UInt8>) {
      for index in content.indices { bytes.append(content[index]) }
    }
  }

  /// The SQL condition that leaves the held rows out; nil when there are none.
  ///
  /// `keyColumns` are the quoted columns with their types, in the key's order.
  package func condition(keyColumns: [(quoted: String, type: String)]) -> String? {
    guard !keys.isEmpty, !keyColumns.isEmpty else { return nil }
    let names = keyColumns.indices.map { "h\($0 + 1)" }
    let arrays = keyColumns.indices.map { index in
      SQLText.literal(KeyLookup.arrayLiteral(keys.map { index < $0.count ? $0[index] : "" })) + "::pg_catalog.text[]"
    }
    let casts = zip(names, keyColumns).map { "h.\($0)::\($1.type)" }.joined(separator: ", ")
    let columns = keyColumns.map(\.quoted).joined(separator: ", ")
    return """
      (\(columns)) NOT IN (SELECT \(casts) FROM pg_catalog.unnest(\(arrays.joined(separator: ", "))) \
      AS h(\(names.joined(separator: ", "))))
      """
  }
}
