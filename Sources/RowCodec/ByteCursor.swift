/// A place to write in the room that `ByteBuffer.write(atMost:)` reserved.
///
/// Invariant: the writer stays within the bound it asked for. Debug builds check every store; release builds do not.
@safe
struct ByteCursor {
  private let room: UnsafeMutableRawBufferPointer
  private(set) var position: Int

  @inline(__always)
  init(room: UnsafeMutableRawBufferPointer, position: Int) {
    unsafe self.room = unsafe room
    self.position = position
  }

  @inline(__always)
  mutating func put(_ byte: UInt8) {
    unsafe room[position] = byte
    position &+= 1
  }

  /// Takes the last byte back.
  @inline(__always)
  mutating func takeBack() {
    position &-= 1
  }

  /// Writes the low `count` bytes of a word, lowest first.
  @inline(__always)
  mutating func put(_ word: UInt64, count: Int = 8) {
    unsafe room.storeBytes(of: word.littleEndian, toByteOffset: position, as: UInt64.self)
    position &+= count
  }

  @inline(__always)
  mutating func put(_ bytes: Span<UInt8>) {
    let target = position
    unsafe bytes.withUnsafeBytes { source in
      guard let from = source.baseAddress, let to = unsafe room.baseAddress else { return }
      unsafe (to + target).copyMemory(from: from, byteCount: source.count)
    }
    position &+= bytes.count
  }

  @inline(__always)
  mutating func put(ascii text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount {
      unsafe put(text.utf8Start[index])
    }
  }

  /// Two digits; `value` is below 100.
  @inline(__always)
  mutating func putPair(_ value: Int) {
    let tens = UInt64(truncatingIfNeeded: value &* 103) >> 10
    put(tens | (UInt64(truncatingIfNeeded: value) &- tens &* 10) << 8 | 0x3030, count: 2)
  }

  /// A number without leading zeros: at most 20 bytes.
  @inline(__always)
  mutating func put(decimal value: UInt64) {
    if value < 100_000_000 {
      putLeading(value)
    } else {
      let high = value / 100_000_000
      if high < 100_000_000 {
        putLeading(high)
      } else {
        putLeading(high / 100_000_000)
        putEight(high % 100_000_000)
      }
      putEight(value % 100_000_000)
    }
  }

  /// A signed number: at most 20 bytes.
  @inline(__always)
  mutating func put(decimal value: Int64) {
    if value < 0 { put(UInt8(ascii: "-")) }
    put(decimal: value.magnitude)
  }

  /// Four digits; `value` is below 10,000.
  @inline(__always)
  mutating func putFour(_ value: Int) {
    putPair(value / 100)
    putPair(value % 100)
  }

  /// Eight digits; `value` is below 100,000,000.
  @inline(__always)
  mutating func putEight(_ value: UInt64) {
    put(Self.digits(value) | 0x3030_3030_3030_3030)
  }

  /// One to eight digits without leading zeros; `value` is below 100,000,000.
  @inline(__always)
  private mutating func putLeading(_ value: UInt64) {
    let digits = Self.digits(value)
    let leadingZeros = min(digits.trailingZeroBitCount >> 3, 7)
    put((digits | 0x3030_3030_3030_3030) >> (leadingZeros &* 8), count: 8 &- leadingZeros)
  }

  /// The eight decimal digits of a number, one a byte, the first in the lowest byte.
  @inline(__always)
  private static func digits(_ value: UInt64) -> UInt64 {
    var word = value / 10_000 | (value % 10_000) << 32
    let hundreds = ((word &* 10_486) >> 20) & 0x0000_007f_0000_007f
    word = hundreds | (word &- 100 &* hundreds) << 16
    let tens = ((word &* 103) >> 10) & 0x000f_000f_000f_000f
    return tens | (word &- 10 &* tens) << 8
  }

  /// The eight lower-case hexadecimal digits of four bytes, the first in the lowest byte of `value`.
  @inline(__always)
  mutating func put(hexadecimal value: UInt32, digitCount: Int = 8) {
    var word = UInt64(value)
    word = (word | word << 16) & 0x0000_ffff_0000_ffff
    word = (word | word << 8) & 0x00ff_00ff_00ff_00ff
    word = (word >> 4) & 0x000f_000f_000f_000f | (word & 0x000f_000f_000f_000f) << 8
    let letters = ((word &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
    put(word &+ 0x3030_3030_3030_3030 &+ letters &* 39, count: digitCount)
  }
}
