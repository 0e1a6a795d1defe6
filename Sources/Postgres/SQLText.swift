/// Quoting for the parts of a statement that cannot be parameters.
///
/// A NUL byte passes through unchanged: no statement may hold one, and `Connection` refuses it with `.misuse`.
package enum SQLText {
  /// `name` as a quoted identifier, which is taken as it stands: no case folding, no keyword.
  package static func identifier(_ name: String) -> String {
    quoted(name, by: "\"")
  }

  /// `schema.name`, each part quoted.
  package static func identifier(_ schema: String, _ name: String) -> String {
    identifier(schema) + "." + identifier(name)
  }

  /// `value` as a string literal, which reads the same whatever `standard_conforming_strings` is.
  package static func literal(_ value: String) -> String {
    guard value.utf8.contains(UInt8(ascii: "\\")) else { return quoted(value, by: "'") }
    return "E" + quoted(doubling("\\", in: value), by: "'")
  }

  private static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
    "\(quote)\(doubling(quote, in: text))\(quote)"
  }

  /// Works on scalars, because a quote followed by a combining mark is one `Character` that is not a quote.
  private static func doubling(_ mark: Unicode.Scalar, in text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar == mark { result.append(mark) }
      result.append(scalar)
    }
    return String(result)
  }
}
