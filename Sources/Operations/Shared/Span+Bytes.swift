#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension Span where Element == UInt8 {
  /// Where the next newline is, at or behind `start`, which is at most `count`.
  func newline(from start: Int) -> Int? {
    guard start < count else { return nil }
    return unsafe withUnsafeBytes { bytes in
      // Bounds: `start < count`, so the address is inside and `count - start` bytes follow it.
      guard let base = bytes.baseAddress,
        let found = unsafe memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
      else { return nil }
      return unsafe UnsafeRawPointer(found) - base
    }
  }

  /// How many newlines there are.
  var lineCount: Int {
    var count = 0
    var start = 0
    while let end = newline(from: start) {
      count += 1
      start = end + 1
    }
    return count
  }

  /// Whether both hold the same bytes.
  func holdsSame(as other: Span<UInt8>) -> Bool {
    guard count == other.count, count > 0 else { return count == other.count }
    return unsafe withUnsafeBytes { left in
      unsafe other.withUnsafeBytes { right in
        // Bounds: neither is empty, and both have `count` bytes.
        guard let left = left.baseAddress, let right = right.baseAddress else { return false }
        return unsafe memcmp(left, right, count) == 0
      }
    }
  }
}
