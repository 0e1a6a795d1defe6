import ArchiveModel
import ObjectStore

/// The files of one folder, by what their names say.
struct ArchiveFolder: Sendable {
  let path: String
  let table: TableName
  /// Sizes by key.
  var objects: [String: Int] = [:]
  var batchOfObject: [String: UUIDv7] = [:]
  private var documents: [ArchiveLayout.Document: Set<UUIDv7>] = [:]

  init(path: String, table: TableName) {
    (self.path, self.table) = (path, table)
  }

  mutating func add(_ info: ObjectInfo, _ entry: ArchiveLayout.Entry) {
    switch entry {
    case .object(_, let batch, _):
      objects[info.key] = info.byteCount
      batchOfObject[info.key] = batch
    case .document(let document, _, let batch): documents[document, default: []].insert(batch)
    case .other: break
    }
  }

  func batches(_ document: ArchiveLayout.Document) -> Set<UUIDv7> { documents[document] ?? [] }
}

/// Walks an archive folder by folder, so that memory holds one folder's names and not the archive's.
///
/// A table's folders follow one another, since listings are in byte order.
struct ArchiveFolders {
  private let selection: Selection
  private let store: any ObjectStore
  private var prefixes: [String]
  private var listing: ObjectListing.Iterator?
  private var pending: ArchiveFolder?
  private let keepsStrays: Bool
  /// Files that are nothing of an archive, as far as the walk has come, with the table they lie below; kept when asked for.
  private(set) var strays: [(info: ObjectInfo, table: TableName?)] = []

  init(_ selection: Selection, of store: any ObjectStore, keepingStrays: Bool = false) {
    (self.selection, self.store, keepsStrays) = (selection, store, keepingStrays)
    prefixes = selection.prefixes.reversed()
  }

  /// The next folder that holds files of an archive and passes the filters by name; nil at the end.
  mutating func next() async throws(OperationError) -> ArchiveFolder? {
    do {
      while true {
        if listing == nil {
          guard let prefix = prefixes.popLast() else { break }
          listing = store.list(prefix: prefix).makeAsyncIterator()
        }
        guard let info = try await listing?.next(isolation: nil) else {
          listing = nil
          continue
        }
        let entry = ArchiveLayout.entry(info.key)
        let path: String? =
          switch entry {
          case .object(let folder, _, _), .document(_, let folder, _): folder
          case .other: nil
          }
        guard let path else {
          if keepsStrays { addStray(info) }
          continue
        }
        if pending?.path == path {
          pending?.add(info, entry)
          continue
        }
        guard let table = ArchiveLayout.tableName(inFolder: path), selection.includes(table) else { continue }
        var folder = ArchiveFolder(path: path, table: table)
        folder.add(info, entry)
        let finished = pending
        pending = folder
        if let finished { return finished }
      }
    } catch {
      throw .wrapping(error, "cannot list the archive", at: store.location)
    }
    defer { pending = nil }
    return pending
  }

  /// Signatures belong to their documents, and a name that ends in a slash and holds nothing is how some tools make a folder.
  private mutating func addStray(_ info: ObjectInfo) {
    if info.key.hasSuffix("/"), info.byteCount == 0 { return }
    let signed = info.key.hasSuffix(".sig") ? String(info.key.dropLast(".sig".count)) : ""
    if case .document = ArchiveLayout.entry(signed) { return }
    let table = ArchiveLayout.tableName(inFolder: info.key)
    guard table.map(selection.includes) ?? selection.tables.isEmpty else { return }
    strays.append((info, table))
  }
}
