import Dispatch
import Foundation
import Operations
import Synchronization

/// Turns SIGINT and SIGTERM into a wish to stop, and a second one into a cancellation.
final class SignalWatch: Sendable {
  private let stop: StopRequest
  private let first = Mutex<Int32?>(nil)

  init(stop: StopRequest) {
    self.stop = stop
  }

  /// The first signal that came.
  var received: Int32? { first.withLock { $0 } }

  /// Watches while `body` runs; `cancel` is called for the second signal.
  nonisolated(nonsending) func watching<Result>(
    cancel: @escaping @Sendable () -> Void, _ body: () async throws -> Result
  ) async rethrows -> Result {
    var sources: [any DispatchSourceSignal] = []
    defer { for source in sources { source.cancel() } }
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [weak self] in self?.handle(number, cancel) }
      source.resume()
      sources.append(source)
    }
    return try await body()
  }

  private func handle(_ number: Int32, _ cancel: () -> Void) {
    let isFirst = first.withLock { first in
      defer { first = first ?? number }
      return first == nil
    }
    if isFirst {
      stop.request()
      let again = number == SIGINT ? "press Ctrl-C again" : "send the signal again"
      StandardError.write("stopping after the batch in hand (\(again) to roll it back)\n")
    } else {
      StandardError.write("ending the batch in hand: it is rolled back, unless its COMMIT is under way\n")
      cancel()
    }
  }
}
