/// Arrays from JSON back to PostgreSQL's text form.
extension ByteBuffer {
  /// Appends the text form of the JSON array at `position` and passes it.
  ///
  /// Elements that are documents may be arrays themselves, so theirs is one dimension; others nest by dimension.
  mutating func appendArrayText(
    json line: Span<UInt8>, _ position: inout Int, _ codec: ColumnCodec, elementForm: WireForm
  ) throws(FieldFailure) {
    var shape = ArrayShape(isFlat: elementForm.isDocument || codec.shape == .vector)
    let isVector = codec.shape == .vector
    try shape.open(line, &position)
    if !isVector { append(UInt8(ascii: "{")) }
    if position < line.count, line[position] == UInt8(ascii: "]") {
      position &+= 1
      if !isVector { append(UInt8(ascii: "}")) }
      return
    }
    var text = ByteBuffer()
    while true {
      while try shape.opensDeeper(line, &position) { append(UInt8(ascii: "{")) }
      if line.matches(ascii: "null", at: position) {
        position &+= 4
        append(ascii: "NULL")
      } else {
        text.truncate(to: 0)
        try text.appendText(ofScalar: line, &position, elementForm, isElement: true)
        text.withSpan { text in
          if isVector { append(text) } else { appendElement(text, delimiter: codec.delimiter) }
        }
      }
      // Behind an element: close what ends here, or go on.
      while true {
        guard position < line.count else { throw .notArray }
        let byte = line[position]
        position &+= 1
        if byte == UInt8(ascii: ",") {
          append(isVector ? UInt8(ascii: " ") : codec.delimiter)
          break
        }
        guard byte == UInt8(ascii: "]") else { throw .notArray }
        if !isVector { append(UInt8(ascii: "}")) }
        if try shape.close() { return }
        if position < line.count, line[position] == UInt8(ascii: ",") {
          try shape.expectSibling()
        }
      }
    }
  }
}

/// Follows the brackets of a JSON array that stands for a PostgreSQL array: the sub-arrays of a dimension are equally long.
private struct ArrayShape {
  /// Elements stand at one depth only; known once the first element was met.
  private var elementDepth: Int
  private var depth = 0
  /// Items seen so far at each open level, and the count each level must have (-1: not known yet).
  private var counts: InlineArray<7, Int> = .init(repeating: 0)
  private var sizes: InlineArray<7, Int> = .init(repeating: -1)

  init(isFlat: Bool) {
    elementDepth = isFlat ? 1 : 0
  }

  mutating func open(_ line: Span<UInt8>, _ position: inout Int) throws(FieldFailure) {
    guard position < line.count, line[position] == UInt8(ascii: "["), depth < WireArray.maximumDimensionCount else {
      throw .notArray
    }
    position &+= 1
    depth += 1
    counts[depth] = 0
  }

  /// Passes a bracket that opens a sub-array; false where an element stands.
  mutating func opensDeeper(_ line: Span<UInt8>, _ position: inout Int) throws(FieldFailure) -> Bool {
    if elementDepth > 0, depth == elementDepth {
      counts[depth] += 1
      return false
    }
    if position < line.count, line[position] == UInt8(ascii: "[") {
      counts[depth] += 1
      try open(line, &position)
      return true
    }
    guard elementDepth == 0 else { throw .ragged }
    elementDepth = depth
    counts[depth] += 1
    return false
  }

  /// Closes a level. Returns whether it was the outermost.
  mutating func close() throws(FieldFailure) -> Bool {
    if sizes[depth] < 0 { sizes[depth] = counts[depth] }
    guard sizes[depth] == counts[depth] else { throw .ragged }
    depth -= 1
    return depth == 0
  }

  /// A comma behind a sub-array calls for another one: the depth must be one that holds sub-arrays.
  func expectSibling() throws(FieldFailure) {
    guard depth < elementDepth else { throw .ragged }
  }
}
