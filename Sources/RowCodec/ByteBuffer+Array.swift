/// Arrays from their binary form to JSON, and to PostgreSQL's text form where JSON cannot say them exactly.
extension ByteBuffer {
  /// Appends an array as a JSON array, nested by dimension. Returns whether JSON could not say it exactly.
  @inline(never)
  mutating func appendArray(
    _ value: Span<UInt8>, _ codec: ColumnCodec, elementOID: UInt32, elementForm: WireForm
  ) throws(FieldFailure) -> Bool {
    let array = try WireArray(value, elementOID: elementOID)
    if codec.shape == .vector {
      // Vectors print no bounds, so whatever bounds they carry are no part of the value's text form.
      guard array.dimensionCount <= 1 else { throw .arrayHeader }
    }
    guard array.elementCount > 0 else {
      append(ascii: "[]")
      return false
    }
    // A document may be an array itself, so that a second dimension could not be told from it.
    var isInexact =
      codec.shape == .array && !array.countsFromOne || elementForm.isDocument && array.dimensionCount > 1
    var position = array.start
    for index in 0..<array.elementCount {
      if index > 0 { append(UInt8(ascii: ",")) }
      repeatAppend(UInt8(ascii: "["), array.brackets(at: index))
      if let element = try Self.element(value, &position) {
        if try appendScalar(value.extracting(element), elementForm) { isInexact = true }
      } else {
        append(ascii: "null")
      }
      repeatAppend(UInt8(ascii: "]"), array.brackets(at: index + 1))
    }
    guard position == value.count else { throw .arrayBounds }
    return isInexact
  }

  /// Appends any value in PostgreSQL's text form.
  mutating func appendText(
    _ value: Span<UInt8>, _ codec: ColumnCodec, elementOID: UInt32, form: WireForm
  ) throws(FieldFailure) {
    if codec.shape == .scalar {
      try appendScalarText(value, form, isElement: false)
    } else {
      try appendArrayText(value, codec, elementOID: elementOID, elementForm: form)
    }
  }

  /// Appends an array as `array_out` prints it.
  mutating func appendArrayText(
    _ value: Span<UInt8>, _ codec: ColumnCodec, elementOID: UInt32, elementForm: WireForm
  ) throws(FieldFailure) {
    let array = try WireArray(value, elementOID: elementOID)
    let isVector = codec.shape == .vector
    guard array.elementCount > 0 else { return append(ascii: isVector ? "" : "{}") }
    if !isVector, !array.countsFromOne { try array.appendBounds(to: &self) }
    var position = array.start
    var text = ByteBuffer()
    for index in 0..<array.elementCount {
      if index > 0 { append(isVector ? UInt8(ascii: " ") : codec.delimiter) }
      if !isVector { repeatAppend(UInt8(ascii: "{"), array.brackets(at: index)) }
      if let element = try Self.element(value, &position) {
        text.truncate(to: 0)
        try text.appendScalarText(value.extracting(element), elementForm, isElement: true)
        text.withSpan { text in
          if isVector { append(text) } else { appendElement(text, delimiter: codec.delimiter) }
        }
      } else {
        append(ascii: "NULL")
      }
      if !isVector { repeatAppend(UInt8(ascii: "}"), array.brackets(at: index + 1)) }
    }
  }

  /// Appends a value that is no array in PostgreSQL's text form (as an array's element: booleans are then `t` and `f`).
  mutating func appendScalarText(
    _ value: Span<UInt8>, _ form: WireForm, isElement: Bool
  ) throws(FieldFailure) {
    switch form {
    case .text, .json:
      append(value)
    case .jsonb:
      guard value.count > 1 else { throw .version }
      append(value.extracting(1..<value.count))
    default:
      var json = ByteBuffer()
      _ = try json.appendScalar(value, form)
      try json.withSpan { (json) throws(FieldFailure) in
        var position = 0
        try appendText(ofScalar: json, &position, form, isElement: isElement)
      }
    }
  }

  /// Appends an element's text to an array's text form, in quotes and escaped where `array_out` does so.
  mutating func appendElement(_ text: Span<UInt8>, delimiter: UInt8) {
    var needsQuotes = text.isEmpty || text.count == 4 && Self.isNullWord(text)
    var escapeCount = 0
    for index in text.indices {
      switch text[index] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): escapeCount += 1
      case UInt8(ascii: "{"), UInt8(ascii: "}"), delimiter, 0x20, 0x09...0x0d: needsQuotes = true
      default: break
      }
    }
    guard needsQuotes || escapeCount > 0 else { return append(text) }
    write(atMost: text.count + escapeCount + 2) { cursor in
      cursor.put(UInt8(ascii: "\""))
      for index in text.indices {
        let byte = text[index]
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { cursor.put(UInt8(ascii: "\\")) }
        cursor.put(byte)
      }
      cursor.put(UInt8(ascii: "\""))
    }
  }

  private static func isNullWord(_ text: Span<UInt8>) -> Bool {
    // Setting the sixth bit folds ASCII letters to lower case.
    text.halfWord(at: 0) | 0x2020_2020 == 0x6c6c_756e
  }

  mutating func repeatAppend(_ byte: UInt8, _ times: Int) {
    for _ in 0..<times { append(byte) }
  }

  /// The next element's place, or nil for NULL.
  @inline(__always)
  private static func element(_ value: Span<UInt8>, _ position: inout Int) throws(FieldFailure) -> Range<Int>? {
    guard value.count &- position >= 4 else { throw .arrayBounds }
    let length = Int(value.int32(at: position))
    position &+= 4
    guard length >= 0 else {
      guard length == -1 else { throw .arrayBounds }
      return nil
    }
    guard value.count &- position >= length else { throw .arrayBounds }
    let start = position
    position &+= length
    return start..<position
  }
}
