import Foundation
import Synchronization
import TestSupport

/// What the proxies of a scenario do at the moment; everything passes until a script is installed.
final class FaultScript: Sendable {
  private let script = Mutex<FaultProxy.Script?>(nil)
  private let process = Mutex<Int32?>(nil)
  private let seen = Mutex<[String]>([])

  /// The proxies call it for every moment.
  func act(_ moment: FaultProxy.Moment) -> FaultProxy.Action {
    if moment.phase == .request { seen.withLock { $0.append(moment.text) } }
    return script.withLock { $0 }?(moment) ?? .pass
  }

  /// Every request since the last `install`, in order.
  var requests: [String] { seen.withLock { $0 } }

  /// Replaces the script, and forgets what was seen; nil lets everything pass.
  func install(_ new: FaultProxy.Script? = nil) {
    process.withLock { $0 = nil }
    seen.withLock { $0 = [] }
    script.withLock { $0 = new }
  }

  /// Does `action` the first `times` times that `step` comes to its `phase`; everything else passes.
  func spoil(
    _ step: Step, _ phase: FaultProxy.Phase, times: Int = 1,
    _ action:
      @escaping @Sendable (FaultProxy.Moment)
      -> FaultProxy.Action
  ) {
    let watch = StepWatch(step, phase, times: times)
    install { watch.fits($0) ? action($0) : .pass }
  }

  /// Names the process that a script's signals go to.
  func aim(at run: CommandRun) {
    process.withLock { $0 = run.processIdentifier }
  }

  /// Sends a signal to the process aimed at, waiting until it is named: its first steps may be faster than its starter.
  func strike(_ signal: Int32) {
    for _ in 0..<2000 {
      if let target = process.withLock({ $0 }) {
        kill(target, signal)
        return
      }
      usleep(1000)
    }
  }
}

/// A step of the protocol, as the wires show it.
struct Step: Sendable, CustomStringConvertible {
  let description: String
  /// A request that comes before it, where its own text alone does not tell.
  var armedBy: (@Sendable (String) -> Bool)?
  let matches: @Sendable (String) -> Bool

  private init(
    _ description: String, armedBy: (@Sendable (String) -> Bool)? = nil, _ matches: @escaping @Sendable (String) -> Bool
  ) {
    (self.description, self.armedBy, self.matches) = (description, armedBy, matches)
  }

  /// An S3 request.
  static func s3(_ name: String, _ method: String, _ part: String) -> Step {
    Step(name) { $0.hasPrefix(method + " /") && $0.contains(part) }
  }

  /// A statement.
  static func sql(_ name: String, _ part: String) -> Step {
    Step(name) { $0.contains(part) && !$0.contains(" /") }
  }

  static let probe = s3("bucket check", "PUT", "/_archiver-check/")
  static let listing = s3("listing", "GET", "list-type")
  static let begin = Step("batch begun") {
    $0.contains("pg_advisory_xact_lock(") && $0.contains("pg_postmaster_start_time()")
  }
  static let fetch = sql("fetch", "COPY (SELECT")
  static let upload = s3("upload", "PUT", ".jsonl.gz")
  static let readBack = s3("verify", "GET", ".jsonl.gz")
  static let prepare = s3("prepare", "PUT", ".prepared.json")
  static let lastLook = s3("last look", "HEAD", ".jsonl.gz")
  static let delete = sql("delete", "DELETE FROM ONLY")
  /// The batch is recorded where there is a ledger, and deferred constraints speak.
  static let record = sql("record", "SET CONSTRAINTS ALL IMMEDIATE")
  static let commit = Step("commit", armedBy: record.matches) { $0 == "COMMIT" }
  static let manifest = s3("manifest", "PUT", ".manifest.json")
  static let prepareRemoved = s3("prepared removed", "DELETE", ".prepared.json")
  static let runRecord = s3("run record", "PUT", "/_runs/")

  /// In the order in which a run comes by them.
  static let ofArchive = [
    probe, listing, begin, fetch, upload, readBack, prepare, lastLook, delete, record, commit, manifest, prepareRemoved,
    runRecord,
  ]

  static let settleRead = s3("settle: prepared read", "GET", ".prepared.json")
  static let settleLock = sql("settle: lock", "pg_advisory_xact_lock(")
  static let settleLedger = sql("settle: ledger", "SELECT manifest_sha256")
  static let settleAborted = s3("settle: aborted", "PUT", ".aborted.json")

  static let entryOut = sql("return: entry out", "DELETE FROM \"archiver\".batch")
  static let entryCommit = Step("return: commit", armedBy: entryOut.matches) { $0 == "COMMIT" }
  static let supersede = s3("return: mark", "PUT", ".superseded.json")
  static let supersededRead = s3("return: mark read", "GET", ".superseded.json")

  /// Of `recover --rows-came-back`, after a table alone was loaded from an older dump.
  static let ofReturning = [entryOut, entryCommit, runRecord, supersede, supersededRead]

  static let restoreRecord = s3("restore: record", "PUT", "/_restores/")
  static let restoreRead = s3("restore: read", "GET", ".jsonl.gz")
  static let restoreCopy = sql("restore: rows", "FROM STDIN")
  static let restoreCommit = Step("restore: commit", armedBy: restoreCopy.matches) { $0 == "COMMIT" }

  /// In the order in which a restore comes by them.
  static let ofRestore = [restoreRecord, restoreRead, restoreCopy, restoreCommit]

  static func ofSettling(_ ledger: LedgerUse) -> [Step] {
    [listing, settleRead, settleLock] + (ledger == .none ? [] : [settleLedger])
      + [manifest, prepareRemoved, settleAborted]
  }
}

/// Tells when a step comes to a phase: `times` times, after `before` times that are left out.
final class StepWatch: Sendable {
  private let step: Step
  private let phase: FaultProxy.Phase
  private let state: Mutex<(isArmed: Bool, before: Int, left: Int)>

  init(_ step: Step, _ phase: FaultProxy.Phase, after before: Int = 0, times: Int = 1) {
    (self.step, self.phase) = (step, phase)
    state = Mutex((isArmed: step.armedBy == nil, before: before, left: times))
  }

  /// Whether it came at all.
  var hasCome: Bool { state.withLock { $0.left == 0 } }

  func fits(_ moment: FaultProxy.Moment) -> Bool {
    state.withLock { state in
      guard state.isArmed else {
        state.isArmed = step.armedBy?(moment.text) ?? true
        return false
      }
      guard state.left > 0, moment.phase == phase, step.matches(moment.text) else { return false }
      guard state.before == 0 else {
        state.before -= 1
        return false
      }
      state.left -= 1
      return true
    }
  }
}
