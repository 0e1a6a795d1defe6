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
  package var firstKey: [String] { key(at: firstKeyOffsets) }

  /// The key of the last row that has the latest time, likewise.
  package var lastKey: [String] { key(at: lastKeyOffsets) }

  /// The row that arrived last; nil before the first row.
  package var lastRow: Position? {
    guard rowCount > 0 else { return nil }
    return Position(time: lastTimeText, key: key(at: keys.map(\.lastOffset)))
  }

  private func key(at offsets: [Int]) -> [String] {
    guard rowCount > 0 else { return [] }
    return keys.indices.map { index in
      let codec = layout.columns[keyColumns[index]].codec
      let (form, shape) = (layout.fields[keyColumns[index]].codec.form, codec.shape)
      return keys[index].withValue(at: offsets[index]) { value in
        var text = ByteBuffer()
        // What was encoded once converts again; a failure here could only mean a defect, and leaves the text empty.
        do throws(FieldFailure) {
          switch shape {
          case .scalar: try text.appendScalarText(value, form, isElement: false)
          case .array: text.append(value)
          case .vector:
            try text.appendArrayText(value, codec, elementOID: codec.elementOID, elementForm: form)
          }
        } catch {
          assertionFailure("a key that was encoded does not convert again")
        }
        return text.string(0..<text.count)
      }
    }
  }

  private var lastTimeText: String? {
    guard lastTimeByteCount == 8 || lastTimeByteCount == 4 else { return nil }
    var wire = ByteBuffer()
    wire.write(atMost: 8) { cursor in
      let aligned = lastTimeByteCount == 8 ? lastTimeValue : lastTimeValue << 32
      cursor.put(aligned.byteSwapped, count: lastTimeByteCount)
    }
    var text = ByteBuffer()
    do throws(FieldFailure) {
      try wire.withSpan { (value) throws(FieldFailure) in
        try text.appendScalarText(value, layout.fields[timeColumn].codec.form, isElement: false)
      }
    } catch {
      return nil
    }
    return text.string(0..<text.count)
  }
}
