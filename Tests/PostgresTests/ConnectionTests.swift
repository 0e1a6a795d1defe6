import Foundation
import Postgres
import TestSupport
import Testing

@Suite struct ConnectionTests {
  @Test func `a statement gives columns, rows, NULLs and its tag`() async throws {
    try await withConnection { connection in
      let result = try await connection.execute("SELECT 1 AS a, NULL AS b, '' AS c UNION ALL SELECT 2, 'é', 'x'")
      #expect(result.columns == ["a", "b", "c"])
      #expect(result.rows == [["1", nil, ""], ["2", "é", "x"]])
      #expect(result.commandTag == "SELECT 2")
      #expect(result.affectedRowCount == 2)
    }
  }

  @Test func `a session is not ended for being idle, whatever its role has set`() async throws {
    let version = try await withConnection { await $0.serverVersion }
    guard version >= 140000 else { return }
    try await withConnection(nil, ["options": "-c idle_session_timeout=300ms"]) { connection in
      try await Task.sleep(for: .milliseconds(700))
      #expect(try await connection.value("SELECT 1") == "1")
    }
  }

  @Test func `a string of statements gives the last result`() async throws {
    try await withConnection { connection in
      let result = try await connection.execute(
        "CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2), (3); DELETE FROM t WHERE a > 1")
      #expect(result.commandTag == "DELETE 2")
      #expect(result.affectedRowCount == 2)
      #expect(try await connection.execute("").commandTag == "")
    }
  }

  @Test func `an error in a string of statements is reported and the session goes on`() async throws {
    try await withConnection { connection in
      let error = try await postgresError { try await connection.execute("SELECT 1; SELECT * FROM nowhere; SELECT 2") }
      #expect(error?.kind == .server)
      #expect(error?.sqlState == "42P01")
      #expect(error?.severity == "ERROR")
      #expect(error?.message == "relation \"nowhere\" does not exist")
      #expect(try await connection.value("SELECT 3") == "3")
    }
  }

  @Test func `parameters go as text, binary and NULL`() async throws {
    try await withConnection { connection async throws in
      #expect(try await connection.value("SELECT $1::text || $2::int", [.text("é'\\"), .text("7")]) == "é'\\7")
      #expect(try await connection.value("SELECT $1::int IS NULL", [.null]) == "t")
      #expect(try await connection.value("SELECT $1::text", [.text("")]) == "")
      #expect(try await connection.value("SELECT length($1)", [.binary([], oid: 17)]) == "0")
      #expect(try await connection.value("SELECT $1::bytea", [.binary([0, 1, 255], oid: 17)]) == "\\x0001ff")
    }
  }

  @Test func `a binary bigint array selects by key`() async throws {
    try await withConnection { connection in
      let keys: [Int64] = [3, .max, 5, .min, -1]
      let rows = try await connection.execute(
        "SELECT n FROM unnest(ARRAY[1, 3, 5, 7, \(Int64.max)]::bigint[]) AS n WHERE n = ANY($1) ORDER BY n",
        [bigintArray(keys)]
      ).rows
      #expect(rows == [["3"], ["5"], [String(Int64.max)]])
      let many = bigintArray((1...100_000).map { Int64($0) })
      #expect(try await connection.value("SELECT sum(n) FROM unnest($1) AS n", [many]) == "5000050000")
    }
  }

  @Test func `NUL bytes are refused before anything is sent`() async throws {
    try await withConnection { connection in
      let inStatement = try await postgresError { try await connection.execute("SELECT 1; \0 SELECT 2") }
      let inParameter = try await postgresError { try await connection.execute("SELECT $1", [.text("a\0b")]) }
      #expect(inStatement?.kind == .misuse)
      #expect(inParameter?.kind == .misuse)
      #expect(try await connection.value("SELECT 1") == "1")
    }
  }

  @Test func `text that is not UTF-8 is an error, not a guess`() async throws {
    try await withThrowawayDatabase(options: "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0") {
      database in
      try await withConnection(database.url) { connection in
        #expect(await connection.parameterStatus("server_encoding") == "SQL_ASCII")
        let checked = try await postgresError { try await connection.execute("SELECT 1, E'\\xff'") }
        #expect(checked?.sqlState == "22021")
        try await connection.execute("SET client_encoding = SQL_ASCII")
        let unchecked = try await postgresError { try await connection.execute("SELECT 1, E'\\xff'") }
        #expect(unchecked?.kind == .protocolViolation)
        #expect(try await connection.value("SELECT 1") == "1")
      }
    }
  }

  @Test func `a copy through execute is refused and the session goes on`() async throws {
    try await withConnection { connection in
      try await connection.execute("CREATE TEMP TABLE t (a int)")
      for sql in ["COPY (SELECT generate_series(1, 100000)) TO STDOUT", "COPY t FROM STDIN"] {
        let error = try await postgresError { try await connection.execute(sql) }
        #expect(error?.kind == .misuse)
        #expect(try await connection.value("SELECT 1") == "1")
      }
    }
  }

  @Test func `what is known of the session is told`() async throws {
    try await withConnection(nil, ["application_name": "facts"]) { connection in
      let number = try await connection.value("SHOW server_version_num")
      #expect(await String(connection.serverVersion) == number)
      let process = try await connection.value("SELECT pg_backend_pid()")
      #expect(await String(connection.backendProcessID) == process)
      #expect(await connection.parameterStatus("client_encoding") == "UTF8")
      #expect(await connection.parameterStatus("no_such_setting") == nil)
      #expect(try await connection.value("SHOW application_name") == "facts")
      #expect(await connection.isOpen)
      await connection.close()
      #expect(await !connection.isOpen)
      #expect(try await postgresError { try await connection.execute("SELECT 1") }?.kind == .connectionLost)
    }
  }

  @Test func `a wrong password names its SQLSTATE and nothing secret`() async throws {
    let parameters = try parameters(nil, ["password": "hunter22"])
    let error = try await postgresError { _ = try await Connection.open(parameters) }
    #expect(error?.kind == .authenticationFailed)
    #expect(error?.sqlState == "28P01")
    #expect(error?.message.contains("password authentication failed") == true)
    #expect(error?.message.contains("LOCATION") == false)
    #expect(error?.isTransientConnectionFailure == false)
    let shown = "\(String(describing: error)) \(String(reflecting: error))"
    #expect(!shown.contains("hunter22"))
  }

  @Test func `a password asked for and not given is an authentication failure`() async throws {
    let url = try #require(URLComponents(string: TestEnvironment.postgresURL()))
    let keywords = [
      "host": url.host ?? "", "port": url.port.map(String.init) ?? "", "user": "nobody", "dbname": "postgres",
      "passfile": "/nonexistent",
    ]
    let parameters = ConnectionParameters(url: nil, keywords: keywords)
    let error = try await postgresError { _ = try await Connection.open(parameters) }
    #expect(error?.kind == .authenticationFailed)
    #expect(error?.isTransientConnectionFailure == false)
  }

  @Test func `a missing database names its SQLSTATE and is not transient`() async throws {
    let parameters = try parameters(nil, ["dbname": "archiver_no_such_database"])
    let error = try await postgresError { _ = try await Connection.open(parameters) }
    #expect(error?.kind == .connectionFailed)
    #expect(error?.sqlState == "3D000")
    #expect(error?.isTransientConnectionFailure == false)
  }

  @Test(arguments: [
    (["host": "127.0.0.1", "port": "1"], true),
    (["host": "/nonexistent", "port": "1"], true),
    (["host": "archiver.invalid", "port": "5432"], false),
  ])
  func `failures below the protocol are told apart`(keywords: [String: String], isTransient: Bool) async throws {
    let parameters = ConnectionParameters(url: nil, keywords: keywords)
    let error = try await postgresError { _ = try await Connection.open(parameters) }
    #expect(error?.kind == .connectionFailed)
    #expect(error?.sqlState == nil)
    // Without a name server at all, resolving fails for now rather than for good.
    if error?.phase != .resolving(isTemporary: true) { #expect(error?.isTransientConnectionFailure == isTransient) }
  }

  @Test func `a server without TLS where it is required is not tried again`() async throws {
    try await withConnection { connection in
      try #require(try await connection.value("SHOW ssl") == "off")
    }
    let parameters = try parameters(nil, ["sslmode": "require"])
    let error = try await postgresError { _ = try await Connection.open(parameters) }
    #expect(error?.kind == .connectionFailed)
    #expect(error?.phase == .securing)
    #expect(error?.isTransientConnectionFailure == false)
  }

  @Test func `a server that does not answer is given up in time`() async throws {
    let silent = try SilentServer()
    let port = String(silent.port)
    let started = ContinuousClock.now
    let parameters = ConnectionParameters(url: "postgresql://127.0.0.1:\(port)/x?connect_timeout=2")
    let error = try await postgresError { _ = try await Connection.open(parameters) }
    #expect(error?.kind == .connectionFailed)
    #expect(error?.isTransientConnectionFailure == true)
    #expect((.seconds(1.9)..<(.seconds(9))).contains(started.duration(to: .now)))
  }

  @Test func `connecting can be cancelled`() async throws {
    let silent = try SilentServer()
    let port = String(silent.port)
    let started = ContinuousClock.now
    let opening = Task {
      try await Connection.open(ConnectionParameters(url: "postgresql://127.0.0.1:\(port)/x")).close()
    }
    try await Task.sleep(for: .milliseconds(200))
    opening.cancel()
    let error = try await postgresError { try await opening.value }
    #expect(error?.kind == .cancelled)
    #expect(started.duration(to: .now) < .seconds(5))
  }

  @Test func `variables that would change what statements mean are taken out of the environment`() async throws {
    // A process of its own, since changing the environment of one with many threads is not safe.
    await #expect(processExitsWith: .success) {
      let hostile = [
        "PGOPTIONS": "-c default_transaction_read_only=on", "PGTZ": "Asia/Tokyo", "PGDATESTYLE": "German",
        "PGGEQO": "off", "PGCLIENTENCODING": "LATIN1",
      ]
      for (name, value) in hostile { setenv(name, value, 1) }
      try await withConnection { connection async throws in
        let shown = try await connection.execute(
          """
          SELECT current_setting('default_transaction_read_only'), current_setting('client_encoding'),
            (SELECT count(*) FROM pg_settings WHERE source = 'client' AND name IN ('TimeZone', 'DateStyle', 'geqo'))
          """)
        #expect(shown.rows == [["off", "UTF8", "0"]])
      }
    }
  }
}

/// Accepts connections and never says a word.
private final class SilentServer {
  private let listener: Int32
  let port: UInt16

  struct Failed: Error {}

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard isListening else { throw Failed() }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit {
    close(listener)
  }
}
