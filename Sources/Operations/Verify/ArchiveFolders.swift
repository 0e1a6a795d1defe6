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
  /// Keys of documents whose signatures are there without them.
  private(set) var missingDocuments: [String: (document: ArchiveLayout.Document, batch: UUIDv7)] = [:]

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

  /// Takes in the signature of a document of the folder, which comes behind it in byte order.
  mutating func addSignature(of key: String, _ document: ArchiveLayout.Document, _ batch: UUIDv7) {
    if !batches(document).contains(batch) { missingDocuments[key] = (document, batch) }
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
        let place = Place(info)
        guard let path = place.folder else {
          if keepsStrays { addStray(info) }
          continue
        }
        if pending?.path == path {
          place.add(to: &pending)
          continue
        }
        guard let table = ArchiveLayout.tableName(inFolder: path), selection.includes(table) else { continue }
        var folder: ArchiveFolder? = ArchiveFolder(path: path, table: table)
        place.add(to: &folder)
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

  /// Where a file belongs: signatures go with their documents.
  private struct Place {
    let info: ObjectInfo
    private let signed: String?
    private let entry: ArchiveLayout.Entry

    init(_ info: ObjectInfo) {
      self.info = info
      if let signed = ArchiveLayout.signedDocument(of: info.key), case .document = ArchiveLayout.entry(signed) {
        (self.signed, entry) = (signed, ArchiveLayout.entry(signed))
      } else {
        (signed, entry) = (nil, ArchiveLayout.entry(info.key))
      }
    }

    /// Nil for what is nothing of an archive.
    var folder: String? {
      switch entry {
      case .object(let folder, _, _), .document(_, let folder, _): folder
      case .other: nil
      }
    }

    func add(to folder: inout ArchiveFolder?) {
      if let signed, case .document(let document, _, let batch) = entry {
        folder?.addSignature(of: signed, document, batch)
      } else {
        folder?.add(info, entry)
      }
    }
  }

  /// A name that ends in a slash and holds nothing is how some tools make a folder.
  private mutating func addStray(_ info: ObjectInfo) {
    if info.key.hasSuffix("/"), info.byteCount == 0 { return }
    let table = ArchiveLayout.tableName(inFolder: info.key)
    guard table.map(selection.includes) ?? selection.tables.isEmpty else { return }
    strays.append((info, table))
  }
}
