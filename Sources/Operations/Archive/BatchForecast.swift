import Gzip
import Synchronization

/// What the batches of one table so far tell of the next: how its rows compress best, and how much room they need. Hands that
/// room on from batch to batch, since to have the system map and clear it anew costs more than to hash it.
final class BatchForecast: Sendable {
  private struct Experience {
    var level: GzipLevel?
    var contentByteCount = 0
    var spare: [[UInt8]] = []
  }

  private let zlibLevel: Int
  private let experience = Mutex(Experience())
  private let maximumSpareCount: Int

  /// Each worker has two buffers at a time: what it has encoded, and what it unpacks to compare with that.
  init(zlibLevel: Int, workers: Int) {
    self.zlibLevel = zlibLevel
    maximumSpareCount = 2 * workers
  }

  /// Bytes that nobody needs any more, as many as a batch's content had until now; empty before the first batch.
  func room() -> [UInt8] {
    let (spare, byteCount) = experience.withLock { ($0.spare.popLast(), $0.contentByteCount) }
    if let spare, spare.count >= byteCount { return spare }
    return [UInt8](repeating: 0, count: byteCount + byteCount / 16)
  }

  /// Takes back what `room` gave, or what it has grown into. Who gives it forgets it: a second holder would cost a copy.
  func giveBack(_ room: [UInt8]) {
    experience.withLock {
      if !room.isEmpty, $0.spare.count < maximumSpareCount { $0.spare.append(room) }
    }
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
