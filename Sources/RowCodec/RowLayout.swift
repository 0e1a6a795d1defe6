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
      prefixes.appendTrusted(string: column.name)
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
  /// Appends a Swift string, which is UTF-8 by nature, as a JSON string. A zero character in it is dropped.
  mutating func appendTrusted(string: String) {
    let bytes = string.utf8.filter { $0 != 0 }
    let start = count
    do throws(FieldFailure) {
      try appendString(bytes.span)
    } catch {
      // Only ill-formed UTF-8 and zero bytes are refused, and neither can be here.
      assertionFailure("a string that is not UTF-8")
      truncate(to: start)
    }
  }
}
