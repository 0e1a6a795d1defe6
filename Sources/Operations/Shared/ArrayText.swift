/// PostgreSQL's text form of arrays.
enum ArrayText {
  /// A one-dimensional array of these elements, each quoted; `delimiter` is the `typdelim` of their type.
  static func array(of elements: some Sequence<String>, delimiter: UInt8 = UInt8(ascii: ",")) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "{")]
    for element in elements {
      if bytes.count > 1 { bytes.append(delimiter) }
      bytes.append(UInt8(ascii: "\""))
      for byte in element.utf8 {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
        bytes.append(byte)
      }
      bytes.append(UInt8(ascii: "\""))
    }
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
  }
}
