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
    var outcome = Outcome()
    let content = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      outcome = unsafe decompress(file, into: buffer, byteCount: byteCount)
      count = outcome.result == LIBDEFLATE_SUCCESS ? outcome.produced : 0
    }
    try check(outcome, file, byteCount: byteCount)
    return content
  }

  /// Puts the content of `file` at the beginning of `room`, which is made larger where that is needed; throws likewise.
  package func decompress(_ file: Span<UInt8>, byteCount: Int, into room: inout [UInt8]) throws(GzipError) {
    if room.count < byteCount { room = [UInt8](repeating: 0, count: byteCount) }
    let outcome = unsafe room.withUnsafeMutableBufferPointer { buffer in
      unsafe decompress(file, into: buffer, byteCount: byteCount)
    }
    try check(outcome, file, byteCount: byteCount)
  }

  private struct Outcome {
    var result = LIBDEFLATE_SUCCESS
    var consumed = 0
    var produced = 0
  }

  /// `buffer` has room for `byteCount` bytes at least.
  private func decompress(
    _ file: Span<UInt8>, into buffer: UnsafeMutableBufferPointer<UInt8>, byteCount: Int
  ) -> Outcome {
    var outcome = Outcome()
    outcome.result = unsafe file.withUnsafeBufferPointer { file in
      unsafe libdeflate_gzip_decompress_ex(
        handle, file.baseAddress, file.count, buffer.baseAddress, byteCount, &outcome.consumed, &outcome.produced)
    }
    return outcome
  }

  private func check(_ outcome: Outcome, _ file: Span<UInt8>, byteCount: Int) throws(GzipError) {
    switch outcome.result {
    case LIBDEFLATE_SUCCESS: break
    case LIBDEFLATE_INSUFFICIENT_SPACE: throw .tooLarge
    default: throw .corrupt
    }
    guard outcome.produced == byteCount else { throw .truncated }
    let consumed = outcome.consumed
    guard consumed == file.count else {
      let isMember = file.count - consumed >= 2 && file[consumed] == 0x1F && file[consumed + 1] == 0x8B
      throw .trailing(isMember: isMember)
    }
  }
}
