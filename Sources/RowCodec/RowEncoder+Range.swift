extension RowEncoder {
  /// A row's place in the order of the batch, as text forms: literals of PostgreSQL for the columns' own types.
  package struct Position: Sendable, Equatable {
    /// The time column's value; nil when it is NULL.
    package var time: String?
    /// The key columns' values, in the order of `keyColumns`.
    package var key: [String]

    /// Names a place.
    package init(time: String?, key: [String]) {
      self.time = time
      self.key = key
    }
  }

  /// The key of the first row that has the earliest time, as text forms; empty before the first row.
  package var firstKey: [String] {
    get throws(RowCodecError) { try key(at: firstKeyOffsets) }
  }

  /// The key of the last row that has the latest time, likewise.
  package var lastKey: [String] {
    get throws(RowCodecError) { try key(at: lastKeyOffsets) }
  }

  /// The row that arrived last; nil before the first row.
  package var lastRow: Position? {
    get throws(RowCodecError) {
      guard rowCount > 0 else { return nil }
      return Position(time: try lastTimeText(), key: try key(at: keys.map(\.lastOffset)))
    }
  }

  private func key(at offsets: [Int]) throws(RowCodecError) -> [String] {
    guard rowCount > 0 else { return [] }
    var texts: [String] = []
    for index in keys.indices {
      let text = try keys[index].withValue(at: offsets[index]) { (value) throws(RowCodecError) -> String in
        try self.text(value, keyColumns[index], isText: layout.fields[keyColumns[index]].codec.shape == .array)
      }
      texts.append(text)
    }
    return texts
  }

  private func lastTimeText() throws(RowCodecError) -> String? {
    guard lastTimeByteCount == 8 || lastTimeByteCount == 4 else { return nil }
    var wire = ByteBuffer()
    wire.write(atMost: 8) { cursor in
      let aligned = lastTimeByteCount == 8 ? lastTimeValue : lastTimeValue << 32
      cursor.put(aligned.byteSwapped, count: lastTimeByteCount)
    }
    return try wire.withSpan { (value) throws(RowCodecError) -> String in try text(value, timeColumn) }
  }

  /// The text form of a value that was encoded before, so that no error is expected.
  private func text(_ value: Span<UInt8>, _ column: Int, isText: Bool = false) throws(RowCodecError) -> String {
    let field = layout.fields[column]
    var text = ByteBuffer()
    do throws(FieldFailure) {
      if isText {
        text.append(value)
      } else {
        try text.appendText(
          value, layout.columns[column].codec, elementOID: field.codec.elementOID, form: field.codec.form)
      }
    } catch {
      throw error.error(column: layout.columns[column].name, row: nil)
    }
    return text.string(0..<text.count)
  }
}
