import CLibdeflate

/// Compresses whole buffers into single-member gzip files with a zero mtime, so that equal content gives equal bytes.
///
/// Owns one libdeflate compressor and reuses its memory from buffer to buffer.
@safe package struct GzipCompressor: ~Copyable {
  /// Never null and owned by this value alone until `deinit`.
  private let handle: OpaquePointer

  /// The scale that users know, zlib's: level N asks for a file no larger than zlib's level N would give.
  package static let levels = 1...9

  /// libdeflate's level for each of `levels`: the cheapest that keeps the promise, measured on JSON rows.
  private static let libdeflateLevels: [Int32] = [1, 2, 2, 3, 3, 4, 5, 6, 7]

  /// Throws `outOfMemory`. `level` is clamped to `levels`.
  package init(level: Int) throws(GzipError) {
    let clamped = min(max(level, Self.levels.lowerBound), Self.levels.upperBound)
    guard let handle = unsafe libdeflate_alloc_compressor(Self.libdeflateLevels[clamped - 1]) else {
      throw .outOfMemory
    }
    unsafe self.handle = handle
  }

  deinit {
    unsafe libdeflate_free_compressor(handle)
  }

  /// The gzip file that holds `content`.
  package func compress(_ content: Span<UInt8>) -> [UInt8] {
    let bound = unsafe libdeflate_gzip_compress_bound(handle, content.count)
    let file = unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      count = unsafe content.withUnsafeBufferPointer { content in
        unsafe libdeflate_gzip_compress(handle, content.baseAddress, content.count, buffer.baseAddress, buffer.count)
      }
    }
    return file
  }
}
