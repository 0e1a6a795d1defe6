/// Takes in what `COPY … TO STDOUT` sends.
package protocol CopySink: ~Copyable {
  /// Takes one CopyData message, which ends with the call. Runs on the connection's thread. An error cancels the copy.
  ///
  /// In binary format PostgreSQL sends one row a message, the header with the first row's or alone, and a two-byte trailer.
  mutating func receive(_ message: Span<UInt8>) throws
}

/// Makes what `COPY … FROM STDIN` takes.
package protocol CopySource: ~Copyable {
  /// The next bytes, cut anywhere, or nil at the end. Runs on the connection's thread. An error ends the copy as failed.
  mutating func nextChunk() throws -> [UInt8]?
}

/// A sink after its copy.
package struct CopyOutcome<Sink: CopySink & ~Copyable>: ~Copyable {
  package var sink: Sink
  /// The rows sent, as the server counted them.
  package let rowCount: Int

  /// The sink, leaving the outcome.
  package consuming func takeSink() -> Sink { sink }
}

extension CopyOutcome: Copyable where Sink: Copyable {}

/// A source after its copy.
package struct CopyInOutcome<Source: CopySource & ~Copyable>: ~Copyable {
  package var source: Source
  /// The rows taken in, as the server counted them.
  package let rowCount: Int
}

extension CopyInOutcome: Copyable where Source: Copyable {}
