extension RowEncoder {
  /// Signature, flags and extension length of binary COPY, before the first row.
  private static let headerByteCount = 19

  /// Encodes one CopyData message: any number of whole rows, before the first the header, after the last the end marker.
  package mutating func encode(_ message: Span<UInt8>) throws(RowCodecError) {
    var position = 0
    if !hasHeader {
      guard message.count > 0 else { return }
      try skipHeader(message, &position)
    }
    while position < message.count {
      guard !isComplete else { throw failure(.stream, "data behind the end of the stream") }
      guard message.count &- position >= 2 else { throw failure(.stream, "a row is cut") }
      let fieldCount = Int(message.int16(at: position))
      position &+= 2
      if fieldCount == -1 {
        isComplete = true
        continue
      }
      let expected = layout.fields.count &+ (locations == nil ? 1 : 2)
      guard fieldCount == expected else {
        throw failure(.columns, "a row has \(fieldCount) fields, expected \(expected)")
      }
      let start = output.count
      do throws(RowCodecError) {
        try encodeRow(message, &position)
      } catch {
        output.truncate(to: start)
        throw error
      }
    }
  }

  private mutating func skipHeader(_ message: Span<UInt8>, _ position: inout Int) throws(RowCodecError) {
    guard message.count >= Self.headerByteCount, message.matches(ascii: "PGCOPY\n"),
      message[7] == 0xff, message.matches(ascii: "\r\n\0", at: 8)
    else { throw failure(.stream, "the stream is not a binary COPY") }
    // The upper half of the flags are critical; the only one ever defined stands for OIDs, gone since PostgreSQL 12.
    guard message.int32(at: 11) == 0 else { throw failure(.stream, "the stream has unknown critical flags") }
    let extensionLength = Int(message.int32(at: 15))
    guard extensionLength >= 0, message.count - Self.headerByteCount >= extensionLength else {
      throw failure(.stream, "the stream's header is cut")
    }
    position = Self.headerByteCount + extensionLength
    hasHeader = true
  }

  @inline(__always)
  private mutating func encodeRow(_ message: Span<UInt8>, _ position: inout Int) throws(RowCodecError) {
    output.append(UInt8(ascii: "{"))
    let layout = layout
    for index in 0..<layout.fields.count {
      let field = layout.fields[index]
      output.append(layout.prefixes.span.extracting(field.prefix))
      guard let place = try nextField(message, &position, column: index) else {
        guard field.keyIndex < 0 else { throw failure(.null, "a key column is NULL", column: index) }
        if index == timeColumn { lastTimeByteCount = -1 }
        output.append(ascii: "null")
        continue
      }
      let value = message.extracting(place)
      do throws(FieldFailure) {
        try encodeField(value, field, index)
      } catch {
        throw error.error(column: layout.columns[index].name, row: rowCount &+ 1)
      }
      if index == timeColumn { keepTime(value) }
    }
    guard let place = try nextField(message, &position, column: nil), place.count == 8 else {
      throw failure(.null, "the row's instant is NULL: the server does not read one of its values back as it wrote it")
    }
    if locations != nil {
      guard let location = try nextField(message, &position, column: nil), location.count == 6 else {
        throw failure(.stream, "the row's location is no tid")
      }
      locations?.append(message.extracting(location))
    }
    finishRow(time: message.int64(at: place.lowerBound))
  }

  /// The next field's bytes, or nil for NULL.
  @inline(__always)
  private func nextField(
    _ message: Span<UInt8>, _ position: inout Int, column: Int?
  ) throws(RowCodecError) -> Range<Int>? {
    guard message.count &- position >= 4 else { throw failure(.stream, "a row is cut", column: column) }
    let length = Int(message.int32(at: position))
    position &+= 4
    guard length >= 0 else {
      guard length == -1 else { throw failure(.stream, "a field has an impossible length", column: column) }
      return nil
    }
    guard message.count &- position >= length else { throw failure(.stream, "a row is cut", column: column) }
    let start = position
    position &+= length
    return start..<position
  }

  @inline(__always)
  private mutating func encodeField(
    _ value: Span<UInt8>, _ field: RowLayout.Field, _ index: Int
  ) throws(FieldFailure) {
    let isInexact: Bool
    if field.codec.shape == .scalar {
      isInexact = try output.appendScalar(value, field.codec.form)
    } else {
      isInexact = try output.appendArray(
        value, layout.columns[index].codec, elementOID: field.codec.elementOID, elementForm: field.codec.form)
    }
    if isInexact { try keepRaw(value, field, index) }
    if field.keyIndex >= 0 { try keepKey(value, field, index) }
  }

  /// Adds a column's text form to the row's `_raw` object.
  @inline(never)
  private mutating func keepRaw(_ value: Span<UInt8>, _ field: RowLayout.Field, _ index: Int) throws(FieldFailure) {
    try writeText(value, field, index)
    let prefixes = layout.prefixes
    rawMembers.append(prefixes.span.extracting(field.name))
    let scratch = scratch
    try scratch.withSpan { (text) throws(FieldFailure) in try rawMembers.appendString(text) }
    rawMembers.append(UInt8(ascii: ","))
  }

  @inline(__always)
  private mutating func keepKey(_ value: Span<UInt8>, _ field: RowLayout.Field, _ index: Int) throws(FieldFailure) {
    guard field.codec.shape == .array else {
      keys[field.keyIndex].append(value)
      return
    }
    try writeText(value, field, index)
    let scratch = scratch
    scratch.withSpan { text in keys[field.keyIndex].append(text) }
  }

  /// Leaves a column's text form in `scratch`.
  private mutating func writeText(_ value: Span<UInt8>, _ field: RowLayout.Field, _ index: Int) throws(FieldFailure) {
    scratch.truncate(to: 0)
    try scratch.appendText(
      value, layout.columns[index].codec, elementOID: field.codec.elementOID, form: field.codec.form)
  }

  @inline(__always)
  private mutating func keepTime(_ value: Span<UInt8>) {
    switch value.count {
    case 8: lastTimeValue = UInt64(bitPattern: value.int64(at: 0))
    case 4: lastTimeValue = UInt64(UInt32(bitPattern: value.int32(at: 0)))
    default: lastTimeValue = 0
    }
    lastTimeByteCount = value.count
  }

  /// Closes the line and takes the row into the counts and the range.
  @inline(__always)
  private mutating func finishRow(time: Int64) {
    let trailer = trailer
    output.append(trailer.span)
    if rawMembers.count > 0 {
      output.append(ascii: ",\"_raw\":{")
      let rawMembers = rawMembers
      rawMembers.withSpan(0..<rawMembers.count &- 1) { members in output.append(members) }
      output.append(UInt8(ascii: "}"))
      self.rawMembers.truncate(to: 0)
    }
    output.append(ascii: "}\n")
    if firstTime.map({ time < $0 }) ?? true {
      firstTime = time
      for index in keys.indices { firstKeyOffsets[index] = keys[index].lastOffset }
    }
    if lastTime.map({ time >= $0 }) ?? true {
      lastTime = time
      for index in keys.indices { lastKeyOffsets[index] = keys[index].lastOffset }
    }
    rowCount &+= 1
    bufferedRowCount &+= 1
  }

  private func failure(_ code: RowCodecError.Code, _ detail: String, column: Int? = nil) -> RowCodecError {
    RowCodecError(code: code, column: column.map { layout.columns[$0].name }, row: rowCount + 1, detail: detail)
  }
}
