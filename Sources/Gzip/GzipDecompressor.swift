import CLibdeflate

/// Decompresses whole single-member gzip files whose content's size is known.
@safe package struct GzipDecompressor: ~Copyable {
  /// Never null and owned by this value alone until `deinit`.
  private let handle: OpaquePointer

  /// Throws `outOfMemory`.
  package init() throws(GzipError) {
    guard let handle = unsafe libdeflate_alloc_decompressor() else { throw .outOfMemory }
    unsafe self.handle = handle
  }

  deinit {
    unsafe libdeflate_free_decompressor(handle)
  }

  /// The content of `file`, which must be `byteCount` long; CRC and size in the trailer are checked.
  ///
  /// Throws `corrupt` for damage of any kind, `truncated` when the content is shorter, `tooLarge` when it is longer,
  /// `trailing` when anything follows the first member.
  package func decompress(_ file: Span<UInt8>, byteCount: Int) throws(GzipError) -> [UInt8] {
    var result = LIBDEFLATE_SUCCESS
    var consumed = 0
    var produced = 0
    let content = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      result = unsafe file.withUnsafeBufferPointer { file in
        unsafe libdeflate_gzip_decompress_ex(
          handle, file.baseAddress, file.count, buffer.baseAddress, byteCount, &consumed, &produced)
      }
      count = result == LIBDEFLATE_SUCCESS ? produced : 0
    }
    switch result {
    case LIBDEFLATE_SUCCESS: break
    case LIBDEFLATE_INSUFFICIENT_SPACE: throw .tooLarge
    default: throw .corrupt
    }
    guard produced == byteCount else { throw .truncated }
    guard consumed == file.count else {
      let isMember = file.count - consumed >= 2 && file[consumed] == 0x1F && file[consumed + 1] == 0x8B
      throw .trailing(isMember: isMember)
    }
    return content
  }
}
