/// Checks the URLs of a storage. The errors quote nothing: people put credentials into URLs.
enum StorageAddress {
  /// Takes `s3://bucket[/prefix]` and `file:///absolute/directory`.
  static func checkStorage(_ text: String) throws(ValueMismatch) -> String {
    let accepted = "must be s3://bucket/prefix or file:///absolute/directory"
    guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw ValueMismatch(message: "\(accepted), without control characters")
    }
    if text.hasPrefix("s3://") {
      let rest = text.dropFirst("s3://".count)
      let bucket = rest.prefix { $0 != "/" }
      guard !bucket.contains("@") else {
        throw ValueMismatch(
          message: "\(accepted), without credentials", hint: "use access_key_id and secret_access_key")
      }
      let isBucket =
        !bucket.isEmpty && bucket.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
      guard isBucket else {
        throw ValueMismatch(message: "\(accepted); a bucket is letters, digits, -, . and _")
      }
      guard !rest.contains("?"), !rest.contains("#") else {
        throw ValueMismatch(message: "\(accepted), without ? and #", hint: "region and endpoint are keys of their own")
      }
      return text
    }
    if text.hasPrefix("file:") {
      guard text.hasPrefix("file:///"), text.contains(where: { !"file:/".contains($0) }) else {
        throw ValueMismatch(message: accepted, hint: "a directory needs three slashes: file:///srv/archive")
      }
      return text
    }
    let hint =
      text.hasPrefix("/") ? "a directory is written file:///…" : "for an S3-compatible store give its URL as endpoint"
    throw ValueMismatch(message: accepted, hint: hint)
  }

  /// Takes `http://host[:port][/path]` and the same with `https`.
  static func checkEndpoint(_ text: String) throws(ValueMismatch) -> String {
    let accepted = "must be a URL such as https://s3.example.com:9000"
    guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }),
      !text.unicodeScalars.contains(where: { $0.properties.isWhitespace || $0.properties.generalCategory == .control })
    else {
      throw ValueMismatch(message: accepted, hint: text.contains("://") ? nil : "put https:// in front")
    }
    let rest = text.dropFirst(scheme.count)
    guard !rest.contains("@") else {
      throw ValueMismatch(message: "\(accepted), without credentials", hint: "use access_key_id and secret_access_key")
    }
    guard let first = rest.first, first != "/", first != ":", !rest.contains("?"), !rest.contains("#") else {
      throw ValueMismatch(message: accepted)
    }
    return text
  }
}
