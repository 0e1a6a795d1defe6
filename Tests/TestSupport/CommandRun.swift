package import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// A started program whose output goes to files, so that no full pipe can stop it. Killed when let go of.
package final class CommandRun: Sendable {
  private let process: Process
  private let directory: TemporaryDirectory
  private let exit: Task<CommandExit, Never>

  /// Starts `executable` with exactly this environment; `input` becomes its standard input. Throws if it cannot start.
  package init(
    _ executable: URL, _ arguments: [String], environment: [String: String], workingDirectory: URL? = nil,
    input: [UInt8] = []
  ) throws {
    directory = try TemporaryDirectory.make()
    for (name, content) in [("in", input), ("out", []), ("err", [])] {
      try Data(content).write(to: directory.file(name))
    }
    process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = environment
    if let workingDirectory { process.currentDirectoryURL = workingDirectory }
    let handles = [
      try FileHandle(forReadingFrom: directory.file("in")), try FileHandle(forWritingTo: directory.file("out")),
      try FileHandle(forWritingTo: directory.file("err")),
    ]
    process.standardInput = handles[0]
    process.standardOutput = handles[1]
    process.standardError = handles[2]

    let (exits, report) = AsyncStream.makeStream(of: CommandExit.self)
    process.terminationHandler = { ended in
      report.yield(ended.terminationReason == .exit ? .code(ended.terminationStatus) : .signal(ended.terminationStatus))
      report.finish()
    }
    exit = Task.detached {
      for await exit in exits { return exit }
      return .signal(SIGKILL)
    }
    do {
      try process.run()
    } catch {
      report.finish()
      throw error
    }
    // The program has its own; a Process keeps those it was given for as long as this process lives.
    for handle in handles { try handle.close() }
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? directory.remove()  // A deinit has nobody to tell; the system clears its temporary directory in time.
  }

  package var processIdentifier: Int32 { process.processIdentifier }

  /// Sends `signal` (SIGTERM, SIGKILL …) if the program still runs.
  package func send(signal: Int32) {
    if process.isRunning { kill(process.processIdentifier, signal) }
  }

  /// Waits for the program to end. A program that outlives `timeout` is killed, and `CommandTimeout` is thrown.
  package func result(timeout: Duration = .seconds(120)) async throws -> CommandResult {
    let guardian = Task { [self] in
      try await Task.sleep(for: timeout)
      send(signal: SIGKILL)
    }
    let exit = await exit.value
    guardian.cancel()
    let result = CommandResult(exit: exit, outputBytes: try written("out"), errorBytes: try written("err"))
    if case .success = await guardian.result { throw CommandTimeout(timeout: timeout, result: result) }
    return result
  }

  /// Waits until the standard output or standard error holds `text`. Throws `CommandTimeout` if the program ends or
  /// the time is over before that.
  package func wait(for text: String, timeout: Duration = .seconds(60)) async throws {
    let deadline = ContinuousClock.now + timeout
    while true {
      let wasRunning = process.isRunning
      let result = CommandResult(exit: .code(0), outputBytes: try written("out"), errorBytes: try written("err"))
      if result.output.contains(text) || result.errorOutput.contains(text) { return }
      guard wasRunning, ContinuousClock.now < deadline else {
        throw CommandTimeout(timeout: timeout, result: result)
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  private func written(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: directory.file(name)))
  }
}

/// How a program ended.
package enum CommandExit: Sendable, Equatable {
  case code(Int32)
  case signal(Int32)
}

/// What an ended program left.
package struct CommandResult: Sendable, CustomStringConvertible {
  package let exit: CommandExit
  package let outputBytes: [UInt8]
  package let errorBytes: [UInt8]

  /// The exit code, or 128 + the signal's number, as a shell gives it.
  package var exitCode: Int32 {
    switch exit {
    case .code(let code): code
    case .signal(let signal): 128 + signal
    }
  }

  /// Standard output as text.
  package var output: String { String(decoding: outputBytes, as: UTF8.self) }

  /// Standard error as text.
  package var errorOutput: String { String(decoding: errorBytes, as: UTF8.self) }

  package var description: String { "\(exit)\n--- stdout\n\(output)\n--- stderr\n\(errorOutput)" }
}

/// A program did not end, or did not say what was waited for, in time.
package struct CommandTimeout: Error, CustomStringConvertible {
  package let timeout: Duration
  package let result: CommandResult

  package var description: String { "gave up after at most \(timeout): \(result)" }
}
