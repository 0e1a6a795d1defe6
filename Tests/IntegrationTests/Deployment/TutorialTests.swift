import Foundation
import TestSupport
import Testing

/// Runs the tutorial as a newcomer does: every `sh` block, in order, in one shell.
@Suite struct TutorialTests {
  @Test func `the tutorial works by copy and paste`() async throws {
    let page = try Checkout.text("docs/tutorial.md")
    let blocks = page.components(separatedBy: "```sh\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
    try #require(blocks.count >= 8)
    let server = try #require(URLComponents(string: try TestEnvironment.postgresURL()))
    let store = try TestEnvironment.s3()
    try await withTemporaryDirectory { directory in
      let work = directory.path + "/work"
      try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
      let unique = String(UUID().uuidString.filter(\.isHexDigit).lowercased().prefix(12))
      let script = try directory.write(
        "set -euo pipefail\n" + blocks.map { "echo '### block'\n\($0)\n" }.joined(), to: "tutorial.sh")
      let program = try TestEnvironment.archiverBinary().deletingLastPathComponent().path
      let run = try await CommandRun(
        URL(fileURLWithPath: "/bin/bash"), [script],
        environment: [
          "PATH": program + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? ""), "HOME": "/nonexistent",
          "LC_ALL": "C.UTF-8", "PGHOST": server.host ?? "", "PGPORT": "\(server.port ?? 5432)",
          "PGUSER": server.user ?? "", "PGPASSWORD": server.password ?? "", "DATABASE": "tutorial_\(unique)",
          "ROLE": "tutorial_role_\(unique)", "ARCHIVE": "s3://\(store.bucket)/tutorial-\(unique)",
          "S3_ENDPOINT": store.endpoint, "AWS_ACCESS_KEY_ID": store.accessKeyID,
          "AWS_SECRET_ACCESS_KEY": store.secretAccessKey, "WORK": work,
          "PSQL_PAGER": "cat",
        ], workingDirectory: Checkout.root
      ).result(timeout: .seconds(300))
      #expect(run.exitCode == 0, "\(run)")
      #expect(run.output.components(separatedBy: "### block").count - 1 == blocks.count)
      for part in [
        "archiver.yaml: good (1 database, 1 table", "eligible rows  12,00", "complete", "OK: ",
        "archiver_last_run_exit_code 0", "archiver_last_success_timestamp_seconds{",
      ] {
        #expect(run.output.contains(part), "\(part) in \(run)")
      }
    }
  }
}
