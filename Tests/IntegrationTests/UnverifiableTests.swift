import Foundation
import TestSupport
import Testing

/// Where nothing can be verified, `verify` neither says that all is well nor that it found something.
@Suite struct UnverifiableTests {
  private func check(_ arguments: [String], code: Int32, tells: String) async throws {
    let result = try await ArchiverCommand(["verify"] + arguments).run()
    #expect(result.exitCode == code && result.output.isEmpty, "\(result)")
    #expect(result.errorOutput.hasPrefix("error: ") && result.errorOutput.contains(tells), "\(result)")
  }

  /// Below the root of an archive, and beside it.
  @Test(arguments: ["/storage/db=app", "/storage/_runs", ""]) func `where there is no archive`(path: String)
    async throws
  {
    try await GoodArchive.withCopy { archive in
      let url = "file://" + archive.directory.path + path
      try await check(["--storage", url], code: 65, tells: "there is no archive here")
      try await check(["--storage", url, "--level", "head"], code: 65, tells: "there is no archive here")
    }
  }

  @Test(arguments: ["/nope/page.html", ""]) func `a page that cannot be written`(path: String) async throws {
    try await GoodArchive.withCopy { archive in
      let page = archive.directory.path + path
      try await check(["--storage", archive.url, "--report", page], code: 78, tells: "cannot write the report")
    }
  }

  @Test func `a page in the place of a device`() async throws {
    try await GoodArchive.withCopy { archive in
      let pipe = archive.directory.path + "/pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      let page = archive.directory.path + "/page.html"
      try FileManager.default.createSymbolicLink(atPath: page, withDestinationPath: pipe)
      for path in [pipe, page] {
        try await check(["--storage", archive.url, "--report", path], code: 78, tells: "is no regular file")
      }
    }
  }

  @Test func `a storage that goes in circles`() async throws {
    try await GoodArchive.withCopy { archive in
      try FileManager.default.createSymbolicLink(
        atPath: archive.path("db=app/schema=public/table=events/dt=2099-01-01"),
        withDestinationPath: archive.path("db=app"))
      try await check(["--storage", archive.url], code: 69, tells: "cannot list the archive")
    }
  }

  @Test func `a configuration whose first run is still to come`() async throws {
    try await withArchiveScenario(rows: 1) { scenario in
      try FileManager.default.createDirectory(
        atPath: scenario.directory.path + "/storage", withIntermediateDirectories: true)
      let result = try await scenario.archiver("verify", expecting: 65)
      #expect(result.errorOutput.contains("before the first `archive`"), "\(result)")
      try await scenario.archiver("archive")
      try await scenario.archiver("verify")
    }
  }
}
