import Synchronization

/// Takes an object's bytes on a worker's thread.
///
/// Unchecked because the compiler cannot see the invariant: a receiver belongs to one request, whose caller waits while
/// the worker's thread uses it, so that no two ever touch it at once.
class BodyReceiver: @unchecked Sendable {
  /// Why the receiver stopped the transfer.
  enum Refusal {
    case tooLarge
    case sinkFailed(any Error)
    /// The object is no longer the one whose first part was received.
    case changed
  }

  fileprivate(set) var refusal: Refusal?

  /// Called before the bytes of each attempt; false stops it.
  func begin(_ head: BodyHead) -> Bool { true }

  /// The next bytes; false stops the transfer.
  func receive(_ bytes: Span<UInt8>) -> Bool { true }
}

/// What an answer says of the body that follows.
struct BodyHead: Sendable {
  /// Nil when the answer does not tell in advance.
  var byteCount: Int?
  var etag: String?
  /// Where in the object the body begins.
  var offset = 0
}

/// Keeps the bytes in memory, up to a bound. Unchecked as every receiver is.
final class BufferReceiver: BodyReceiver, @unchecked Sendable {
  private(set) var bytes: [UInt8] = []
  private let maximumByteCount: Int

  init(maximumByteCount: Int) {
    self.maximumByteCount = maximumByteCount
  }

  override func begin(_ head: BodyHead) -> Bool {
    bytes.removeAll(keepingCapacity: true)
    guard let byteCount = head.byteCount else { return true }
    guard byteCount <= maximumByteCount else { return refuse() }
    bytes.reserveCapacity(byteCount)
    return true
  }

  override func receive(_ span: Span<UInt8>) -> Bool {
    guard span.count <= maximumByteCount - bytes.count else { return refuse() }
    unsafe span.withUnsafeBufferPointer { buffer in unsafe bytes.append(contentsOf: buffer) }
    return true
  }

  private func refuse() -> Bool {
    refusal = .tooLarge
    return false
  }
}

/// Passes the bytes on to a sink, each once and in order, whatever the number of attempts. Unchecked as every receiver is.
final class SinkReceiver<Sink: ByteSink & ~Copyable>: BodyReceiver, @unchecked Sendable {
  /// Empty once the sink was taken. The class's invariant holds for it too.
  private nonisolated(unsafe) var sink: Sink?
  private(set) var deliveredByteCount = 0
  private(set) var etag: String?
  /// How much of the coming bytes the sink has already.
  private var repeatedByteCount = 0

  init(_ sink: consuming sending Sink) {
    unsafe self.sink = consume sink
  }

  override func begin(_ head: BodyHead) -> Bool {
    if deliveredByteCount == 0 {
      etag = head.etag
    } else if etag == nil || head.etag != etag || head.offset > deliveredByteCount {
      refusal = .changed
      return false
    }
    repeatedByteCount = deliveredByteCount - head.offset
    return true
  }

  override func receive(_ bytes: Span<UInt8>) -> Bool {
    let skipped = min(repeatedByteCount, bytes.count)
    repeatedByteCount -= skipped
    guard skipped < bytes.count else { return true }
    let fresh = bytes.extracting(skipped..<bytes.count)
    do {
      try unsafe sink?.write(fresh)
    } catch {
      refusal = .sinkFailed(error)
      return false
    }
    deliveredByteCount += fresh.count
    return true
  }

  /// The sink, once the transfer is over; nil the second time.
  func take() -> sending Sink? {
    unsafe sink.take()
  }
}

/// Tells a worker's thread that its caller no longer wants the answer.
final class CancellationFlag: Sendable {
  private let state = Atomic(false)

  var isSet: Bool { state.load(ordering: .relaxed) }

  func set() { state.store(true, ordering: .relaxed) }
}
