/// How one column travels, decided by its type's name alone, so that an archive can be read without a database.
package struct ColumnCodec: Sendable, Equatable {
  enum Shape: UInt8, Sendable {
    case scalar
    case array
    /// `int2vector` and `oidvector`: one dimension counted from 0, printed with spaces between.
    case vector
  }

  let form: WireForm
  let shape: Shape
  /// What stands between the elements of an array's text form.
  let delimiter: UInt8
  /// Whether commas stand between the elements of an array's text form, as in all but a few types.
  package var separatesByCommas: Bool { delimiter == UInt8(ascii: ",") }
  /// What to append to the quoted column in the SELECT: nil, `::pg_catalog.text` or `::pg_catalog.text[]`.
  package let selectCast: String?
  /// OID of the type as it arrives in binary COPY.
  package let wireTypeOID: UInt32
  /// OID of the array type that carries many such values in one binary parameter.
  ///
  /// There are no arrays of arrays: keys of an array type travel as text forms, and this is then `text[]` (1009).
  package let wireArrayTypeOID: UInt32

  /// Picks the codec for a type's name as `format_type(base type, typmod)` spells it under `search_path = pg_catalog`.
  ///
  /// A domain is named by its base type. Unknown names travel as text forms, arrays of them as arrays of text forms.
  /// `delimiter` is the `pg_type.typdelim` of an array's elements, where it is known.
  package init(typeName: String, delimiter knownDelimiter: UInt8? = nil) {
    let name = Self.withoutModifier(typeName)
    let known = WireType(name: name)
    if let known {
      form = known.form
      shape = known.isVector ? .vector : .scalar
      delimiter = UInt8(ascii: ",")
      selectCast = nil
      wireTypeOID = known.oid
      wireArrayTypeOID = known.arrayOID
      return
    }
    guard name.hasSuffix("[]") else {
      form = .text
      shape = .scalar
      delimiter = UInt8(ascii: ",")
      selectCast = "::pg_catalog.text"
      wireTypeOID = WireType.text.oid
      wireArrayTypeOID = WireType.text.arrayOID
      return
    }
    shape = .array
    wireArrayTypeOID = WireType.text.arrayOID
    let elementName = String(name.dropLast(2))
    delimiter = knownDelimiter ?? Self.delimiter(elementName)
    if let element = WireType(name: elementName), !element.isVector {
      form = element.form
      selectCast = nil
      wireTypeOID = element.arrayOID
    } else {
      form = .text
      selectCast = "::pg_catalog.text[]"
      wireTypeOID = WireType.text.arrayOID
    }
  }

  /// OID that the elements of an array carry on the wire.
  var elementOID: UInt32 {
    WireType.element(ofArray: wireTypeOID)?.oid ?? WireType.text.oid
  }

  /// `numeric(10,2)` and `timestamp(3) with time zone` without their parentheses; quoted names are left alone.
  private static func withoutModifier(_ name: String) -> String {
    guard !name.contains("\""), let open = name.firstIndex(of: "("), let close = name.lastIndex(of: ")"), open < close
    else { return name }
    return String(name[..<open] + name[name.index(after: close)...])
  }

  /// The `typdelim` that a type of that name, or the elements of an array of that name, is expected to have.
  package static func expectedDelimiter(typeName: String) -> UInt8 {
    let name = withoutModifier(typeName)
    return delimiter(name.hasSuffix("[]") ? String(name.dropLast(2)) : name)
  }

  /// `pg_type.typdelim` as an element type's name lets expect it: a comma but for `box`, and for PostGIS's two types.
  private static func delimiter(_ elementName: String) -> UInt8 {
    if elementName == "box" { return UInt8(ascii: ";") }
    let parts = elementName.split(separator: ".")
    return parts.count == 2 && (parts[1] == "geometry" || parts[1] == "geography")
      ? UInt8(ascii: ":") : UInt8(ascii: ",")
  }
}

/// A column of a row: its name and how it travels.
package struct RowColumn: Sendable, Equatable {
  /// The column's name, unquoted.
  package var name: String
  /// How its values travel.
  package var codec: ColumnCodec

  /// Names a column.
  package init(name: String, codec: ColumnCodec) {
    self.name = name
    self.codec = codec
  }
}
