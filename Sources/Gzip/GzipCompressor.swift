import CLibdeflate

/// Compresses whole buffers into single-member gzip files with a zero mtime, so that equal content gives equal bytes.
///
/// Owns one libdeflate compressor and reuses its memory from buffer to buffer.
@safe package struct GzipCompressor: ~Copyable {
  /// Never null and owned by this value alone until `deinit`.
  private let handle: OpaquePointer

  /// Throws `outOfMemory`.
  package init(_ level: GzipLevel) throws(GzipError) {
    try self.init(libdeflateLevel: level.libdeflateLevel)
  }

  /// For content of which nothing is known; `level` on zlib's scale, clamped to `GzipLevel.range`. Throws `outOfMemory`.
  package init(level: Int) throws(GzipError) {
    try self.init(GzipLevel(zlibLevel: level))
  }

  /// `libdeflateLevel` lies in 1...12. Throws `outOfMemory`.
  init(libdeflateLevel: Int32) throws(GzipError) {
    guard let handle = unsafe libdeflate_alloc_compressor(libdeflateLevel) else { throw .outOfMemory }
    unsafe self.handle = handle
  }

  deinit {
    unsafe libdeflate_free_compressor(handle)
  }

  /// The gzip file that holds `content`, in an array of its exact size.
  package func compress(_ content: Span<UInt8>) -> [UInt8] {
    let bound = unsafe libdeflate_gzip_compress_bound(handle, content.count)
    // The bound exceeds the content; the array returned must not keep that much.
    let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bound)
    defer { unsafe room.deallocate() }
    let byteCount = unsafe content.withUnsafeBufferPointer { content in
      unsafe libdeflate_gzip_compress(handle, content.baseAddress, content.count, room.baseAddress, room.count)
    }
    return unsafe [UInt8](room.prefix(byteCount))
  }
}
