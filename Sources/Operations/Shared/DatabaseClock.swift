package import ArchiveModel

/// The database's clock, read once and carried on by this machine's monotonic one.
package struct DatabaseClock: Sendable {
  private let origin: Timestamp
  private let reference = ContinuousClock.now

  /// A clock that reads `now` at this moment.
  package init(now: Timestamp) {
    origin = now
  }

  package var now: Timestamp { origin.advanced(by: ContinuousClock.now - reference) }
}
