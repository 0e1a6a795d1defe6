import CZlib

/// Receives decompressed content, piece by piece.
package protocol GzipSink {
  /// Takes the next piece, which is only valid during the call.
  mutating func receive(_ content: Span<UInt8>) throws
}

/// Decompresses a gzip file that arrives in pieces, in bounded memory, and tells exactly how a bad one is bad.
@safe package final class GzipReader {
  /// No gzip file unpacks to more than this many times its size: deflate's own limit (zlib's technical details).
  package static let maximumExpansion = 1032

  private enum Phase { case header, body, ended, failed }

  /// Owned by this object alone; initialised in `init`, released in `deinit`, never moved (zlib keeps its address).
  private let stream: UnsafeMutablePointer<z_stream>
  /// Owned by this object alone, like `stream`.
  private let buffer: UnsafeMutableBufferPointer<UInt8>
  private var phase = Phase.header
  private var head: [UInt8] = []
  private var contentByteCount = 0
  private let maximumByteCount: Int

  /// Reads content of at most `maximumByteCount` bytes. Throws `outOfMemory`.
  package init(maximumByteCount: Int = .max) throws(GzipError) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    unsafe buffer = .allocate(capacity: 256 * 1024)
    unsafe buffer.initialize(repeating: 0)
    self.maximumByteCount = maximumByteCount
    // 15 bits of window and gzip wrapping only: zlib's manual, inflateInit2.
    let status = unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw .outOfMemory }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
    unsafe buffer.deallocate()
  }

  /// Takes the next piece of the file and hands what it decompresses to `sink`. After an error only more errors come.
  package func feed(_ file: Span<UInt8>, into sink: inout some GzipSink) throws(GzipError) {
    do throws(GzipError) {
      try advance(file, into: &sink)
    } catch {
      phase = .failed
      throw error
    }
  }

  /// Says that the file has ended. Throws `truncated` when its member has not, `notGzip` when there was none.
  package func finish() throws(GzipError) {
    switch phase {
    case .ended: return
    case .header: throw head.isEmpty ? .truncated : .notGzip
    case .body, .failed: throw .truncated
    }
  }

  private func advance(_ file: Span<UInt8>, into sink: inout some GzipSink) throws(GzipError) {
    guard !file.isEmpty else { return }
    switch phase {
    case .failed: throw .corrupt
    case .ended:
      throw .trailing(isMember: file[0] == 0x1F)
    case .header:
      // The magic bytes are looked at here, so that "not gzip" can be told from a damaged body.
      for index in 0..<min(2 - head.count, file.count) { head.append(file[index]) }
      guard head.starts(with: [UInt8]([0x1F, 0x8B]).prefix(head.count)) else { throw .notGzip }
      if head.count == 2 { phase = .body }
    case .body: break
    }
    try inflate(file, into: &sink)
  }

  private func inflate(_ file: Span<UInt8>, into sink: inout some GzipSink) throws(GzipError) {
    var offset = 0
    // A full output buffer may leave content inside zlib, so the loop goes on until a call leaves room.
    var isOutputFull = false
    while offset < file.count || isOutputFull {
      let (status, consumed, produced) = step(file, from: offset)
      offset += consumed
      isOutputFull = unsafe produced == buffer.count
      contentByteCount += produced
      guard contentByteCount <= maximumByteCount else { throw .tooLarge }
      if produced > 0 {
        let content = unsafe Span(_unsafeElements: UnsafeBufferPointer(buffer).extracting(0..<produced))
        do { try sink.receive(content) } catch { throw .sink(error) }
      }
      switch status {
      case Z_STREAM_END:
        phase = .ended
        guard offset == file.count else { throw .trailing(isMember: file[offset] == 0x1F) }
        return
      case Z_OK: continue
      case Z_BUF_ERROR:  // no progress was possible: there is no more input, and nothing was held back
        guard consumed == 0, produced == 0, offset == file.count else { throw .corrupt }
        return
      case Z_MEM_ERROR: throw .outOfMemory
      default: throw .corrupt
      }
    }
  }

  /// One call of zlib's inflate on the bytes of `file` from `offset` on.
  private func step(_ file: Span<UInt8>, from offset: Int) -> (status: Int32, consumed: Int, produced: Int) {
    let pieceByteCount = min(file.count - offset, Int(UInt32.max) / 2)
    return unsafe file.withUnsafeBufferPointer { input in
      guard let inputStart = input.baseAddress else { return (Z_BUF_ERROR, 0, 0) }
      unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: inputStart + offset)
      unsafe stream.pointee.avail_in = UInt32(pieceByteCount)
      unsafe stream.pointee.next_out = buffer.baseAddress
      unsafe stream.pointee.avail_out = UInt32(buffer.count)
      let status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
      return unsafe (
        status, pieceByteCount - Int(stream.pointee.avail_in), buffer.count - Int(stream.pointee.avail_out)
      )
    }
  }
}
