import ArchiveModel
import Hashing
import ObjectStore
import Postgres
import RowCodec

/// Tells rows that are equal from those that only share a key, by a digest of their columns' text forms.
///
/// Neither the order of the columns nor that of `_raw` matters, nor when the row was archived, nor in which batch.
/// Memory: about 200 bytes for each row of a batch.
struct RowDigests: Sendable {
  /// The columns that are compared, by name.
  let names: [String]
  /// The key of each row, in text form and in the key's order; `digests` has the same order.
  let keys: [[String]]
  private let digests: [SHA256Digest]
  /// Of the rows that were found nowhere yet.
  private(set) var missing: Set<SHA256Digest>

  /// Those of a batch's rows.
  init(of manifest: Manifest, from store: any ObjectStore) async throws(OperationError) {
    names = manifest.columns.map(\.name)
    (keys, digests) = try await Self.read(manifest, names, from: store) ?? ([], [])
    missing = Set(digests)
  }

  /// Keys of the rows that were found.
  var foundKeys: Set<[String]> { Set(keys.indices.lazy.filter { !missing.contains(digests[$0]) }.map { keys[$0] }) }

  /// Takes out the rows that another batch holds as well; one that lacks a column has none of them.
  mutating func subtract(_ manifest: Manifest, from store: any ObjectStore) async throws(OperationError) {
    guard let others = try await Self.read(manifest, names, from: store) else { return }
    missing.subtract(others.digests)
  }

  /// Takes out the rows that the table has just so, which must have the batch's primary key. Further columns of the table
  /// are not looked at; where it lacks one, no row is the same.
  mutating func subtract(_ table: TableDescription, in transaction: Transaction) async throws {
    let columns = table.rowColumns
    guard let digester = RowDigester(names, among: columns) else { return }
    let forms = zip(table.columns.indices, columns).map { table.sentForm(of: $0, $1.codec) }
    let version = await transaction.connection.serverVersion
    var rest = keys[...]
    while !rest.isEmpty {
      let sql = KeyLookup(table: table).select(
        // The encoder wants an instant behind the columns, for a range that is of no interest here.
        forms + ["'2000-01-01 00:00:00Z'::pg_catalog.timestamptz"], of: rest.prefix(KeyLookup.chunkSize))
      rest = rest.dropFirst(KeyLookup.chunkSize)
      let encoder = RowEncoder(
        columns: columns, keyColumns: [], timeColumn: -1, archivedAt: "", batchID: "", serverVersion: version)
      let outcome = try await transaction.copyOut(
        "COPY (\(sql)) TO STDOUT (FORMAT binary)", into: RowDigestSink(encoder: encoder, digester: digester))
      missing.subtract(outcome.takeSink().digests)
    }
  }

  /// Nil when the batch has no column of one of the names.
  private static func read(
    _ manifest: Manifest, _ names: [String], from store: any ObjectStore
  ) async throws(OperationError) -> (keys: [[String]], digests: [SHA256Digest])? {
    guard var digester = RowDigester(names, among: manifest.rowColumns) else { return nil }
    let key = manifest.primaryKey.compactMap { name in manifest.columns.firstIndex { $0.name == name } }
    var rows: (keys: [[String]], digests: [SHA256Digest]) = ([], [])
    for object in manifest.objects {
      let content = try await ObjectContent.read(object, from: store)
      do throws(RowCodecError) {
        try digester.read(content.bytes, by: key) { key, digest in
          rows.keys.append(key)
          rows.digests.append(digest)
        }
      } catch {
        throw .wrapping(error, "cannot decode the object", at: object.key)
      }
    }
    return rows
  }
}

/// Sums up lines, column by column.
private struct RowDigester: Sendable {
  private let places: [Int]
  private var reader: RowReader

  init?(_ names: [String], among columns: [RowColumn]) {
    places = names.compactMap { name in columns.firstIndex { $0.name == name } }
    guard places.count == names.count else { return nil }
    reader = RowReader(columns: columns)
  }

  /// Calls `body` with each line's values of the columns `key`, and its digest.
  mutating func read(
    _ content: [UInt8], by key: [Int] = [], _ body: ([String], SHA256Digest) -> Void
  ) throws(RowCodecError) {
    try content.forEachLine { (line, _) throws(RowCodecError) in
      try reader.read(line)
      body(key.map { reader.text($0) ?? "" }, digest)
    }
  }

  /// Of the line read last: for each column its length, -1 for NULL, and its text.
  private var digest: SHA256Digest {
    var sum = SHA256()
    for place in places {
      let isPresent: Void? = reader.withText(place) { text in
        Self.add(text.count, to: &sum)
        sum.update(text)
      }
      if isPresent == nil { Self.add(-1, to: &sum) }
    }
    return sum.finalize()
  }

  private static func add(_ length: Int, to sum: inout SHA256) {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
    sum.update(bytes.span)
  }
}

/// Sums up rows of a COPY as they come.
private struct RowDigestSink: CopySink {
  var encoder: RowEncoder
  var digester: RowDigester
  private(set) var digests: Set<SHA256Digest> = []

  init(encoder: RowEncoder, digester: RowDigester) {
    (self.encoder, self.digester) = (encoder, digester)
  }

  mutating func receive(_ message: Span<UInt8>) throws {
    try encoder.encode(message)
    try digester.read(encoder.takeBuffer()) { _, digest in digests.insert(digest) }
  }
}
