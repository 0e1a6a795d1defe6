import Foundation
import TestSupport
import Testing

/// What the machine does to the program: full and read-only disks, closed streams, an open umask, a second machine.
@Suite struct SurroundingsFaultTests {
  /// Runs `body` with the scenario's table archived to a directory, and the checker for it.
  private static func withDirectory(
    rows: Int = 60, ledger: LedgerUse = .ledger, _ body: (FaultScenario, String) async throws -> Void
  ) async throws {
    try await withFaultScenario(rows: rows, ledger: ledger) { scenario in
      let storage = scenario.directory.path + "/storage"
      let path = scenario.directory.path + "/archiver.yaml"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let databases = try #require(text.firstRange(of: "databases:"))
      try scenario.directory.write(
        "version: 1\nstorage: {url: \"file://\(storage)\"}\n" + text[databases.lowerBound...], to: "archiver.yaml")
      try await body(scenario, storage)
    }
  }

  /// Runs `archive` by a shell, which makes the surroundings.
  private static func archive(_ scenario: FaultScenario, shell: String) async throws -> CommandResult {
    let binary = try TestEnvironment.archiverBinary().path
    return try await CommandRun(
      URL(fileURLWithPath: "/bin/bash"),
      ["-c", shell, "bash", binary, "archive", "--config", scenario.directory.path + "/archiver.yaml"],
      environment: ArchiverCommand.cleanEnvironment
    ).result()
  }

  private static func check(_ scenario: FaultScenario, _ storage: String, _ options: [String] = []) async throws {
    let result = try await Checker.run(
      storage: storage, database: scenario.database.url,
      options + (scenario.ledger == .none ? ["--no-ledger"] : []))
    #expect(result.exitCode == 0, "\(result)")
  }

  @Test func `nothing that is written can be read by others, whatever the umask`() async throws {
    try await Self.withDirectory { scenario, storage in
      let result = try await Self.archive(scenario, shell: #"umask 000; exec "$@""#)
      #expect(result.exitCode == 0, "\(result)")
      try await Self.check(scenario, storage, ["--private"])
    }
  }

  @Test(arguments: [#"exec "$@" >&- 2>&- <&-"#, #""$@" 2>&1 | true; exit "${PIPESTATUS[0]}""#])
  func `a reader that goes away does not stop a run`(shell: String) async throws {
    try await Self.withDirectory { scenario, storage in
      let result = try await Self.archive(scenario, shell: shell)
      #expect(result.exitCode == 0, "\(result)")
      try await Self.check(scenario, storage)
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "0")
    }
  }

  /// A disk, how the run on it ends, and what an operator does about it. The mount lasts as long as the program.
  @Test(
    .enabled(if: SmallDisk.isPossible),
    arguments: [
      ("mount -t tmpfs -o size=16k tmpfs \"$STORAGE\"", Int32(69)),
      ("mount -t tmpfs -o ro tmpfs \"$STORAGE\"", Int32(77)),
    ])
  func `a disk that is full or read-only fails the run and keeps every row`(mount: String, code: Int32) async throws {
    try await Self.withDirectory(rows: 600) { scenario, storage in
      try FileManager.default.createDirectory(atPath: storage, withIntermediateDirectories: true)
      let command = mount.replacing("\"$STORAGE\"", with: "'\(storage)'")
      // Kept on a disk that lasts, so that what was archived before can be counted.
      let shell = """
        exec unshare -m bash -c '\(command.replacing("'", with: "'\\''")) && "$@"; code=$?; mkdir -p "'\(storage).kept'";
        cp -a "'\(storage)/.'" "'\(storage).kept/'"; exit $code' bash "$@"
        """
      let result = try await Self.archive(scenario, shell: shell)
      // Some batches may have fitted before the disk was full.
      #expect([1, code].contains(result.exitCode), "\(result)")
      #expect(result.errorOutput.contains("error: "), "\(result)")
      try await Self.check(scenario, storage + ".kept", ["--moment"])
    }
  }

  @Test(arguments: LedgerUse.allCases)
  func `two machines at once archive every row once`(_ ledger: LedgerUse) async throws {
    try await Self.withDirectory(rows: 400, ledger: ledger) { scenario, storage in
      let runs = try (1...2).map { _ in try scenario.command(["archive", "--workers", "2"]).start() }
      for run in runs {
        let result = try await run.result()
        #expect([0, 75].contains(result.exitCode), "\(result)")
      }
      try await scenario.archiver("archive")
      try await scenario.archiver("recover")
      try await Self.check(scenario, storage)
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "0")
    }
  }
}
