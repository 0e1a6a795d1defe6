import ArchiveModel
import RowCodec

/// Proof, in the statement that fetches them, that the server takes back what the archive keeps of its rows.
///
/// A type that travels as text need not read what it writes: `regproc` writes names that two functions share, a
/// `timestamptz(2)` inside a composite can be rounded past the last moment, and some types take no input at all.
extension EligibleRows {
  /// The row's instant; NULL when a value of the row does not come back from the text that the archive keeps of it.
  var checkedInstant: String {
    let conditions = table.columns.indices.compactMap(readsBack)
    return conditions.isEmpty ? instant : "CASE WHEN \(conditions.joined(separator: " AND ")) THEN \(instant) END"
  }

  /// The condition that a column's value reads back; nil for types that travel in their binary form, whose text the codec
  /// writes itself, and for generated columns, which are not restored. It fails where the server has no text for the value.
  func readsBack(_ column: Int) -> String? {
    let codec = table.columns[column].codec
    guard table.columns[column].generated == nil else { return nil }
    let value = quoted(column)
    guard codec.selectCast != nil else {
      return table.canLackText.contains(column) ? "pg_catalog.format('%s', \(value)) IS NOT NULL" : nil
    }
    // `format` uses the output function, whatever cast to text there is.
    let readBack = readBack(value, codec, column)
    let isSame = "pg_catalog.format('%s', \(readBack)) = pg_catalog.format('%s', \(value))"
    guard table.primaryKey.contains(column) else { return isSame }
    // Two keys can have one text where the output function leaves something out: the delete must not take the other.
    return "\(isSame) AND \(table.keyColumn(column).value(of: "t")) = \(readBack)"
  }

  /// The value as restore will read it. By way of an array where there is one, because a cast from text to the type itself
  /// need not be the input function, which is what restore uses.
  private func readBack(_ value: String, _ codec: ColumnCodec, _ column: Int) -> String {
    let shape = table.columns[column]
    // SQL knows no arrays of arrays but through a domain, which the base type's name leaves out.
    let type = shape.formType.hasSuffix("[][]") ? shape.type : shape.formType
    let form = form(of: column, codec)
    if type.hasSuffix("[]") {
      // An array of texts has commas between; where the type has something else, its own text form has it too.
      let text = codec.separatesByCommas ? form : value
      return "\(text)::pg_catalog.text::\(type)"
    }
    return table.hasNoArrayType.contains(column)
      ? "\(form)::\(type)" : "(ARRAY[\(form)]::pg_catalog.text::\(type)[])[1]"
  }
}
