import Synchronization

/// Actors with a thread each, made when needed, lent to one caller at a time and used again.
///
/// The one given back last is lent first, so that its connection is the likeliest to be alive still.
final class WorkerPool<Worker: Sendable>: Sendable {
  private struct State {
    var idle: [Worker] = []
    var workerCount = 0
    var waiting: [CheckedContinuation<Worker, Never>] = []
  }

  private let state = Mutex(State())
  private let maximumCount: Int
  private let make: @Sendable () -> Worker

  /// At most `maximumCount` workers exist at once; who comes later waits for one, first come first served.
  init(maximumCount: Int, make: @escaping @Sendable () -> Worker) {
    self.maximumCount = max(1, maximumCount)
    self.make = make
  }

  /// A worker for the caller alone, who must `giveBack` it. Waits while all are lent.
  func take() async -> Worker {
    await withCheckedContinuation { continuation in
      let worker = state.withLock { state -> Worker? in
        if let worker = state.idle.popLast() { return worker }
        if state.workerCount < maximumCount {
          state.workerCount += 1
          return make()
        }
        state.waiting.append(continuation)
        return nil
      }
      if let worker { continuation.resume(returning: worker) }
    }
  }

  /// Takes back a worker, or hands it to who waits longest.
  func giveBack(_ worker: Worker) {
    let next = state.withLock { state -> CheckedContinuation<Worker, Never>? in
      if !state.waiting.isEmpty { return state.waiting.removeFirst() }
      state.idle.append(worker)
      return nil
    }
    next?.resume(returning: worker)
  }
}
