import Foundation
import Hashing

/// AWS Signature Version 4 for requests whose whole body is hashed: pure code, no clock and no I/O.
///
/// As S3 has it, and unlike other services: the path is encoded once and never normalised.
struct SignatureV4 {
  let credentials: Credentials
  let region: String
  /// The moment of signing; the store refuses it when its own clock is 15 minutes away.
  let date: Date
  var service = "s3"

  /// A request as it is about to be sent.
  struct Request {
    var method: String
    /// As in the `Host` header: with the port unless it is the scheme's own.
    var host: String
    /// Percent-encoded, beginning with `/`.
    var path: String
    /// Names and values as meant, not encoded, in any order.
    var query: [(name: String, value: String)] = []
    /// All are signed; `host` and the headers that `headers(for:)` adds are left out.
    var headers: [(name: String, value: String)] = []
    /// Lower-case hexadecimal SHA-256 of the body.
    var bodySHA256: String
  }

  /// The request's headers with the four that signing adds, the session token's only when there is one.
  func headers(for request: Request) -> [(name: String, value: String)] {
    var headers = request.headers
    headers.append(("x-amz-content-sha256", request.bodySHA256))
    headers.append(("x-amz-date", timestamp))
    if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token)) }
    let canonical = CanonicalHeaders(headers + [("host", request.host)])
    let canonicalRequest = [
      request.method, request.path, Self.canonicalQuery(request.query), canonical.text, canonical.names,
      request.bodySHA256,
    ].joined(separator: "\n")
    let authorization =
      "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(canonical.names), "
      + "Signature=\(signature(of: canonicalRequest))"
    return headers + [("Authorization", authorization)]
  }

  /// The query as it is both signed and sent: encoded, sorted by name, then by value.
  static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
    let encoded = query.map { item in
      (
        name: PercentEncoding.encode(item.name, keepsSlashes: false),
        value: PercentEncoding.encode(item.value, keepsSlashes: false)
      )
    }
    // Encoded text is ASCII, which String compares by bytes.
    return encoded.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
      .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
  }

  /// `20130524T000000Z`
  private var timestamp: String {
    date.formatted(
      Date.ISO8601FormatStyle(
        dateSeparator: .omitted, dateTimeSeparator: .standard, timeSeparator: .omitted, timeZone: .gmt))
  }

  private var scope: String { "\(timestamp.prefix(8))/\(region)/\(service)/aws4_request" }

  private func signature(of canonicalRequest: String) -> String {
    let requestHash = SHA256.hash(Array(canonicalRequest.utf8).span).hex
    let stringToSign = "AWS4-HMAC-SHA256\n\(timestamp)\n\(scope)\n\(requestHash)"
    var key = Array("AWS4\(credentials.secretAccessKey)".utf8)
    for part in [String(timestamp.prefix(8)), region, service, "aws4_request"] {
      key = hmacSHA256(key: key.span, message: Array(part.utf8).span).bytes
    }
    return hmacSHA256(key: key.span, message: Array(stringToSign.utf8).span).hex
  }
}

/// Headers as SigV4 lists them: lower-case names in order, values without surplus spaces.
private struct CanonicalHeaders {
  /// `name:value` lines, each ended.
  let text: String
  /// The names joined by semicolons.
  let names: String

  init(_ headers: [(name: String, value: String)]) {
    let lines = headers.map { header in
      (header.name.lowercased(), header.value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " "))
    }.sorted { $0.0 < $1.0 }
    text = lines.map { "\($0.0):\($0.1)\n" }.joined()
    names = lines.map(\.0).joined(separator: ";")
  }
}
