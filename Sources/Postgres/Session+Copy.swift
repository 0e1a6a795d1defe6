internal import CLibpq

extension Session {
  /// Runs `COPY … TO STDOUT` and hands each message to `sink`. Gives the server's count of rows.
  mutating func copyOut<Sink: CopySink & ~Copyable>(_ sql: String, into sink: inout Sink, _ limits: StatementLimits)
    throws(PostgresError) -> Int
  {
    try admit(sql, limits)
    do throws(PostgresError) {
      try startCopy(sql, PGRES_COPY_OUT, limits)
      while let message = try nextMessage(limits) {
        do {
          try message.lend(to: &sink)
        } catch {
          throw PostgresError(.sink, "what was copied out could not be taken in", cause: error)
        }
      }
      return try rowCountAtEnd(limits)
    } catch {
      abandon(limits)
      throw error
    }
  }

  /// Runs `COPY … FROM STDIN` with the chunks of `source`. Gives the server's count of rows.
  mutating func copyIn<Source: CopySource & ~Copyable>(
    _ sql: String, from source: inout Source, _ limits: StatementLimits
  ) throws(PostgresError) -> Int {
    try admit(sql, limits)
    do throws(PostgresError) {
      try startCopy(sql, PGRES_COPY_IN, limits)
      while let chunk = try nextChunk(of: &source) {
        try limits.check()
        guard try put(chunk, limits) else { break }
      }
      try endCopyIn(reason: nil, limits)
      return try rowCountAtEnd(limits)
    } catch {
      abandon(limits)
      throw error
    }
  }

  private func nextChunk<Source: CopySource & ~Copyable>(of source: inout Source) throws(PostgresError) -> [UInt8]? {
    do {
      return try source.nextChunk()
    } catch {
      throw PostgresError(.source, "what was to be copied in could not be made", cause: error)
    }
  }

  private mutating func startCopy(_ sql: String, _ expected: ExecStatusType, _ limits: StatementLimits)
    throws(PostgresError)
  {
    try send(sql)
    try flush(limits)
    guard let result = try nextResult(limits) else { throw failure(nil, limits) }
    if result.status == expected { return }
    guard result.status == PGRES_FATAL_ERROR else {
      let wanted = expected == PGRES_COPY_OUT ? "TO STDOUT" : "FROM STDIN"
      throw PostgresError(.misuse, "the statement is not a single COPY … \(wanted)")
    }
    let fields = result.errorFields
    // The rest of the answer says whether the session survived.
    while try nextResult(limits) != nil {}
    throw failure(fields, limits)
  }

  /// The next message of a COPY OUT, or nil at its end.
  private mutating func nextMessage(_ limits: StatementLimits) throws(PostgresError) -> CopyMessage? {
    while true {
      var start: UnsafeMutablePointer<CChar>?
      let byteCount = unsafe PQgetCopyData(connection, &start, 1)
      if byteCount > 0, let start = unsafe start {
        return unsafe CopyMessage(taking: start, byteCount: Int(byteCount))
      }
      // Below zero: the copy is over, and the results to come say how it went.
      if byteCount < 0 || inputHasEnded { return nil }
      try receive(limits)
    }
  }

  mutating func discardCopyData(_ limits: StatementLimits) throws(PostgresError) {
    while try nextMessage(limits) != nil {}
  }

  /// Sends `chunk` in pieces, so that libpq's buffer stays small. False if the server is gone.
  private mutating func put(_ chunk: [UInt8], _ limits: StatementLimits) throws(PostgresError) -> Bool {
    var position = 0
    while position < chunk.count {
      let end = min(position + Self.copyPieceByteCount, chunk.count)
      let sent = unsafe chunk.withUnsafeBytes { bytes in
        let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[position..<end])
        return unsafe PQputCopyData(
          connection, piece.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(piece.count))
      }
      guard sent >= 0, !inputHasEnded else { return false }
      // Zero: libpq's buffer is full, and the piece is offered again.
      if sent == 1 { position = end }
      if unsafe PQflush(connection) == 1 || sent == 0 { try receive(writing: true, limits) }
    }
    return true
  }

  /// Large enough to keep system calls rare, small beside a batch.
  private static var copyPieceByteCount: Int { 256 * 1024 }

  /// Ends a COPY IN; with a reason, as failed.
  mutating func endCopyIn(reason: String?, _ limits: StatementLimits) throws(PostgresError) {
    while unsafe !inputHasEnded && PQputCopyEnd(connection, reason) == 0 {
      try receive(writing: true, limits)
    }
    try flush(limits)
  }
}

/// The one owner of a message that libpq allocated.
@safe private struct CopyMessage: ~Copyable {
  private let start: UnsafeMutablePointer<CChar>
  private let byteCount: Int

  /// Takes over `byteCount` readable bytes at `start`.
  init(taking start: UnsafeMutablePointer<CChar>, byteCount: Int) {
    unsafe self.start = unsafe start
    self.byteCount = byteCount
  }

  deinit {
    unsafe PQfreemem(start)
  }

  /// Lends the bytes to `sink`.
  borrowing func lend<Sink: CopySink & ~Copyable>(to sink: inout Sink) throws {
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: byteCount).assumingMemoryBound(to: UInt8.self)
    try sink.receive(unsafe Span(_unsafeElements: bytes))
  }
}
