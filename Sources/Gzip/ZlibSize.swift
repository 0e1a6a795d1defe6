import CZlib

/// Tells how large zlib would make a gzip file; the file itself is thrown away.
enum ZlibSize {
  /// Bytes of the gzip file that zlib makes of `content` at `level`, 1 to 9. Throws `outOfMemory`.
  static func compressedByteCount(of content: Span<UInt8>, level: Int32) throws(GzipError) -> Int {
    var state = unsafe z_stream()
    let byteCount = unsafe withUnsafeMutablePointer(to: &state) { stream -> Int? in
      // A gzip wrapping, the largest window and zlib's usual memory: zlib's manual, deflateInit2.
      let status = unsafe deflateInit2_(
        stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
      guard status == Z_OK else { return nil }
      defer { unsafe deflateEnd(stream) }
      return unsafe content.withUnsafeBufferPointer { input in
        // zlib's interface lacks a const; it does not write to its input.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.pointee.avail_in = UInt32(input.count)
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64 * 1024) { room in
          repeat {
            unsafe stream.pointee.next_out = room.baseAddress
            unsafe stream.pointee.avail_out = UInt32(room.count)
          } while unsafe deflate(stream, Z_FINISH) == Z_OK
          return Int(unsafe stream.pointee.total_out)
        }
      }
    }
    guard let byteCount else { throw .outOfMemory }
    return byteCount
  }
}
