import Foundation

/// A file or directory inside a directory.
struct DirectoryEntry {
  let name: String
  let isDirectory: Bool
  let byteCount: Int
  let modifiedAt: Date
}

/// Lists directories.
enum DirectoryReader {
  /// The files and directories in `path`, in the byte order of the keys that begin with them.
  ///
  /// A directory's name counts with the slash that follows it in keys. Names with a leading dot are left out, and so is
  /// what is neither file nor directory or vanishes meanwhile. Symbolic links are followed. Throws for names that are
  /// not UTF-8.
  static func entries(of path: String) throws(SystemCallError) -> [DirectoryEntry] {
    var found: [(sortKey: [UInt8], entry: DirectoryEntry)] = []
    for name in try names(in: path) {
      guard let entry = try entry(named: name, in: path) else { continue }
      found.append((Array(name.utf8) + (entry.isDirectory ? [UInt8(ascii: "/")] : []), entry))
    }
    return found.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) }.map(\.entry)
  }

  private static func names(in path: String) throws(SystemCallError) -> [String] {
    guard let directory = unsafe opendir(path) else { throw .last("opendir") }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(directory) else {
        guard errno == 0 else { throw .last("readdir") }
        return names
      }
      // The name ends with a NUL inside the entry.
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
        unsafe String(validating: buffer.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let name else { throw SystemCallError(call: "readdir", number: EILSEQ) }
      if name.utf8.first != UInt8(ascii: ".") { names.append(name) }
    }
  }

  private static func entry(named name: String, in path: String) throws(SystemCallError) -> DirectoryEntry? {
    var status = stat()
    guard unsafe stat("\(path)/\(name)", &status) == 0 else {
      if errno == ENOENT { return nil }
      throw .last("stat")
    }
    guard status.isRegularFile || status.isDirectory else { return nil }
    return DirectoryEntry(
      name: name, isDirectory: status.isDirectory, byteCount: Int(status.st_size), modifiedAt: status.modifiedAt)
  }
}

extension stat {
  var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
  var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }
  var modifiedAt: Date {
    Date(timeIntervalSince1970: TimeInterval(st_mtim.tv_sec) + TimeInterval(st_mtim.tv_nsec) / 1e9)
  }
}
