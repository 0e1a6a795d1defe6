import Foundation
import Hashing
import Testing

@testable import ObjectStore

/// The worked examples of AWS's "Authenticating Requests: Using the Authorization Header (Signature Version 4)".
struct WorkedExample: Sendable, CustomTestStringConvertible {
  let name: String
  var method = "GET"
  var path = "/"
  var query: [(name: String, value: String)] = []
  var headers: [(name: String, value: String)] = []
  var body = ""
  let signedHeaders: String
  let signature: String
  var testDescription: String { name }

  static let all: [WorkedExample] = [
    WorkedExample(
      name: "GET Object", path: "/test.txt", headers: [("Range", "bytes=0-9")],
      signedHeaders: "host;range;x-amz-content-sha256;x-amz-date",
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    WorkedExample(
      name: "PUT Object", method: "PUT", path: "/test%24file.text",
      headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
      body: "Welcome to Amazon S3.", signedHeaders: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    WorkedExample(
      name: "GET Bucket Lifecycle", query: [("lifecycle", "")],
      signedHeaders: "host;x-amz-content-sha256;x-amz-date",
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    WorkedExample(
      name: "GET Bucket (List Objects)", query: [("prefix", "J"), ("max-keys", "2")],
      signedHeaders: "host;x-amz-content-sha256;x-amz-date",
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
  ]
}

@Suite("Signature Version 4")
struct SignatureV4Tests {
  private let signature = SignatureV4(
    credentials: Credentials(
      accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    region: "us-east-1", date: Date(timeIntervalSince1970: 1_369_353_600))

  @Test("signs AWS's worked examples as AWS does", arguments: WorkedExample.all)
  func workedExamples(_ example: WorkedExample) {
    let headers = signature.headers(
      for: SignatureV4.Request(
        method: example.method, host: "examplebucket.s3.amazonaws.com", path: example.path, query: example.query,
        headers: example.headers, bodySHA256: SHA256.hash(Array(example.body.utf8).span).hex))
    #expect(
      headers.last?.value
        == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        + "SignedHeaders=\(example.signedHeaders), Signature=\(example.signature)")
    #expect(headers.contains { $0 == ("x-amz-date", "20130524T000000Z") })
  }

  @Test("sends and signs a session token")
  func sessionToken() {
    let temporary = SignatureV4(
      credentials: Credentials(accessKeyID: "AK", secretAccessKey: "SK", sessionToken: "TOKEN"),
      region: "us-east-1", date: signature.date)
    let headers = temporary.headers(
      for: SignatureV4.Request(method: "GET", host: "h", path: "/", bodySHA256: S3Client.sha256OfNothing.hex))
    #expect(headers.contains { $0 == ("x-amz-security-token", "TOKEN") })
    #expect(headers.last?.value.contains("x-amz-date;x-amz-security-token, ") == true)
  }

  @Test("sorts the query by encoded name and value")
  func queryOrder() {
    let query = [(name: "b", value: "2"), ("a~", "x"), ("a b", "y"), ("b", "1"), ("a", "é/+"), ("A", "")]
    #expect(SignatureV4.canonicalQuery(query) == "A=&a=%C3%A9%2F%2B&a%20b=y&a~=x&b=1&b=2")
  }

  @Test("encodes paths once, and keeps escapes and dots as they are")
  func pathEncoding() {
    #expect(
      PercentEncoding.encode("db=a%3Ab/../ x+~.gz", keepsSlashes: true) == "db%3Da%253Ab/../%20x%2B~.gz")
  }

  @Test(
    "decodes listings",
    arguments: [("a+b%2Bc", "a b+c"), ("%25%33%41", "%3A"), ("%c3%A9", "é"), ("plain/x", "plain/x")])
  func formDecoding(encoded: String, decoded: String) {
    #expect(PercentEncoding.decodeForm(encoded) == decoded)
  }

  @Test("refuses broken escapes and bytes that are not UTF-8", arguments: ["%", "%4", "%zz", "%ff"])
  func badFormEncoding(text: String) {
    #expect(PercentEncoding.decodeForm(text) == nil)
  }
}
