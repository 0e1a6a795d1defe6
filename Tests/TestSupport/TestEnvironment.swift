package import Foundation

/// What `scripts/test` tells the tests about the servers and the program it prepared.
package enum TestEnvironment {
  /// The connection URL of a PostgreSQL superuser. Throws `MissingVariable`.
  package static func postgresURL() throws -> String {
    try value("ARCHIVER_TEST_POSTGRES_URL")
  }

  /// The S3 server and its credentials. Throws `MissingVariable`.
  package static func s3() throws -> S3Server {
    S3Server(
      endpoint: try value("ARCHIVER_TEST_S3_ENDPOINT"),
      region: try value("ARCHIVER_TEST_S3_REGION"),
      bucket: try value("ARCHIVER_TEST_S3_BUCKET"),
      accessKeyID: try value("ARCHIVER_TEST_S3_ACCESS_KEY_ID"),
      secretAccessKey: try value("ARCHIVER_TEST_S3_SECRET_ACCESS_KEY"))
  }

  /// The URL of the S3 server that knows versions and Object Lock; it takes any credentials. Throws `MissingVariable`.
  package static func motoEndpoint() throws -> String {
    try value("ARCHIVER_TEST_MOTO_ENDPOINT")
  }

  /// The Python that has DuckDB and ClickHouse. Throws `MissingVariable`.
  package static func enginesPython() throws -> String {
    try value("ARCHIVER_TEST_ENGINES_PYTHON")
  }

  /// The directory whose folders are the S3 server's buckets. Throws `MissingVariable`.
  package static func s3Directory() throws -> String {
    try value("ARCHIVER_TEST_S3_DIRECTORY")
  }

  /// Amazon's command line, `aws`. Throws `MissingVariable`.
  package static func aws() throws -> String {
    try value("ARCHIVER_TEST_AWS")
  }

  /// Whether the fault tests take the long form, as `scripts/test --faults` asks.
  package static var isThorough: Bool { ProcessInfo.processInfo.environment["ARCHIVER_TEST_FAULTS"] == "all" }

  /// The built `archiver`: the one named by `ARCHIVER_TEST_BINARY`, or else the one built beside the test bundle.
  /// Throws `MissingVariable` if there is neither.
  package static func archiverBinary() throws -> URL {
    if let named = ProcessInfo.processInfo.environment["ARCHIVER_TEST_BINARY"], !named.isEmpty {
      return URL(fileURLWithPath: named)
    }
    for bundle in CommandLine.arguments where bundle.hasSuffix(".xctest") {
      let beside = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("archiver")
      if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
    }
    throw MissingVariable(name: "ARCHIVER_TEST_BINARY")
  }

  private static func value(_ name: String) throws -> String {
    guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
      throw MissingVariable(name: name)
    }
    return value
  }

  /// Where the S3 server listens (`endpoint` is a URL without a path), a bucket that exists, and its credentials.
  package struct S3Server: Sendable {
    package let endpoint: String
    package let region: String
    package let bucket: String
    package let accessKeyID: String
    package let secretAccessKey: String
  }

  /// The test was started without the servers that `scripts/test` starts.
  package struct MissingVariable: Error, CustomStringConvertible {
    package let name: String

    package var description: String {
      "\(name) is not set: run the tests with scripts/test, which starts PostgreSQL and an S3 server first"
    }
  }
}
