import Postgres
import TestSupport
import Testing

@Suite struct CopyTests {
  @Test func `copying out hands over every message and the server's count`() async throws {
    try await withConnection { connection in
      let text = try await connection.copyOut(
        "COPY (SELECT n, 'row ' || n FROM generate_series(1, 3) AS n) TO STDOUT", into: CountingSink())
      #expect(text.rowCount == 3)
      #expect(text.sink.messageCount == 3)
      #expect(String(decoding: text.sink.bytes, as: UTF8.self) == "1\trow 1\n2\trow 2\n3\trow 3\n")
      let binary = try await connection.copyOut(
        "COPY (SELECT n::bigint, repeat('x', 100) FROM generate_series(1, 50000) AS n) TO STDOUT (FORMAT binary)",
        into: CountingSink())
      #expect(binary.rowCount == 50_000)
      #expect(binary.sink.bytes.starts(with: Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00]))
      let empty = try await connection.copyOut("COPY (SELECT 1 WHERE false) TO STDOUT", into: CountingSink())
      #expect(empty.rowCount == 0)
      #expect(empty.sink.messageCount == 0)
    }
  }

  @Test(arguments: [0, 1, 1000]) func `a sink that throws ends the copy with its error`(limit: Int) async throws {
    try await withConnection { connection in
      let error = try await postgresError {
        _ = try await connection.copyOut(
          "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 10000000)) TO STDOUT",
          into: CountingSink(limit: limit))
      }
      #expect(error?.kind == .sink)
      #expect(error?.cause is CountingSink.Full)
      #expect(try await connection.value("SELECT 1") == "1")
    }
  }

  @Test func `an error in the middle of copying out is the server's`() async throws {
    try await withConnection { connection in
      let error = try await postgresError {
        _ = try await connection.copyOut(
          "COPY (SELECT 1 / (n - 60000) FROM generate_series(1, 100000) AS n) TO STDOUT", into: CountingSink())
      }
      #expect(error?.kind == .server)
      #expect(error?.sqlState == "22012")
      #expect(try await connection.value("SELECT 1") == "1")
    }
  }

  @Test(arguments: ["SELECT 1", "COPY t FROM STDIN", "COPY t TO STDOUT; SELECT 1", ""])
  func `copying out refuses other statements`(sql: String) async throws {
    try await withConnection { connection in
      try await connection.execute("CREATE TEMP TABLE t (a int)")
      let error = try await postgresError { _ = try await connection.copyOut(sql, into: CountingSink()) }
      #expect(error?.kind == .misuse)
      #expect(try await connection.value("SELECT 1") == "1")
    }
  }

  @Test func `copying in takes chunks cut anywhere and gives the server's count`() async throws {
    try await withConnection { connection in
      try await connection.execute("CREATE TEMP TABLE t (a int, b text)")
      let few = try await connection.copyIn("COPY t FROM STDIN", from: ChunkSource(["1\to", "ne\n2", "", "\ttwo\n"]))
      #expect(few.rowCount == 2)
      #expect(try await connection.value("SELECT string_agg(a || b, ',' ORDER BY a) FROM t") == "1one,2two")
      let line = "3\t" + String(repeating: "x", count: 997) + "\n"
      let large = String(repeating: line, count: 5000)
      let many = try await connection.copyIn("COPY t FROM STDIN", from: ChunkSource([large, large, line]))
      #expect(many.rowCount == 10_001)
      #expect(try await connection.value("SELECT sum(length(b)) FROM t WHERE a = 3") == String(10_001 * 997))
      #expect(try await connection.copyIn("COPY t FROM STDIN", from: ChunkSource([])).rowCount == 0)
    }
  }

  @Test func `a source that throws leaves no rows`() async throws {
    try await withConnection { connection in
      try await connection.execute("CREATE TEMP TABLE t (a int)")
      let error = try await postgresError {
        try await connection.copyIn("COPY t FROM STDIN", from: ChunkSource(["1\n2\n"], fails: true))
      }
      #expect(error?.kind == .source)
      #expect(error?.cause is ChunkSource.Broken)
      #expect(try await connection.value("SELECT count(*) FROM t") == "0")
    }
  }

  @Test func `a row that does not fit is the server's error, without the row`() async throws {
    try await withConnection { connection in
      try await connection.execute("CREATE TEMP TABLE t (a int)")
      let error = try await postgresError {
        try await connection.copyIn("COPY t FROM STDIN", from: ChunkSource(["1\nsecret-value\n"]))
      }
      #expect(error?.kind == .server)
      #expect(error?.sqlState == "22P02")
      #expect(error?.description.contains("secret-value") == false)
      #expect(try await connection.value("SELECT count(*) FROM t") == "0")
    }
  }

  @Test func `a copy is cancelled with its task`() async throws {
    try await withConnection { connection in
      let copying = Task {
        _ = try await connection.copyOut(
          "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 1000000000)) TO STDOUT", into: CountingSink())
      }
      try await Task.sleep(for: .milliseconds(200))
      copying.cancel()
      #expect(try await postgresError { try await copying.value }?.kind == .cancelled)
      #expect(try await connection.value("SELECT 1") == "1")
    }
  }
}
