extension RowReader {
  /// Appends the named columns as one line of COPY's text format: `\N` for NULL, tabs between, a newline at the end.
  package func appendCopyRow(_ columns: [Int], to output: inout [UInt8]) {
    var isFirst = true
    for column in columns {
      if !isFirst { output.append(UInt8(ascii: "\t")) }
      isFirst = false
      let isPresent: Void? = withText(column) { text in Self.appendEscaped(text, to: &output) }
      if isPresent == nil {
        output.append(UInt8(ascii: "\\"))
        output.append(UInt8(ascii: "N"))
      }
    }
    output.append(UInt8(ascii: "\n"))
  }

  /// Backslashes, tabs, newlines and carriage returns are all that COPY gives a meaning to; runs between go as they are.
  private static func appendEscaped(_ text: Span<UInt8>, to output: inout [UInt8]) {
    var start = 0
    var position = 0
    while position < text.count {
      if text.count &- position >= 8 {
        let marks = UTF8Text.marks(inCopy: text.word(at: position))
        guard marks != 0 else {
          position &+= 8
          continue
        }
        position &+= marks.trailingZeroBitCount >> 3
      }
      let letter: UInt8? =
        switch text[position] {
        case UInt8(ascii: "\\"): UInt8(ascii: "\\")
        case 0x0a: UInt8(ascii: "n")
        case 0x0d: UInt8(ascii: "r")
        case 0x09: UInt8(ascii: "t")
        default: nil
        }
      if let letter {
        append(text.extracting(start..<position), to: &output)
        output.append(UInt8(ascii: "\\"))
        output.append(letter)
        start = position &+ 1
      }
      position &+= 1
    }
    append(text.extracting(start..<text.count), to: &output)
  }

  private static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
    unsafe bytes.withUnsafeBufferPointer { bytes in unsafe output.append(contentsOf: bytes) }
  }
}
