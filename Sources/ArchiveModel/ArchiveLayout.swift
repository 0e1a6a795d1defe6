/// Where things lie below the storage root (docs/archive-format.md, "Layout"). Keys are relative to it.
package enum ArchiveLayout {
  /// `db=app/schema=public/table=events/`
  package static func tablePrefix(_ name: TableName) -> String {
    "db=\(encoded(name.database))/schema=\(encoded(name.schema))/table=\(encoded(name.table))/"
  }

  /// The folder of one batch's files, `/` ended.
  package static func folder(_ name: TableName, partition: String) -> String {
    tablePrefix(name) + (partition.isEmpty ? "" : partition + "/")
  }

  /// The key of a batch's object; `number` counts from 1, and only later ones show it.
  package static func object(in folder: String, batch: UUIDv7, number: Int) -> String {
    folder + (number == 1 ? "\(batch).jsonl.gz" : "\(batch)-\(number).jsonl.gz")
  }

  /// What a document beside a batch's objects says of the batch.
  package enum Document: String, Sendable, CaseIterable {
    /// The batch is committed: its rows have left the database for good.
    case manifest
    /// The batch is in doubt: it was about to be committed.
    case prepared
    /// The batch was rolled back; its objects are kept.
    case aborted
    /// The batch's rows came back with a database of an earlier time and were archived anew.
    case superseded
  }

  /// The key of a batch's document.
  package static func document(_ document: Document, in folder: String, batch: UUIDv7) -> String {
    folder + "_\(batch).\(document.rawValue).json"
  }

  package static let runsPrefix = "_runs/"
  package static let restoresPrefix = "_restores/"

  /// The key of a run's record; `startedAt` gives the month.
  package static func runRecord(_ run: UUIDv7, startedAt: Timestamp) -> String {
    "\(runsPrefix)\(Partition(holding: startedAt, unit: .month).value ?? "")/\(run).json"
  }

  /// The key of a restore's record.
  package static func restoreRecord(_ restore: UUIDv7) -> String { "\(restoresPrefix)\(restore).json" }

  /// The key of the list of keys that a restore put back, held from being archived again.
  package static func restoredKeys(_ restore: UUIDv7) -> String { "\(restoresPrefix)\(restore).keys.jsonl.gz" }

  /// The key of the Ed25519 signature of a document: its 64 bytes and nothing else.
  package static func signature(of key: String) -> String { "\(key)\(signatureEnding)" }

  private static let signatureEnding = ".sig"

  /// The key of the document that the signature of that key is of; nil for what is no signature's key.
  package static func signedDocument(of signature: String) -> String? {
    signature.hasSuffix(signatureEnding) ? String(signature.dropLast(signatureEnding.count)) : nil
  }

  /// Whether a document of that key says for good what became of rows, so that it is signed where there is a key.
  ///
  /// A prepared document is none: it is in doubt, and goes away.
  package static func isSigned(_ key: String) -> Bool {
    switch entry(key) {
    case .document(.prepared, _, _), .object: false
    case .document: true
    case .other: [runsPrefix, restoresPrefix].contains { key.hasPrefix($0) } && !key.hasSuffix(".sig")
    }
  }

  /// Whether what lies under that key must not be altered or removed.
  package static func isKept(_ key: String) -> Bool {
    if case .object = entry(key) { return true }
    return isSigned(key)
  }

  /// What a key below the storage root is.
  package enum Entry: Hashable, Sendable {
    case object(folder: String, batch: UUIDv7, number: Int)
    case document(Document, folder: String, batch: UUIDv7)
    case other
  }

  /// Tells what `key` is by its name alone.
  ///
  /// A key that is spelled otherwise than this layout would spell it is none of an object or document: the same id in
  /// capitals, a number with a zero in front, a folder that no table of the archive has.
  package static func entry(_ key: String) -> Entry {
    let entry = spelled(key)
    switch entry {
    case .object(let folder, let batch, let number):
      return isFolder(folder) && object(in: folder, batch: batch, number: number) == key ? entry : .other
    case .document(let document, let folder, let batch):
      return isFolder(folder) && self.document(document, in: folder, batch: batch) == key ? entry : .other
    case .other: return .other
    }
  }

  /// Whether batches can lie there: a table's own folder, or that of one of its partitions.
  private static func isFolder(_ folder: String) -> Bool {
    guard let table = tableName(inFolder: folder) else { return false }
    let rest = folder.utf8.dropFirst(tablePrefix(table).utf8.count)
    return rest.isEmpty || (rest.starts(with: "dt=".utf8) && !rest.dropLast().contains(UInt8(ascii: "/")))
  }

  private static func spelled(_ key: String) -> Entry {
    guard key.hasPrefix("db=") else { return .other }
    let slash = key.lastIndex(of: "/").map { key.index(after: $0) } ?? key.startIndex
    let folder = String(key[..<slash])
    let name = key[slash...]
    if name.hasPrefix("_") {
      for document in Document.allCases where name.hasSuffix(".\(document.rawValue).json") {
        guard let batch = UUIDv7(String(name.dropFirst().dropLast(document.rawValue.count + 6))) else { return .other }
        return .document(document, folder: folder, batch: batch)
      }
      return .other
    }
    guard name.hasSuffix(".jsonl.gz") else { return .other }
    let stem = name.dropLast(9)
    guard let batch = UUIDv7(String(stem.prefix(36))) else { return .other }
    let suffix = stem.dropFirst(36)
    if suffix.isEmpty { return .object(folder: folder, batch: batch, number: 1) }
    guard suffix.hasPrefix("-"), let number = Int(suffix.dropFirst()), number > 1 else { return .other }
    return .object(folder: folder, batch: batch, number: number)
  }

  /// The table that a folder's path names, if the path begins as the layout spells it; nil for any other path.
  package static func tableName(inFolder folder: String) -> TableName? {
    let parts = folder.split(separator: "/")
    guard parts.count >= 3, parts[0].hasPrefix("db="), parts[1].hasPrefix("schema="), parts[2].hasPrefix("table="),
      let database = decoded(parts[0].dropFirst(3)), let schema = decoded(parts[1].dropFirst(7)),
      let table = decoded(parts[2].dropFirst(6))
    else { return nil }
    let name = TableName(database: database, schema: schema, table: table)
    return folder.utf8.starts(with: tablePrefix(name).utf8) ? name : nil
  }

  /// Percent-encodes a name as Hive does in partition paths: control characters and ``"#%'*/:=?\{[]^`` and DEL
  /// (Hive's `FileUtils.escapePathName`). Names of dots alone are encoded too, since file systems give them a meaning.
  package static func encoded(_ name: String) -> String {
    let onlyDots = !name.isEmpty && name.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
    var bytes: [UInt8] = []
    for byte in name.utf8 {
      if byte < 0x20 || byte == 0x7F || reserved.contains(byte) || onlyDots {
        let digits = Array("0123456789ABCDEF".utf8)
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let reserved = Set("\"#%'*/:=?\\{[]^".utf8)

  /// The name that `encoded` made into `text`; nil when an escape is malformed.
  package static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap({ Character(UnicodeScalar($0)).hexDigitValue }),
        let low = rest.popFirst().flatMap({ Character(UnicodeScalar($0)).hexDigitValue })
      else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
