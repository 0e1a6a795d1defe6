import Foundation

/// What the test server can do, for tests of what not every PostgreSQL has.
package enum TestServer {
  /// As `server_version_num`, 150018 for 15.18; 0 where no server answers, whose tests then fail by themselves.
  package static let version = answer("SHOW server_version_num").flatMap { Int($0) } ?? 0

  /// Whether it was built with libxml: without, the type exists and takes no value.
  package static let hasXML = answer("SELECT '<a/>'::xml") != nil

  /// Names of the extensions that can be created.
  package static let extensions = Set(
    (answer("SELECT name FROM pg_available_extensions") ?? "").split(separator: "\n").map(String.init))

  /// Whether it was built with OpenSSL.
  package static let hasTLS =
    answer("SELECT 1 / count(*) FROM pg_settings WHERE name = 'ssl_library' AND setting <> ''") != nil

  /// Whether it was built with ICU.
  package static let hasICU = answer("SELECT 1 / count(*) FROM pg_collation WHERE collname = 'und-x-icu'") != nil

  /// The words for how generated columns come about: computed when they are read, too, since 18.
  package static let generatedKinds = version < 120_000 ? [] : version < 180_000 ? ["STORED"] : ["STORED", "VIRTUAL"]

  /// Whether a collation can hold texts of other bytes to be equal: since 12, and only when built with ICU.
  package static let hasUnlikeEquals = version >= 120_000 && hasICU

  /// What the statement gives, without the last newline; nil when it fails.
  private static func answer(_ sql: String) -> String? {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    guard let url = try? TestEnvironment.postgresURL() else { return nil }
    process.arguments = ["psql", "-AtqX", "-d", url, "-c", sql]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
  }
}
