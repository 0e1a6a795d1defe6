/// Loads of several bytes at once. Bounds are checked; callers check lengths first, so that no check ever fires.
extension Span<UInt8> {
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  func halfWord(at offset: Int) -> UInt32 {
    unsafe UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  @inline(__always)
  func int16(at offset: Int) -> Int16 {
    unsafe Int16(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Int16.self))
  }

  @inline(__always)
  func int32(at offset: Int) -> Int32 {
    unsafe Int32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Int32.self))
  }

  @inline(__always)
  func int64(at offset: Int) -> Int64 {
    unsafe Int64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Int64.self))
  }

  /// Whether the bytes at `offset` are those of `other`.
  @inline(__always)
  func matches(_ other: Span<UInt8>, at offset: Int) -> Bool {
    guard count &- offset >= other.count else { return false }
    var index = 0
    while other.count &- index >= 8 {
      if word(at: offset &+ index) != other.word(at: index) { return false }
      index &+= 8
    }
    while index < other.count {
      if self[offset &+ index] != other[index] { return false }
      index &+= 1
    }
    return true
  }

  /// Whether the bytes at `offset` are those of a text known at compile time.
  func matches(ascii text: StaticString, at offset: Int = 0) -> Bool {
    guard count &- offset >= text.utf8CodeUnitCount else { return false }
    for index in 0..<text.utf8CodeUnitCount where unsafe self[offset &+ index] != text.utf8Start[index] {
      return false
    }
    return true
  }

  /// Whether all the bytes are those of a text known at compile time.
  func equals(ascii text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && matches(ascii: text)
  }
}
