import Foundation

/// Gathers one page of a listing, reading only the directories that can hold it.
///
/// Keys are compared as bytes: String would take two spellings of one accented letter for the same key.
struct DirectoryWalk {
  /// Links could go in circles; the layout's keys have fewer than ten parts.
  private static let maximumDepth = 64

  private let root: String
  private let prefix: [UInt8]
  private let after: [UInt8]?
  private let maximumCount: Int
  private(set) var objects: [ObjectInfo] = []
  /// True when objects may follow those gathered.
  private(set) var isCutShort = false

  init(root: String, prefix: String, after: String?, maximumCount: Int) {
    self.root = root
    self.prefix = Array(prefix.utf8)
    self.after = after.map { Array($0.utf8) }
    self.maximumCount = maximumCount
  }

  /// Walks the tree. Throws `ENOENT` when there is no root.
  mutating func run() throws(SystemCallError) {
    try visit(root, key: "", depth: 0)
  }

  private mutating func visit(_ path: String, key: String, depth: Int) throws(SystemCallError) {
    guard depth < Self.maximumDepth else { throw SystemCallError(call: "opendir", number: ELOOP) }
    for entry in try entries(of: path, depth: depth) {
      if isCutShort { return }
      if entry.isDirectory {
        let start = "\(key)\(entry.name)/"
        if holdsWanted(Array(start.utf8)) { try visit("\(path)/\(entry.name)", key: start, depth: depth + 1) }
      } else {
        take(entry, key: key + entry.name)
      }
    }
  }

  /// Below the root, a directory that vanished is as good as an empty one.
  private func entries(of path: String, depth: Int) throws(SystemCallError) -> [DirectoryEntry] {
    do throws(SystemCallError) {
      return try DirectoryReader.entries(of: path)
    } catch {
      guard depth > 0, error.number == ENOENT else { throw error }
      return []
    }
  }

  /// Whether keys that begin with `start` can be on the page.
  private func holdsWanted(_ start: [UInt8]) -> Bool {
    guard start.starts(with: prefix) || prefix.starts(with: start) else { return false }
    guard let after else { return true }
    return after.lexicographicallyPrecedes(start) || after.starts(with: start)
  }

  private mutating func take(_ entry: DirectoryEntry, key: String) {
    guard key.utf8.starts(with: prefix) else { return }
    if let after, !after.lexicographicallyPrecedes(key.utf8) { return }
    if objects.count == maximumCount {
      isCutShort = true
    } else {
      objects.append(ObjectInfo(key: key, byteCount: entry.byteCount, modifiedAt: entry.modifiedAt))
    }
  }
}
