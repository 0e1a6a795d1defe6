import Foundation
import Synchronization
import TestSupport
import Testing

/// A fault at one step of a batch, and how the run ends.
struct FaultCase: Sendable, CustomTestStringConvertible {
  let name: String
  let step: Step
  let phase: FaultProxy.Phase
  let times: Int
  /// 0 when the run gets over it.
  let code: Int32
  let action: @Sendable (FaultProxy.Moment) -> FaultProxy.Action
  var testDescription: String { name }

  /// As many `times` as a run ever comes by a step.
  static let always = 1000

  init(
    _ name: String, _ step: Step, _ phase: FaultProxy.Phase, times: Int = 1, code: Int32 = 0,
    _ action: @escaping @Sendable (FaultProxy.Moment) -> FaultProxy.Action
  ) {
    (self.name, self.step, self.phase, self.times, self.code) = (name, step, phase, times, code)
    self.action = action
  }
}

/// Whether a batch is recorded in the ledger, or does without.
enum LedgerUse: String, Sendable, CaseIterable {
  case ledger = "ledger: archiver"
  case none = "ledger: none"
}

/// Holds an exchange up until a test lets it go on.
final class Gate: Sendable {
  private let held = Mutex<FaultProxy.Moment?>(nil)
  private let opened = DispatchSemaphore(value: 0)

  /// Blocks the thread of a proxy until `open`, a minute at most.
  func hold(_ moment: FaultProxy.Moment) -> FaultProxy.Action {
    held.withLock { $0 = moment }
    _ = opened.wait(timeout: .now() + 60)
    return .pass
  }

  /// Waits until an exchange is held, and gives it. Throws when none comes.
  func arrival() async throws -> FaultProxy.Moment {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
      if let moment = held.withLock({ $0 }) { return moment }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw NothingHeld()
  }

  func open() { opened.signal() }

  struct NothingHeld: Error {}
}

/// SQL on a thread that cannot await, such as a proxy's.
enum BlockingSQL {
  /// Gives the output when it waits for it. What goes wrong is an issue of the test.
  @discardableResult
  static func run(_ sql: String, _ url: String, waits: Bool = true) -> String {
    start(sql, url, waits: waits, mayFail: false)
  }

  /// Runs what may fail as well.
  static func attempt(_ sql: String, _ url: String) {
    _ = start(sql, url, waits: true, mayFail: true)
  }

  private static func start(_ sql: String, _ url: String, waits: Bool, mayFail: Bool) -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]
    let pipe = Pipe()
    process.standardOutput = waits ? pipe : FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      Issue.record(error)
      return ""
    }
    guard waits else { return "" }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    if process.terminationStatus != 0, !mayFail { Issue.record("psql ended with \(process.terminationStatus): \(sql)") }
    return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
