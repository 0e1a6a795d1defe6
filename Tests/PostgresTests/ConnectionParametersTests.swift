import Testing

@testable import Postgres

@Suite struct ConnectionParametersTests {
  struct Shown: Sendable {
    let url: String?
    var keywords: [String: String] = [:]
    let expected: String
  }

  static let shown: [Shown] = [
    Shown(url: "postgresql://ann:hunter22@db:6000/app?sslmode=require", expected: "postgresql://ann@db:6000/app"),
    Shown(url: "postgres://ann:hunter22@db/app", expected: "postgresql://ann@db:5432/app"),
    Shown(url: "postgresql://ann@db/app?password=hunter22", expected: "postgresql://ann@db:5432/app"),
    Shown(url: "host=db user=ann password=hunter22 dbname=app", expected: "postgresql://ann@db:5432/app"),
    Shown(
      url: "postgresql://ann@db/app", keywords: ["user": "bob", "port": "7", "password": "hunter22", "host": "other"],
      expected: "postgresql://bob@other:7/app"),
    Shown(
      url: nil, keywords: ["host": "db", "user": "ann", "password": "hunter22"],
      expected: "postgresql://ann@db:5432/ann"),
    Shown(url: "postgresql://ann:hun@ter22@db/app", expected: "postgresql://(unreadable connection parameters)"),
    Shown(url: "postgresql://ann:12/hunter22@db/app", expected: "postgresql://(unreadable connection parameters)"),
    Shown(url: "postgresql://ann:%zz-hunter22@db/app", expected: "postgresql://(unreadable connection parameters)"),
    Shown(url: "hunter22", expected: "postgresql://(unreadable connection parameters)"),
  ]

  @Test(arguments: shown) func `no way of showing them holds the password`(shown: Shown) {
    let parameters = ConnectionParameters(url: shown.url, keywords: shown.keywords)
    #expect(parameters.redactedDescription == shown.expected)
    var dumped = ""
    dump(parameters, to: &dumped)
    for text in [
      parameters.description, parameters.debugDescription, dumped, "\(parameters)", String(reflecting: [parameters]),
    ] {
      #expect(!text.contains("hunter22"))
      #expect(!text.contains("ter22"))
    }
  }

  @Test(arguments: [
    ("postgresql://ann:hun@ter22@db/app", [:]),
    ("postgresql://ann:hunter22/x@db/app", [:]),
    ("postgresql://db:hunter22/app", [:]),
    ("postgresql://db:70000/app", [:]),
    ("postgresql://ann:%zz-hunter22@db/app", [:]),
    ("postgresql://db/app?hunter22=1", [:]),
    ("host=db password=hun ter22", [:]),
    ("mysql://hunter22", [:]),
    ("hunter22", [:]),
    ("postgresql://db/app", ["nonsense": "hunter22"]),
    ("postgresql://db/app", ["password": "hunter22\0"]),
  ])
  func `what libpq cannot use is refused without being quoted`(url: String, keywords: [String: String]) async throws {
    let parameters = ConnectionParameters(url: url, keywords: keywords)
    let error = try await postgresError { _ = try await Connection.open(parameters) }
    #expect(error?.kind == .invalidParameters)
    #expect(error?.description.contains("ter22") == false)
  }

  @Test func `empty keywords leave the URL's values alone`() {
    let parameters = ConnectionParameters(url: "postgresql://ann@db:6000/app", keywords: ["user": "", "dbname": ""])
    #expect(parameters.redactedDescription == "postgresql://ann@db:6000/app")
  }

  struct Report: Sendable {
    let text: String
    let sqlState: String?
    let message: String
  }

  @Test(arguments: [
    Report(
      text: """
        connection to server at "127.0.0.1", port 5432 failed: FATAL:  28P01: password authentication failed for user "x"
        LOCATION:  auth_failed, auth.c:338

        """,
      sqlState: "28P01",
      message: """
        connection to server at "127.0.0.1", port 5432 failed: FATAL: password authentication failed for user "x"
        """),
    Report(
      text: """
        connection to server on socket "/run/.s.PGSQL.5432" failed: No such file or directory
        \tIs the server running locally and accepting connections on that socket?

        """,
      sqlState: nil, message: "connection to server on socket \"/run/.s.PGSQL.5432\" failed: No such file or directory"),
    Report(
      text: """
        connection to server at "a" (::1), port 1 failed: Connection refused
        \tIs the server running on that host and accepting TCP/IP connections?
        connection to server at "b" (1.2.3.4), port 1 failed: FATAL:  57P03: the database system is starting up
        DETAIL:  secret
        HINT:  secret
        LOCATION:  ProcessStartupPacket, postmaster.c:2422

        """,
      sqlState: "57P03",
      message: "connection to server at \"a\" (::1), port 1 failed: Connection refused; "
        + "connection to server at \"b\" (1.2.3.4), port 1 failed: FATAL: the database system is starting up"),
    Report(text: "", sqlState: nil, message: "the connection failed"),
    Report(text: "no code:  28p01: x", sqlState: nil, message: "no code:  28p01: x"),
  ])
  func `a failed connection's SQLSTATE is read by its place`(report: Report) {
    let read = ConnectFailureReport(report.text)
    #expect(read.sqlState == report.sqlState)
    #expect(read.message == report.message)
  }
}
