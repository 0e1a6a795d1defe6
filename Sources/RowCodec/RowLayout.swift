/// What of a row's JSON is the same in every row: names, order and forms.
struct RowLayout: Sendable {
  /// How one column is handled; holds no references, so that it is cheap to copy in a loop over fields.
  struct Field {
    var codec: FieldCodec
    /// The column's place in `prefixes`: a comma but for the first, the quoted name, a colon.
    var prefix: Range<Int>
    /// The quoted name alone with its colon, likewise.
    var name: Range<Int>
    /// Place among the key columns, or -1.
    var keyIndex = -1
  }

  /// A codec without its strings.
  struct FieldCodec {
    var form: WireForm
    var shape: ColumnCodec.Shape
    var elementOID: UInt32
  }

  let columns: [RowColumn]
  let fields: [Field]
  let prefixes: [UInt8]

  init(columns: [RowColumn], keyColumns: [Int] = [], serverVersion: Int) {
    self.columns = columns
    var prefixes = ByteBuffer(capacity: 1024)
    var fields: [Field] = []
    for (index, column) in columns.enumerated() {
      let start = prefixes.count
      if index > 0 { prefixes.append(UInt8(ascii: ",")) }
      let nameStart = prefixes.count
      prefixes.append(jsonString: column.name)
      prefixes.append(UInt8(ascii: ":"))
      let codec = column.codec
      let form = codec.form == .interval && serverVersion < 170_000 ? .finiteInterval : codec.form
      fields.append(
        Field(
          codec: FieldCodec(form: form, shape: codec.shape, elementOID: codec.elementOID),
          prefix: start..<prefixes.count, name: nameStart..<prefixes.count,
          keyIndex: keyColumns.firstIndex(of: index) ?? -1))
    }
    self.fields = fields
    self.prefixes = prefixes.take()
  }
}

extension ByteBuffer {
  /// Appends a Swift string, which is UTF-8 by nature, as a JSON string.
  mutating func append(jsonString string: String) {
    append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      // One byte becomes six at most.
      write(atMost: 6) { cursor in
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
          cursor.put(UInt8(ascii: "\\"))
          cursor.put(byte)
        case 0..<0x20:
          cursor.put(ascii: "\\u00")
          cursor.put(hexadecimal: UInt32(byte), digitCount: 2)
        default: cursor.put(byte)
        }
      }
    }
    append(UInt8(ascii: "\""))
  }
}
