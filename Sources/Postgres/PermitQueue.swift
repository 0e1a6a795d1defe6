internal import Synchronization

/// A fixed number of permits, handed out in the order they were asked for.
final class PermitQueue: Sendable {
  private struct State {
    var free: Int
    var isClosed = false
    var lastTicket: UInt64 = 0
    var waiting: [(ticket: UInt64, continuation: CheckedContinuation<PostgresError.Kind?, Never>)] = []
  }

  private let state: Mutex<State>

  init(count: Int) {
    state = Mutex(State(free: count))
  }

  /// Takes a permit, waiting for one. Throws `.cancelled` or `.poolClosed`.
  func acquire() async throws(PostgresError) {
    let ticket = state.withLock {
      $0.lastTicket += 1
      return $0.lastTicket
    }
    let refusal = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: PostgresError.Kind?? = state.withLock { state in
          if state.isClosed { return .some(.poolClosed) }
          // Under the lock that `withdraw` takes, so a cancellation is seen here or finds the waiter there.
          if Task.isCancelled { return .some(.cancelled) }
          if state.free > 0 {
            state.free -= 1
            return .some(nil)
          }
          state.waiting.append((ticket, continuation))
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      withdraw(ticket)
    }
    switch refusal {
    case nil: return
    case .poolClosed: throw PostgresError(.poolClosed, "the connection pool is closed")
    case .some(let kind): throw PostgresError(kind, "the task was cancelled while waiting for a connection")
    }
  }

  /// Gives a permit back, to the one who waits longest.
  func release() {
    let next = state.withLock { state in
      if state.waiting.isEmpty {
        state.free += 1
        return nil as CheckedContinuation<PostgresError.Kind?, Never>?
      }
      return state.waiting.removeFirst().continuation
    }
    next?.resume(returning: nil)
  }

  /// Refuses all who wait and all who come.
  func close() {
    let refused = state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for waiter in refused { waiter.continuation.resume(returning: .poolClosed) }
  }

  private func withdraw(_ ticket: UInt64) {
    let withdrawn = state.withLock { state in
      state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0).continuation }
    }
    withdrawn?.resume(returning: .cancelled)
  }
}
