/// Bytes that grow at the end and are written in place.
///
/// Copies are independent values; the room behind `count` is kept when the buffer is cleared.
struct ByteBuffer: Sendable {
  /// Whole words are stored where fewer bytes are meant, so a write may touch this many bytes behind its bound.
  private static let overshoot = 8

  /// Every element is initialised; those from `count` on are room to write into.
  private var storage: [UInt8]
  /// Room to reserve at once when the buffer next grows.
  private var nextCapacity = 256
  /// Bytes written.
  private(set) var count = 0

  init(capacity: Int = 0) {
    storage = [UInt8](repeating: 0, count: capacity)
  }

  /// Writes over what is in `room`.
  init(over room: consuming [UInt8]) {
    storage = room
  }

  /// Lets `body` write up to `bound` bytes at the end; nothing is kept when it throws.
  @inline(__always)
  mutating func write<Failure: Error>(
    atMost bound: Int, _ body: (inout ByteCursor) throws(Failure) -> Void
  ) throws(Failure) {
    if storage.count &- count < bound &+ Self.overshoot { grow(by: bound &+ Self.overshoot) }
    let start = count
    count = try unsafe storage.withUnsafeMutableBufferPointer { (room) throws(Failure) -> Int in
      // No more than the bound is lent, so that debug builds catch a bound that is too small.
      let lent = unsafe UnsafeMutableRawBufferPointer(
        start: room.baseAddress, count: start &+ bound &+ Self.overshoot)
      var cursor = unsafe ByteCursor(room: lent, position: start)
      try body(&cursor)
      return cursor.position
    }
  }

  mutating func append(_ byte: UInt8) {
    write(atMost: 1) { cursor in cursor.put(byte) }
  }

  mutating func append(_ bytes: Span<UInt8>) {
    write(atMost: bytes.count) { cursor in cursor.put(bytes) }
  }

  /// Appends at most eight ASCII characters known at compile time.
  mutating func append(ascii text: StaticString) {
    write(atMost: text.utf8CodeUnitCount) { cursor in cursor.put(ascii: text) }
  }

  /// Lends the bytes of `range`, which lies within the bytes written.
  func withSpan<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(storage.span.extracting(range))
  }

  /// Lends all bytes written.
  func withSpan<Result, Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Result) throws(Failure) -> Result {
    try body(storage.span.extracting(0..<count))
  }

  /// The bytes of `range` read as UTF-8.
  func string(_ range: Range<Int>) -> String {
    String(decoding: storage[range], as: UTF8.self)
  }

  /// Forgets what was written behind `count` bytes.
  mutating func truncate(to count: Int) {
    self.count = min(self.count, count)
  }

  /// Hands the bytes over and starts anew; the next write reserves as much room as they took.
  mutating func take() -> [UInt8] {
    nextCapacity = max(storage.count, 256)
    var bytes: [UInt8] = []
    swap(&bytes, &storage)
    bytes.removeLast(bytes.count - count)
    count = 0
    return bytes
  }

  /// Hands over the bytes with all the room behind them, and starts anew.
  mutating func takeRoom() -> [UInt8] {
    nextCapacity = max(storage.count, 256)
    var room: [UInt8] = []
    swap(&room, &storage)
    count = 0
    return room
  }

  @inline(never)
  private mutating func grow(by bound: Int) {
    var larger = [UInt8](repeating: 0, count: max(storage.count * 2, count + bound, nextCapacity))
    larger.replaceSubrange(0..<count, with: storage[0..<count])
    storage = larger
  }
}
