package import ArchiveModel
import Postgres
import RowCodec

/// One column of a key, and the SQL that compares it with keys given by their text forms.
///
/// Text becomes a value by the type's input function, which is what the archive has proved to read it. A cast from text
/// may be a function of a user's that gives another value, so that the texts are sent as an array over the type: its
/// literal is read by the input function. Only for types that no array is made of is there nothing but the cast.
package struct KeyColumn: Sendable {
  /// The column, unquoted.
  package let name: String
  /// The base type, by name.
  package let type: String
  /// Whether there are arrays over the type.
  package let hasArrayType: Bool
  /// Whether the column's values are compared as values of the base type: operators of enums, ranges and composites are
  /// not found for domains over them.
  private let isCast: Bool
  /// What stands between the elements of such an array's text form.
  private let delimiter: UInt8

  package init(_ column: Manifest.Column, hasArrayType: Bool = true) {
    let codec = column.codec
    (name, type) = (column.name, column.formType)
    // There are no arrays of arrays.
    self.hasArrayType = hasArrayType && !column.formType.hasSuffix("[]")
    isCast = column.baseType != nil && (codec.selectCast != nil || column.formType.hasSuffix("[]"))
    delimiter = column.typeDelimiter
  }

  /// The column of the row `alias` as a value to compare.
  package func value(of alias: String) -> String {
    compared("\(alias).\(SQLText.identifier(name))")
  }

  /// An expression of the column's type as a value to compare.
  package func compared(_ expression: String) -> String {
    isCast ? "(\(expression))::\(type)" : expression
  }

  /// An array of keys from a parameter or literal without a type, which holds `arrayText`.
  package func array(_ source: String) -> String {
    hasArrayType ? "\(source)::\(type)[]" : "\(source)::pg_catalog.text[]"
  }

  /// An element of such an array as a value to compare.
  package func element(_ expression: String) -> String { hasArrayType ? expression : "\(expression)::\(type)" }

  /// Text forms of the column's values as the text form of an array.
  package func arrayText(of texts: some Sequence<String>) -> String {
    ArrayText.array(of: texts, delimiter: hasArrayType ? delimiter : UInt8(ascii: ","))
  }
}

extension TableDescription {
  /// The columns of the primary key, in its order.
  package var keyColumns: [KeyColumn] { primaryKey.map(keyColumn) }

  package func keyColumn(_ index: Int) -> KeyColumn {
    KeyColumn(columns[index], hasArrayType: !hasNoArrayType.contains(index))
  }
}
