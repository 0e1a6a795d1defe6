extension RowReader {
  /// Reads one line, given without its newline.
  ///
  /// It must be UTF-8 and one JSON object: the columns in order, `_archived_at`, `_batch_id`, at most `_raw`, nothing else,
  /// no white space between, each value in its column's form.
  package mutating func read(_ line: Span<UInt8>) throws(RowCodecError) {
    self.line.truncate(to: 0)
    self.line.append(line)
    decoded.truncate(to: 0)
    guard UTF8Text.isValid(line) else {
      throw failure(.encoding, "the line is not valid UTF-8", column: columnOfInvalidText(line))
    }
    guard line.count > 0, line[0] == UInt8(ascii: "{") else { throw failure(.line, "the line is no JSON object") }
    var position = 1
    let layout = layout
    for index in 0..<layout.fields.count {
      let field = layout.fields[index]
      let prefix = layout.prefixes.span.extracting(field.prefix)
      guard line.matches(prefix, at: position) else {
        throw failure(.line, "expected this column's name", column: index)
      }
      position &+= prefix.count
      do throws(FieldFailure) {
        places[index] = try readField(line, &position, field, index)
      } catch {
        throw error.error(column: layout.columns[index].name, row: nil)
      }
    }
    if !layout.fields.isEmpty { try expect(",", line, &position) }
    archivedAtPlace = try readReserved("_archived_at", line, &position)
    try expect(",", line, &position)
    batchIDPlace = try readReserved("_batch_id", line, &position)
    if line.matches(ascii: ",\"_raw\":{", at: position) {
      position &+= 9
      try readRaw(line, &position)
    }
    try expect("}", line, &position)
    guard position == line.count else { throw failure(.line, "more behind the JSON object") }
  }

  @inline(__always)
  private mutating func readField(
    _ line: Span<UInt8>, _ position: inout Int, _ field: RowLayout.Field, _ index: Int
  ) throws(FieldFailure) -> Place {
    if line.matches(ascii: "null", at: position), endsValue(line, position &+ 4) {
      position &+= 4
      return Place()
    }
    let start = position
    guard field.codec.shape == .scalar else {
      let decodedStart = decoded.count
      try decoded.appendArrayText(
        json: line, &position, layout.columns[index].codec, elementForm: field.codec.form)
      return Place(start: decodedStart, byteCount: decoded.count &- decodedStart, isDecoded: true)
    }
    switch field.codec.form {
    case .int2, .int4, .int8, .oid:
      try JSONInteger.skip(line, &position, field.codec.form)
      return Place(start: start, byteCount: position &- start)
    case .boolean:
      _ = try JSONScanner.scanBoolean(line, &position)
      return Place(start: start, byteCount: position &- start)
    case .json, .jsonb:
      try JSONScanner.skipValue(line, &position)
      return Place(start: start, byteCount: position &- start)
    case .text, .numeric, .uuid, .date, .time, .timeWithZone, .interval, .finiteInterval:
      let string = try JSONScanner.scanString(line, &position)
      if !string.hasEscapes {
        try StringForm.check(line.extracting(string.start..<string.end), field.codec.form)
        return Place(start: string.start, byteCount: string.end &- string.start)
      }
      position = start
    default: break
    }
    let decodedStart = decoded.count
    try decoded.appendText(ofScalar: line, &position, field.codec.form, isElement: false)
    return Place(start: decodedStart, byteCount: decoded.count &- decodedStart, isDecoded: true)
  }

  /// The column whose value ends with or behind the first byte that is not UTF-8; nil when it lies elsewhere.
  @inline(never)
  private mutating func columnOfInvalidText(_ line: Span<UInt8>) -> Int? {
    let layout = layout
    var position = 1
    for index in 0..<layout.fields.count {
      let field = layout.fields[index]
      let prefix = layout.prefixes.span.extracting(field.prefix)
      guard line.matches(prefix, at: position) else { return nil }
      position &+= prefix.count
      do throws(FieldFailure) {
        _ = try readField(line, &position, field, index)
      } catch {
        return index
      }
      if !UTF8Text.isValid(line.extracting(0..<position)) { return index }
    }
    return nil
  }

  /// Whether the value in front of `position` ends there. White space belongs to a document, so it does not end one.
  @inline(__always)
  private func endsValue(_ line: Span<UInt8>, _ position: Int) -> Bool {
    position < line.count && line[position] == UInt8(ascii: ",")
  }

  private mutating func readReserved(
    _ name: StaticString, _ line: Span<UInt8>, _ position: inout Int
  ) throws(RowCodecError) -> Place {
    try expect("\"", line, &position)
    guard line.matches(ascii: name, at: position) else {
      throw failure(.line, "expected \(name) behind the columns")
    }
    position &+= name.utf8CodeUnitCount
    try expect("\":", line, &position)
    do throws(FieldFailure) {
      return try readString(line, &position)
    } catch {
      throw error.error(column: "\(name)", row: nil)
    }
  }

  private mutating func readString(_ line: Span<UInt8>, _ position: inout Int) throws(FieldFailure) -> Place {
    let string = try JSONScanner.scanString(line, &position)
    guard string.hasEscapes else { return Place(start: string.start, byteCount: string.end &- string.start) }
    let start = decoded.count
    try decoded.appendUnescaped(line.extracting(string.start..<string.end))
    return Place(start: start, byteCount: decoded.count &- start, isDecoded: true)
  }

  /// Reads the members of `_raw`, which come in column order and take the place of the plain values.
  @inline(never)
  private mutating func readRaw(_ line: Span<UInt8>, _ position: inout Int) throws(RowCodecError) {
    var column = 0
    while true {
      while column < layout.fields.count,
        !line.matches(layout.prefixes.span.extracting(layout.fields[column].name), at: position)
      {
        column &+= 1
      }
      guard column < layout.fields.count else {
        throw failure(.line, "_raw names no column of the table, or not in order")
      }
      position &+= layout.fields[column].name.count
      do throws(FieldFailure) {
        places[column] = try readString(line, &position)
      } catch {
        throw error.error(column: layout.columns[column].name, row: nil)
      }
      column &+= 1
      guard position < line.count, line[position] == UInt8(ascii: ",") else { break }
      position &+= 1
    }
    try expect("}", line, &position)
  }

  private func expect(_ text: StaticString, _ line: Span<UInt8>, _ position: inout Int) throws(RowCodecError) {
    guard line.matches(ascii: text, at: position) else {
      throw failure(.line, "expected \(text) in the JSON object")
    }
    position &+= text.utf8CodeUnitCount
  }

  private func failure(_ code: RowCodecError.Code, _ detail: String, column: Int? = nil) -> RowCodecError {
    RowCodecError(code: code, column: column.map { layout.columns[$0].name }, detail: detail)
  }
}
