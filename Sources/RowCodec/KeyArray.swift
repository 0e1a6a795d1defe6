/// The values of one key column of all rows encoded, as the server sent them.
package struct KeyArray: Sendable {
  /// OID of the elements; those of a key that is an array itself are text forms (25).
  package let elementTypeOID: UInt32
  /// Values held, one a row.
  package private(set) var count = 0
  /// A big-endian 32-bit length and the bytes of each value, as an array's binary form has them.
  private var body = ByteBuffer()
  /// Where in `body` the last row's value begins.
  private(set) var lastOffset = 0

  /// OID of `tid` and of its arrays (PostgreSQL's `catalog/pg_type.dat`).
  static let locationTypeOID: UInt32 = 27
  package static let locationArrayTypeOID: UInt32 = 1010

  init(elementTypeOID: UInt32) {
    self.elementTypeOID = elementTypeOID
  }

  /// The binary form of a one-dimensional array with these elements, ready to be a binary parameter.
  package func binaryArray() -> [UInt8] {
    var array = ByteBuffer(capacity: 20 + body.count)
    array.append(bigEndian: count == 0 ? 0 : 1)
    array.append(bigEndian: 0)
    array.append(bigEndian: elementTypeOID)
    if count > 0 {
      array.append(bigEndian: UInt32(truncatingIfNeeded: count))
      array.append(bigEndian: 1)
      body.withSpan { body in array.append(body) }
    }
    return array.take()
  }

  /// The values as texts, for keys that travel as text forms.
  package var texts: [String] {
    var texts: [String] = []
    texts.reserveCapacity(count)
    body.withSpan { bytes in
      var start = 4
      while start <= bytes.count {
        let end = start + Int(bytes.int32(at: start - 4))
        var text: [UInt8] = []
        text.reserveCapacity(end - start)
        for index in start..<end { text.append(bytes[index]) }
        texts.append(String(decoding: text, as: UTF8.self))
        start = end + 4
      }
    }
    return texts
  }

  mutating func append(_ value: Span<UInt8>) {
    lastOffset = body.count
    body.append(bigEndian: UInt32(truncatingIfNeeded: value.count))
    body.append(value)
    count += 1
  }

  /// Lends every value, in the order of the rows.
  func forEachValue(_ visit: (Span<UInt8>) -> Void) {
    body.withSpan { bytes in
      var start = 0
      while start < bytes.count {
        let end = start + 4 + Int(bytes.int32(at: start))
        visit(bytes.extracting(start + 4..<end))
        start = end
      }
    }
  }

  /// Lends the value that begins at `offset`, one that `lastOffset` once was.
  func withValue<Result, Failure: Error>(
    at offset: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try self.body.withSpan { (bytes) throws(Failure) in
      let start = offset + 4
      return try body(bytes.extracting(start..<start + Int(bytes.int32(at: offset))))
    }
  }
}

extension ByteBuffer {
  mutating func append(bigEndian value: UInt32) {
    write(atMost: 4) { cursor in cursor.put(UInt64(value.byteSwapped), count: 4) }
  }
}
