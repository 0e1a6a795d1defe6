import Testing

@testable import ObjectStore

@Suite("S3 endpoints")
struct S3EndpointTests {
  struct Example: Sendable, CustomTestStringConvertible {
    var bucket = "acme"
    var region = "eu-west-1"
    var endpoint: String?
    var addressing = S3Configuration.Addressing.auto
    var allowsPlainHTTP = false
    /// The URL of the key `a b%/c`.
    let url: String
    var testDescription: String { url }

    static let all: [Example] = [
      Example(url: "https://acme.s3.eu-west-1.amazonaws.com/a%20b%25/c"),
      Example(region: "cn-north-1", url: "https://acme.s3.cn-north-1.amazonaws.com.cn/a%20b%25/c"),
      Example(region: "us-gov-west-1", url: "https://acme.s3.us-gov-west-1.amazonaws.com/a%20b%25/c"),
      Example(bucket: "acme.eu", url: "https://s3.eu-west-1.amazonaws.com/acme.eu/a%20b%25/c"),
      Example(bucket: "Acme_1", url: "https://s3.eu-west-1.amazonaws.com/Acme_1/a%20b%25/c"),
      Example(addressing: .path, url: "https://s3.eu-west-1.amazonaws.com/acme/a%20b%25/c"),
      Example(endpoint: "https://minio.example:9000", url: "https://minio.example:9000/acme/a%20b%25/c"),
      Example(endpoint: "https://minio.example:443/", url: "https://minio.example/acme/a%20b%25/c"),
      Example(endpoint: "https://gate.example/s3/", url: "https://gate.example/s3/acme/a%20b%25/c"),
      Example(endpoint: "https://r2.example", addressing: .virtual, url: "https://acme.r2.example/a%20b%25/c"),
      Example(endpoint: "http://127.0.0.1:80", url: "http://127.0.0.1/acme/a%20b%25/c"),
      Example(endpoint: "http://localhost:9000", url: "http://localhost:9000/acme/a%20b%25/c"),
      Example(endpoint: "http://[::1]:9000", url: "http://[::1]:9000/acme/a%20b%25/c"),
      Example(endpoint: "http://store.example", allowsPlainHTTP: true, url: "http://store.example/acme/a%20b%25/c"),
    ]
  }

  private func configuration(_ example: Example) -> S3Configuration {
    var configuration = S3Configuration(
      bucket: example.bucket, region: example.region, endpoint: example.endpoint,
      credentials: StaticCredentialProvider(Credentials(accessKeyID: "a", secretAccessKey: "b")))
    configuration.addressing = example.addressing
    configuration.allowsPlainHTTP = example.allowsPlainHTTP
    return configuration
  }

  @Test("make the URL of a key", arguments: Example.all)
  func url(_ example: Example) throws {
    let endpoint = try S3Endpoint(configuration(example))
    #expect(endpoint.origin + endpoint.path(forKey: "a b%/c") == example.url)
    #expect(endpoint.origin.hasSuffix("://\(endpoint.host)"))
  }

  @Test("make the URL of the bucket itself")
  func bucketURL() throws {
    #expect(try S3Endpoint(configuration(Example(url: ""))).path(forKey: "") == "/")
    #expect(try S3Endpoint(configuration(Example(addressing: .path, url: ""))).path(forKey: "") == "/acme")
  }

  @Test(
    "are refused when they are no server's URL, or would send data in the clear",
    arguments: [
      "", "minio.example", "ftp://minio.example", "https://", "https://user:secret@minio.example",
      "https://minio.example/?x=1", "http://minio.example", "http://127.0.0.1.example", "http://128.0.0.1",
    ])
  func refused(endpoint: String) throws {
    let configuration = configuration(Example(endpoint: endpoint, url: ""))
    let error = #expect(throws: S3ConfigurationError.self) { try S3Store(configuration: configuration) }
    #expect(error?.description.contains("secret") == false)
  }

  @Test("are refused for a region that is no name", arguments: ["", "eu west", "x.example/", "a@b"])
  func badRegion(region: String) {
    #expect(throws: S3ConfigurationError.self) { try S3Endpoint(configuration(Example(region: region, url: ""))) }
  }
}
