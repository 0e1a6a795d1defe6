/// `postgresql://` URLs, read where libpq reads them: as far as it takes to keep passwords apart.
enum ConnectionURL {
  private static let schemes = ["postgresql://", "postgres://"]
  private static let delimiterHint =
    "within a user, password or parameter write @ as %40, / as %2F, : as %3A and % as %25"

  /// Takes a URL whose password can be told from the rest for certain. The errors quote nothing.
  static func check(_ text: String) throws(ValueMismatch) -> String {
    let accepted = "must be a URL such as postgresql://user@host:5432/dbname?sslmode=verify-full"
    guard let scheme = schemes.first(where: { text.hasPrefix($0) }),
      !text.unicodeScalars.contains(where: { $0.properties.isWhitespace || $0.properties.generalCategory == .control })
    else { throw ValueMismatch(message: accepted) }
    let rest = text.dropFirst(scheme.count)
    // libpq ends the credentials at the first @ before a /. Any other @ may well end a password that was not encoded,
    // and libpq would take its second half for a host and name it in errors.
    let marks = rest.indices.filter { rest[$0] == "@" }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    guard marks.count <= 1, marks.allSatisfy({ $0 < slash }) else {
      throw ValueMismatch(message: "\(accepted), with one @ at most and none after the first /", hint: delimiterHint)
    }
    guard let parts = split(text) else {
      throw ValueMismatch(message: "\(accepted), with % only in %XX", hint: delimiterHint)
    }
    guard !parts.url.contains("sslpassword=") else {
      throw ValueMismatch(
        message: "must not hold sslpassword", hint: "use a key file without a passphrase that only its owner can read")
    }
    return text
  }

  /// The URL without its password, and the password. Nil when the password is not percent-encoded UTF-8.
  static func split(_ text: String) -> (url: String, password: Secret?)? {
    guard let scheme = schemes.first(where: { text.hasPrefix($0) }) else { return nil }
    var authority = text.dropFirst(scheme.count)
    var url = scheme
    var encoded: Substring?
    if let at = authority.firstIndex(where: { $0 == "@" || $0 == "/" }), authority[at] == "@" {
      let credentials = authority[..<at]
      let user = credentials.prefix { $0 != ":" }
      if user.endIndex < at { encoded = credentials[user.endIndex...].dropFirst() }
      url += user
      authority = authority[at...]
    }
    let path = authority.prefix { $0 != "?" }
    url += path
    var parameters = authority[path.endIndex...].dropFirst().split(separator: "&")
    if let index = parameters.firstIndex(where: { $0.hasPrefix("password=") }) {
      encoded = parameters[index].dropFirst("password=".count)
      parameters.removeAll { $0.hasPrefix("password=") }
    }
    if !parameters.isEmpty { url += "?" + parameters.joined(separator: "&") }
    guard let encoded, !encoded.isEmpty else { return (url, nil) }
    guard let password = decode(encoded) else { return nil }
    return (url, Secret(password))
  }

  private static func decode(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), value != 0
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
