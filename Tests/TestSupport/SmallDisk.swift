import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// Disks of a few megabytes, to be filled.
package enum SmallDisk {
  /// Whether file systems may be mounted here; a container without that right cannot have a small disk of its own.
  package static let isPossible =
    geteuid() == 0
    && (try? run(["unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/mnt"])) == 0

  /// Mounts one at `path`, which has to be an empty directory, until `body` has ended.
  nonisolated(nonsending) package static func with<Result>(
    _ size: String, at path: String, _ body: () async throws -> Result
  ) async throws -> Result {
    guard try run(["mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", path]) == 0 else {
      throw POSIXError(.EPERM)
    }
    let outcome: Swift.Result<Result, any Error>
    do {
      outcome = .success(try await body())
    } catch {
      outcome = .failure(error)
    }
    guard try run(["umount", "-l", path]) == 0 else { throw POSIXError(.EBUSY) }
    return try outcome.get()
  }

  private static func run(_ command: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
