import ArchiveModel
import Foundation
import ObjectStore

/// The files of one batch.
struct BatchFiles: Sendable {
  let batchID: UUIDv7
  let folder: String
  var objects: [ObjectInfo] = []
  var documents: Set<ArchiveLayout.Document> = []

  func key(_ document: ArchiveLayout.Document) -> String {
    ArchiveLayout.document(document, in: folder, batch: batchID)
  }

  /// Nothing is left to do for it.
  fileprivate var isSettled: Bool {
    documents.contains(.superseded)
      || (documents.contains(.manifest) && documents.isDisjoint(with: [.prepared, .aborted]))
  }

  /// The same batch's files as they are now.
  func listedAgain(in store: any ObjectStore) async throws -> BatchFiles {
    var files = BatchFiles(batchID: batchID, folder: folder)
    for prefix in ["\(folder)\(batchID)", "\(folder)_\(batchID)"] {
      for try await info in store.list(prefix: prefix) {
        switch ArchiveLayout.entry(info.key) {
        case .object(folder, batchID, _): files.objects.append(info)
        case .document(let document, folder, batchID): files.documents.insert(document)
        default: continue
        }
      }
    }
    return files
  }

  /// Whether so much time has passed since the batch was begun, by the database's clock, and since its last object was
  /// written, by the storage's.
  func isOver(_ grace: Duration, at now: Timestamp) -> Bool {
    guard grace > .zero else { return true }
    let written = objects.compactMap(\.modifiedAt).map {
      Timestamp(unixMicroseconds: Int64($0.timeIntervalSince1970 * 1_000_000))
    }
    return written.reduce(batchID.time, max).advanced(by: grace) <= now
  }
}

/// One listing of a table's part of the archive: what is unsettled, whole; what is committed, by id.
///
/// Memory: 24 bytes for each committed batch, and the names of each folder.
struct TableFiles: Sendable {
  /// Batches without a manifest, and those with other documents beside it; newest first, so that rows of an older one are
  /// found in a newer one that is only just seen to be committed.
  private(set) var unsettled: [BatchFiles] = []
  /// Batches that are marked as superseded.
  private(set) var superseded: [BatchFiles] = []
  private var committed: [(batchID: UUIDv7, folder: Int)] = []
  private var folders: [String] = []
  private var pending: [UUIDv7: BatchFiles] = [:]

  /// Lists everything below the table's prefix; a directory that does not exist yet holds nothing.
  static func list(_ table: TableName, from store: any ObjectStore) async throws(OperationError) -> TableFiles {
    var files = TableFiles()
    do {
      for try await info in store.list(prefix: ArchiveLayout.tablePrefix(table)) {
        switch ArchiveLayout.entry(info.key) {
        case .object(let folder, let batch, _): files.with(batch, in: folder) { $0.objects.append(info) }
        case .document(let document, let folder, let batch):
          files.with(batch, in: folder) { $0.documents.insert(document) }
        case .other: continue
        }
      }
    } catch {
      if error.code == .bucketMissing, store.location.hasPrefix("file:") { return TableFiles() }
      throw .wrapping(error, "cannot list the archive", at: store.location)
    }
    files.endFolder()
    files.unsettled.sort { $0.batchID > $1.batchID }
    files.committed.sort { $0.batchID < $1.batchID }
    return files
  }

  /// Nothing of the table is in the archive.
  var isEmpty: Bool { unsettled.isEmpty && superseded.isEmpty && committed.isEmpty }

  /// Ids of the committed batches that no document supersedes, oldest first.
  var committedBatches: [UUIDv7] { committed.map(\.batchID) }

  /// Keys of the manifests of these committed batches, in the order of `committedBatches`.
  func manifests(of batches: Set<UUIDv7>) -> [(batchID: UUIDv7, key: String)] {
    committed.filter { batches.contains($0.batchID) }.map { batch in
      (batch.batchID, ArchiveLayout.document(.manifest, in: folders[batch.folder], batch: batch.batchID))
    }
  }

  private mutating func with(_ batch: UUIDv7, in folder: String, _ change: (inout BatchFiles) -> Void) {
    if folders.last != folder {
      endFolder()
      folders.append(folder)
    }
    change(&pending[batch, default: BatchFiles(batchID: batch, folder: folder)])
  }

  private mutating func endFolder() {
    for files in pending.values {
      if files.documents.contains(.manifest), !files.documents.contains(.superseded) {
        committed.append((files.batchID, folders.count - 1))
      }
      if files.documents.contains(.superseded) { superseded.append(files) }
      if !files.isSettled { unsettled.append(files) }
    }
    pending = [:]
  }
}
