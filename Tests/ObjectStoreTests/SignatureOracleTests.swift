import Foundation
import Hashing
import TestSupport
import Testing

@testable import ObjectStore

/// Our signatures against those of another implementation: `curl --aws-sigv4`.
///
/// curl 7.88 signs the path and the query as they stand in the URL, so it is given the encoded and sorted forms, whose
/// making the worked examples and the cases of `SignatureV4Tests` cover. It is given the body's hash, too, and no header
/// values with runs of spaces, which it does not shorten.
@Suite("Signature Version 4 beside curl")
struct SignatureOracleTests {
  private static let requestCount = 400
  private static let seed: UInt64 = 20_130_524
  private static let host = "127.0.0.1"

  @Test("signs random requests with awkward keys and queries as curl does")
  func randomRequests() async throws {
    var random = SeededRandom(seed: Self.seed)
    let cases = (0..<Self.requestCount).map { _ in RandomRequest(&random) }
    try await withScriptedServer([.answer("200 OK")]) { server in
      let config = cases.map { $0.curlConfig(endpoint: server.endpoint) }.joined(separator: "next\n")
      let curl = try CommandRun(
        URL(fileURLWithPath: "/usr/bin/curl"), ["--disable", "--config", "-"],
        environment: ["NO_PROXY": "*", "PATH": "/usr/bin:/bin"], input: Array(config.utf8))
      let result = try await curl.result()
      try #require(result.exitCode == 0, "\(result)")
      let received = server.requests
      try #require(received.count == cases.count)
      for (example, request) in zip(cases, received) {
        #expect(request.line == "\(example.method) \(example.target) HTTP/1.1")
        let host = "\(Self.host):\(server.port)"
        #expect(request.headers["authorization"] == example.authorization(host: host), "\(example)")
      }
    }
  }
}

/// A request made of pieces that signing must take care of.
private struct RandomRequest {
  var method: String
  var key: String
  var query: [(name: String, value: String)]
  var headers: [(name: String, value: String)]
  var body: [UInt8]
  var credentials: Credentials
  var region: String
  var date: Date

  private static let pieces = [
    "a", "Z", "0", "/", "/", "-", "_", ".", "~", " ", "+", "%", "%3A", "=", "&", "?", "#", ":", ";", ",", "@", "$", "!",
    "*", "'", "(", ")", "\"", "\\", "<", "[", "{", "|", "^", "`", "é", "日本", "🦆", "..", "//", "dt=2025-01-31",
  ]

  init(_ random: inout SeededRandom) {
    func text(_ counts: ClosedRange<Int>, _ random: inout SeededRandom) -> String {
      (0..<Int.random(in: counts, using: &random)).map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
    }
    method = ["GET", "PUT", "DELETE", "POST"].randomElement(using: &random) ?? "GET"
    key = text(1...12, &random)
    query = (0..<Int.random(in: 0...4, using: &random)).map { number in
      (name: text(1...4, &random) + "\(number)", value: text(0...6, &random))
    }
    // curl adds one of its own to a body, and signs it, when none is given.
    headers = [("content-type", "application/x; q=\(UInt8.random(in: 0...9, using: &random))")]
    for name in ["x-amz-storage-class", "Range", "X-Amz-Meta-Note", "x-amz-security-token"] {
      guard Bool.random(using: &random) else { continue }
      headers.append((name, ["STANDARD", "bytes=0-9", "a;b=c, d/+=", "q"].randomElement(using: &random) ?? "q"))
    }
    body = ["PUT", "POST"].contains(method) ? random.bytes(count: Int.random(in: 1...50, using: &random)) : []
    credentials = Credentials(
      accessKeyID: "AK\(UInt32.random(in: 0...UInt32.max, using: &random))",
      secretAccessKey: "s/+=\(UInt64.random(in: 0...UInt64.max, using: &random))")
    region = ["us-east-1", "eu-central-1", "auto"].randomElement(using: &random) ?? "auto"
    date = Date(timeIntervalSince1970: TimeInterval(Int.random(in: 0..<4_000_000_000, using: &random)))
  }

  private var path: String { "/bucket/" + PercentEncoding.encode(key, keepsSlashes: true) }

  var target: String {
    query.isEmpty ? path : "\(path)?\(SignatureV4.canonicalQuery(query))"
  }

  private var bodySHA256: String { SHA256.hash(body.span).hex }

  private func signedHeaders(host: String) -> [(name: String, value: String)] {
    SignatureV4(credentials: credentials, region: region, date: date).headers(
      for: SignatureV4.Request(
        method: method, host: host, path: path, query: query, headers: headers, bodySHA256: bodySHA256))
  }

  func authorization(host: String) -> String? {
    signedHeaders(host: host).last?.value
  }

  func curlConfig(endpoint: String) -> String {
    var lines = [
      "silent", "path-as-is", "globoff", "http1.1", "max-time = 60", "request = \(method)",
      "url = \(quoted(endpoint + target))", "aws-sigv4 = \(quoted("aws:amz:\(region):s3"))",
      "user = \(quoted("\(credentials.accessKeyID):\(credentials.secretAccessKey)"))",
    ]
    for header in signedHeaders(host: "").dropLast() {
      lines.append("header = \(quoted("\(header.name): \(header.value)"))")
    }
    if !body.isEmpty {
      // A config file holds no arbitrary bytes, and curl is told their hash anyhow.
      lines.append("data-binary = \(quoted(String(repeating: "x", count: body.count)))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func quoted(_ text: String) -> String {
    let escaped = text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
    return "\"\(escaped)\""
  }
}
