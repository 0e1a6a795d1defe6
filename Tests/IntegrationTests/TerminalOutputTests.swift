import Foundation
import TestSupport
import Testing

/// What the program does on a real terminal.
@Suite struct TerminalOutputTests {
  /// Runs the program with a pseudo-terminal of `width` columns for all its streams, and gives what it drew.
  private func drawn(_ arguments: [String], width: Int, environment: [String: String] = [:]) async throws -> String {
    let program = """
      import fcntl, os, struct, subprocess, sys, termios
      master, slave = os.openpty()
      fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
      process = subprocess.Popen(sys.argv[2:], stdin=slave, stdout=slave, stderr=slave)
      os.close(slave)
      while True:
          try:
              part = os.read(master, 65536)
          except OSError:
              break
          if not part:
              break
          sys.stdout.buffer.write(part)
      process.wait()
      """
    let run = try await CommandRun(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["python3", "-c", program, "\(width)", try TestEnvironment.archiverBinary().path] + arguments,
      environment: ArchiverCommand.cleanEnvironment.merging(["TERM": "xterm"]) { $1 }.merging(environment) { $1 }
    ).result()
    #expect(run.exitCode == 0, "\(run)")
    return run.output
  }

  @Test(arguments: [80, 100])
  func `results fit the terminal`(width: Int) async throws {
    try await withArchiveScenario(rows: 300) { scenario in
      try await scenario.archiver("archive")
      let arguments = ["inspect", "list", "--batches", "--storage", scenario.storageURL, "--progress", "none"]
      let lines = try await drawn(arguments, width: width).split(whereSeparator: \.isNewline)
      #expect(lines.count >= 7)
      for line in lines { #expect(line.count <= width, "\(line)") }
      // A batch's id is what the next command is given: what gives way for it is less needed.
      #expect(lines.contains { $0.contains(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) })
      #expect(!lines.contains { $0.contains("ratio") })
      let wide = try await drawn(arguments, width: 400)
      #expect(!wide.contains("…") && wide.contains("app.public.events") && wide.contains("ratio"))
    }
  }

  @Test(arguments: [([:], true), (["NO_COLOR": "1"], false), (["TERM": "dumb"], false)] as [([String: String], Bool)])
  func `an error is red unless the user wants no colour`(environment: [String: String], isRed: Bool) async throws {
    let text = try await drawn(["config", "show", "-c", "/nonexistent/a.yaml"], width: 80, environment: environment)
    #expect(text.contains("error:"))
    #expect(text.contains("\u{1B}[1;31merror:\u{1B}[0m") == isRed, "\(text.debugDescription)")
    if !isRed { #expect(!text.contains("\u{1B}[1;"), "\(text.debugDescription)") }
  }
}
