import Execution
import Foundation

/// Reads and writes the files of a directory store on a thread of its own.
actor DirectoryWorker {
  /// Large enough that the calls cost little, small enough for the processor's cache.
  private static let pieceByteCount = 262_144

  private nonisolated let executor = ThreadExecutor(name: "files")
  private let root: String

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  init(root: String) {
    self.root = root
  }

  private func path(of key: String) -> String {
    root == "/" ? "/\(key)" : "\(root)/\(key)"
  }

  /// Writes under a temporary name in the same directory, then names the file; each step reaches the disk before the next.
  func put(_ key: String, _ body: [UInt8], replaces: Bool) throws(ObjectStoreError) {
    let target = path(of: key)
    let directory = parent(of: target)
    let temporary = "\(directory)/.\(UUID().uuidString.lowercased()).tmp"
    do throws(SystemCallError) {
      try makeDirectory(directory)
      do throws(SystemCallError) {
        let file = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL)
        try file.write(body.span)
        try file.synchronize()
        try name(temporary, target, replaces: replaces)
      } catch {
        _ = unsafe unlink(temporary)
        throw error
      }
      try synchronizeDirectory(directory)
    } catch {
      throw failure(error, key, .writing)
    }
  }

  private func name(_ temporary: String, _ target: String, replaces: Bool) throws(SystemCallError) {
    if replaces {
      guard unsafe rename(temporary, target) == 0 else { throw .last("rename") }
    } else {
      // Unlike a rename, a link never replaces.
      guard unsafe link(temporary, target) == 0 else { throw .last("link") }
      _ = unsafe unlink(temporary)
    }
  }

  /// Makes a directory and those above it that are missing, for their owner alone.
  private func makeDirectory(_ path: String, isMissingStill: Bool = false) throws(SystemCallError) {
    if unsafe mkdir(path, 0o700) == 0 {
      return try synchronizeDirectory(parent(of: path))
    }
    switch errno {
    case EEXIST: return
    case ENOENT where path.utf8.count > 1 && !isMissingStill:
      try makeDirectory(parent(of: path))
      // A link that leads nowhere is missing and there at once, and some file systems let nobody make a directory.
      try makeDirectory(path, isMissingStill: true)
    default: throw .last("mkdir")
    }
  }

  private func parent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  private func synchronizeDirectory(_ path: String) throws(SystemCallError) {
    do throws(SystemCallError) {
      try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY).synchronize()
    } catch {
      // Some network file systems cannot synchronise directories, and then have no need to.
      guard error.number == EINVAL || error.number == ENOTSUP else { throw error }
    }
  }

  /// Passes a file's bytes to `receiver`.
  func read(
    _ key: String, into receiver: BodyReceiver, cancellation: CancellationFlag
  ) -> Result<Void, ObjectStoreError> {
    do throws(SystemCallError) {
      // Without blocking, since an archive that anyone made may hold a pipe, which would never open.
      try pass(FileDescriptor.open(path(of: key), O_RDONLY | O_NONBLOCK), to: receiver, cancellation)
      return .success(())
    } catch {
      return .failure(receiver.refusal.map { Self.failure($0, key) } ?? failure(error, key, .reading))
    }
  }

  /// Throws `ECANCELED` when the receiver refuses or the caller gave up.
  private func pass(
    _ file: borrowing FileDescriptor, to receiver: BodyReceiver, _ cancellation: CancellationFlag
  ) throws(SystemCallError) {
    let status = try file.status()
    guard status.isRegularFile else { throw SystemCallError(call: "open", number: ENOENT) }
    let byteCount = Int(status.st_size)
    guard receiver.begin(BodyHead(byteCount: byteCount)) else { throw SystemCallError(call: "read", number: ECANCELED) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, min(byteCount, Self.pieceByteCount)), alignment: 16)
    defer { unsafe buffer.deallocate() }
    while true {
      let count = try unsafe file.read(into: buffer)
      if count == 0 { return }
      let span = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      guard !cancellation.isSet, receiver.receive(span) else {
        throw SystemCallError(call: "read", number: ECANCELED)
      }
    }
  }

  private static func failure(_ refusal: BodyReceiver.Refusal, _ key: String) -> ObjectStoreError {
    switch refusal {
    case .tooLarge: ObjectStoreError(.tooLarge, "the object is larger than expected", key: key)
    case .changed: ObjectStoreError(.corruptResponse, "the object changed while it was read", key: key)
    case .sinkFailed(let cause):
      ObjectStoreError(.sinkFailed, "the object could not be processed", key: key, cause: cause)
    }
  }

  func head(_ key: String) throws(ObjectStoreError) -> ObjectInfo {
    do throws(SystemCallError) {
      var status = stat()
      guard unsafe stat(path(of: key), &status) == 0 else { throw .last("stat") }
      guard status.isRegularFile else { throw SystemCallError(call: "stat", number: ENOENT) }
      return ObjectInfo(key: key, byteCount: Int(status.st_size), modifiedAt: status.modifiedAt)
    } catch {
      throw failure(error, key, .reading)
    }
  }

  func list(prefix: String, after: String?, maximumCount: Int) throws(ObjectStoreError) -> ListPage {
    var walk = DirectoryWalk(root: root, prefix: prefix, after: after, maximumCount: maximumCount)
    do throws(SystemCallError) {
      try walk.run()
    } catch {
      throw failure(error, nil, .listing)
    }
    return ListPage(
      objects: walk.objects, next: walk.isCutShort ? walk.objects.last.map { ListContinuation(token: $0.key) } : nil)
  }

  func delete(_ key: String) throws(ObjectStoreError) {
    let target = path(of: key)
    do throws(SystemCallError) {
      if unsafe unlink(target) == 0 { return try synchronizeDirectory(parent(of: target)) }
      guard errno != ENOENT, errno != ENOTDIR else { return }
      throw .last("unlink")
    } catch {
      throw failure(error, key, .deleting)
    }
  }

  private enum Operation: String {
    case reading = "read"
    case writing = "written"
    case deleting = "deleted"
    case listing = "listed"
  }

  private func failure(_ error: SystemCallError, _ key: String?, _ operation: Operation) -> ObjectStoreError {
    let what = "the \(operation == .listing ? "directory" : "file") could not be \(operation.rawValue)"
    let (code, message): (ObjectStoreError.Code, String) =
      switch (error.number, operation) {
      case (ENOENT, .listing), (ENOTDIR, .listing): (.bucketMissing, "the directory does not exist")
      case (ENOENT, .writing), (ENOTDIR, .writing), (ELOOP, .writing):
        (.bucketMissing, "the directory is not there, and cannot be made (\(error))")
      case (ENOENT, .reading), (ENOTDIR, .reading): (.notFound, "there is no such object")
      case (EACCES, _), (EPERM, _), (EROFS, _): (.accessDenied, "\(what) (\(error))")
      case (EEXIST, .writing): (.preconditionFailed, "the object exists already")
      case (ENOSPC, _), (EDQUOT, _): (.storageFull, "the storage is full (\(error))")
      case (ECANCELED, _): (.cancelled, "the request was cancelled")
      default: (.other, "\(what) (\(error))")
      }
    return ObjectStoreError(code, message, key: key, cause: error)
  }
}
