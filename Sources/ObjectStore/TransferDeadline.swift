/// When a request must have ended: every one has an end, however slowly its bytes trickle.
package enum TransferDeadline {
  /// For the requests of the task and its children; nil to go by their sizes alone.
  @TaskLocal package static var current: ContinuousClock.Instant?

  /// For the connection and the store's own work.
  static let base = Duration.seconds(60)
  /// A transfer that is slower on the whole is given up: 100 MB may take 52 minutes.
  static let slowestBytesPerSecond = 32_768
  /// For the largest objects, and those of unknown size.
  static let ceiling = Duration.seconds(7200)

  /// How long a transfer may take that begins now and moves so many bytes; nil when that is not known.
  static func allowance(forByteCount byteCount: Int?) -> Duration {
    let bySize = byteCount.map { min(base + .seconds($0 / slowestBytesPerSecond), ceiling) } ?? ceiling
    guard let current else { return bySize }
    return max(.milliseconds(1), min(bySize, current - .now))
  }
}
