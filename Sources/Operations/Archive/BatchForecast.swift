import Gzip
import Synchronization

/// What the batches of one table so far tell of the next: how its rows compress best, and how much room they need.
final class BatchForecast: Sendable {
  private struct Experience {
    var level: GzipLevel?
    var contentByteCount = 0
  }

  private let zlibLevel: Int
  private let experience = Mutex(Experience())

  init(zlibLevel: Int) {
    self.zlibLevel = zlibLevel
  }

  /// Bytes of content to make room for at once; 0 before the first batch.
  var contentByteCount: Int {
    experience.withLock { $0.contentByteCount + $0.contentByteCount / 16 }
  }

  /// The level for `content`: chosen on the first that comes, so that all of a run's objects are compressed alike.
  func level(for content: Span<UInt8>) throws(GzipError) -> GzipLevel {
    let known = experience.withLock {
      $0.contentByteCount = max($0.contentByteCount, content.count)
      return $0.level
    }
    if let known { return known }
    // Outside the lock: two workers who both come first come to much the same.
    let fitting = try GzipLevel(zlibLevel: zlibLevel, fitting: content)
    return experience.withLock {
      let level = $0.level ?? fitting
      $0.level = level
      return level
    }
  }
}
