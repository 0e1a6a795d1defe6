/// What a document may hold at most, so that one made to do harm is refused before it is decoded: the decoder needs memory
/// for each value, and stack for each level.
enum DocumentBounds {
  /// Levels of arrays and objects within one another; the documents of this format have five.
  static let maximumDepth = 32
  /// Values, keys included: a run record of half a million batches.
  static let maximumValueCount = 4_000_000

  /// Whether JSON text stays within the bounds. Says nothing of whether it is JSON.
  static func hold(_ bytes: [UInt8]) -> Bool {
    let text = bytes.span
    var depth = 0
    var values = 0
    var isInString = false
    var index = 0
    while index < text.count {
      let byte = text[index]
      index += 1
      if isInString {
        if byte == UInt8(ascii: "\\") { index += 1 }
        isInString = byte != UInt8(ascii: "\"")
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        values += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ","), UInt8(ascii: ":"): values += 1
      default: continue
      }
      guard depth <= maximumDepth, values <= maximumValueCount else { return false }
    }
    return true
  }
}
