/// Fills in `${VAR}` and `${VAR:-default}`, and turns `$$` into `$`; any other `$` stays as it is.
struct Substitution {
  struct Result {
    var text: String
    /// The variables whose values went into the text, in order.
    var variables: [String] = []
  }

  struct Mismatch: Error {
    let message: String
    let hint: String?
  }

  let environment: [String: String]

  /// As in a shell, `:-` covers a variable that is unset and one that is empty. A value is never looked at again.
  func apply(to text: String) throws(Mismatch) -> Result {
    var result = Result(text: "")
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result.text += rest[..<dollar]
      rest = rest[dollar...].dropFirst()
      switch rest.first {
      case "$":
        result.text.append("$")
        rest = rest.dropFirst()
      case "{":
        guard let close = rest.firstIndex(of: "}") else {
          throw Mismatch(message: "has a ${ without its }", hint: "write $${ for the two characters themselves")
        }
        try expand(rest[..<close].dropFirst(), into: &result)
        rest = rest[close...].dropFirst()
      default:
        result.text.append("$")
      }
    }
    result.text += rest
    return result
  }

  private func expand(_ reference: Substring, into result: inout Result) throws(Mismatch) {
    let name = reference.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    let tail = reference.dropFirst(name.count)
    guard let first = name.first, !first.isNumber, tail.isEmpty || tail.hasPrefix(":-") else {
      throw Mismatch(
        message: "has a ${…} that is neither ${VAR} nor ${VAR:-default}",
        hint: "a name is letters, digits and _, not starting with a digit; write $${ for the two characters themselves")
    }
    if let value = environment[String(name)], !(value.isEmpty && !tail.isEmpty) {
      result.text += value
      result.variables.append(String(name))
      return
    }
    guard !tail.isEmpty else {
      throw Mismatch(
        message: "needs the environment variable \(name), which is not set",
        hint: "set \(name), or give a default: ${\(name):-default}")
    }
    let fallback = tail.dropFirst(2)
    guard !fallback.contains("${") else {
      throw Mismatch(message: "has a ${…} within the default of ${\(name):-…}", hint: "a default is plain text")
    }
    result.text += fallback.split(separator: "$$", omittingEmptySubsequences: false).joined(separator: "$")
  }
}
