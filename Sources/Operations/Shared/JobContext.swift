package import ArchiveModel
package import Logging
import Synchronization

/// What every job is given beside its task: who it is, where it tells, and when to stop.
package struct JobContext: Sendable {
  /// Names the run, in every log line, error and record.
  package let runID: UUIDv7
  package let logger: Logger
  package let progress: any ProgressObserver
  package let stop: StopRequest

  package init(runID: UUIDv7, logger: Logger, progress: any ProgressObserver, stop: StopRequest) {
    (self.runID, self.logger, self.progress, self.stop) = (runID, logger, progress, stop)
  }
}

/// The tool's name and version, as manifests and the User-Agent carry them.
package enum Tool {
  package static let version = "0.1.0"
  package static let name = "archiver \(version)"
}

/// A wish to end the job after the batch in hand, made by a signal.
package final class StopRequest: Sendable {
  private let requested = Mutex(false)

  package init() {}

  package func request() {
    requested.withLock { $0 = true }
  }

  package var isRequested: Bool { requested.withLock { $0 } }

  /// Runs `body` and cancels it when a stop is asked for: for what has no batch in hand, and may take long.
  func cancelling<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
    let work = Task(operation: body)
    let watch = Task {
      while !isRequested { try await Task.sleep(for: .milliseconds(100)) }
      work.cancel()
    }
    defer { watch.cancel() }
    return try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      work.cancel()
    }
  }
}

/// What a job has got done so far; totals belong to the table named last.
package enum ProgressEvent: Sendable {
  /// Work on a table begins; `rowCount` is how many rows there are to do, when that is known.
  case began(table: TableName, rowCount: Int?)
  /// Another part is done: rows, and bytes as stored.
  case advanced(rows: Int, bytes: Int)
  /// Work on the table named last has ended.
  case ended
}

/// Follows a job's progress; called from any thread.
package protocol ProgressObserver: Sendable {
  func observe(_ event: ProgressEvent)
}

/// Follows nothing.
package struct SilentProgress: ProgressObserver {
  package init() {}

  package func observe(_ event: ProgressEvent) {}
}
