import Foundation
import TestSupport
import Testing

/// Runs the tutorial as a newcomer does: every block that needs no other machine, in order, in one shell.
@Suite struct TutorialTests {
  /// What stands for the machine's own folders and for root.
  private static let machine = """
    sudo() { if [ "$1" = systemctl ]; then return; fi; "$@"; }
    mkdir -p "$WORK/etc/archiver" "$WORK/etc/prometheus" "$WORK/var/lib/archiver" \
      "$WORK/var/lib/prometheus/node-exporter"
    printf 'rule_files:\\n  # - "first_rules.yml"\\n' >"$WORK/etc/prometheus/prometheus.yml"

    """

  /// The unit's command with what the unit gives it, and nothing else.
  private static func nightly() throws -> String {
    let unit = try Checkout.text("scripts/deploy/systemd/archiver.service")
    let command = try #require(unit.firstMatch(of: /(?m)^ExecStart=\/usr\/bin\/(.*)$/)).1
    let variable = try #require(unit.firstMatch(of: /(?m)^Environment=(.*)$/)).1
    #expect(unit.contains("\nEnvironmentFile=-/etc/archiver/environment\n"))
    return """
      env -i PATH="$PATH" \(inWork(String(variable))) $(cat "$WORK/etc/archiver/environment") \(command)
      test "$(stat -c %a "$WORK/etc/archiver/environment")" = 600

      """
  }

  private static func inWork(_ text: String) -> String {
    text.replacing(/(^|[ \n|=:])\/(etc|var)\//) { "\($0.1)$WORK/\($0.2)/" }
  }

  /// The blocks to run.
  private static func script() throws -> [String] {
    try DocumentPage("docs/tutorial.md").blocks.compactMap { block in
      switch block {
      case let block where block.language == "sh": return block.text
      case let block where block.text.contains("/etc/archiver/environment"):
        // Single quotes would keep the variable as it stands.
        return machine + inWork(block.text).replacing("'", with: "\"").replacing(" -g archiver", with: "")
          + "\n" + (try nightly())
      case let block where block.text.contains("/etc/prometheus"):
        return inWork(block.text).split(separator: "\n").filter { !$0.contains("apt-get") }.joined(separator: "\n")
          + "\ngrep ^archiver_last_run_exit_code \"$WORK\"/var/lib/prometheus/node-exporter/*.prom"
      default: return nil
      }
    }
  }

  @Test func `the tutorial works by copy and paste`() async throws {
    let blocks = try Self.script()
    try #require(blocks.count == 12)
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
          "PATH": program + ":" + Checkout.lintTools + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? ""),
          "HOME": "/nonexistent",
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
        "SUCCESS: 1 rule files found", "SUCCESS: 8 rules found",
      ] {
        #expect(run.output.contains(part), "\(part) in \(run)")
      }
    }
  }
}
