import ArchiveModel
import ObjectStore

/// Looks for holds that begin while a table is archived.
///
/// A restore writes its record before its first row goes in. So whoever has fetched a restored row, and lists the records
/// afterwards, finds the one that holds it.
actor HoldWatch {
  private let name: TableName
  private let store: any ObjectStore
  private var held: HeldKeys

  /// `held` is what the table was examined with.
  init(_ name: TableName, held: HeldKeys, store: any ObjectStore) {
    (self.name, self.held, self.store) = (name, held, store)
  }

  /// How many keys are known to be held; it only grows.
  var keyCount: Int { held.keys.count }

  /// Whether more keys are held than those counted. To be asked once rows are fetched, before they are deleted.
  func holdsMore(than keyCount: Int) async throws(OperationError) -> Bool {
    let newer = try await held.updated(for: name, at: .now, from: store)
    // Another worker may have seen more meanwhile; what it has seen and this one has not is found again.
    if newer.keys.count >= held.keys.count { held = newer }
    return newer.keys.count > keyCount
  }

  /// The SQL condition that leaves out what is held now, with the number of keys that it leaves out.
  func condition(keyColumns: [KeyColumn]) -> (condition: String?, keyCount: Int) {
    (held.condition(keyColumns: keyColumns), held.keys.count)
  }
}
