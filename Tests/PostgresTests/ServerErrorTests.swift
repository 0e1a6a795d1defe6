import Postgres
import TestSupport
import Testing

@Suite struct ServerErrorTests {
  struct Statement: Sendable, CustomTestStringConvertible {
    let sql: String
    let sqlState: String
    var constraint: String?

    var testDescription: String { sqlState }
  }

  static let statements: [Statement] = [
    Statement(sql: "INSERT INTO t (a, b) VALUES ('hunter22', 1)", sqlState: "23505", constraint: "t_a_key"),
    Statement(sql: "INSERT INTO t (a, b) VALUES ('hunter22x', NULL)", sqlState: "23502"),
    Statement(sql: "INSERT INTO t (a, b) VALUES ('hunter22-other', -1)", sqlState: "23514", constraint: "t_b_check"),
    Statement(sql: "INSERT INTO child VALUES ('hunter22-other')", sqlState: "23503", constraint: "child_a_fkey"),
    Statement(sql: "SELECT 'hunter22'::int", sqlState: "22P02"),
    Statement(sql: "SELECT 'hunter22'::date", sqlState: "22007"),
    Statement(sql: "SELECT '{\"a\": hunter22}'::json", sqlState: "22P02"),
    Statement(sql: "SELECT to_date('hunter22', 'YYYY')", sqlState: "22007"),
    Statement(sql: "SELECT 'hunter22hunter22hunter22'::varchar(3)::char(1), E'\\x80'", sqlState: "22021"),
    Statement(sql: "DO $$ BEGIN RAISE EXCEPTION 'row hunter22'; END $$", sqlState: "P0001"),
    Statement(sql: "DO $$ BEGIN RAISE EXCEPTION 'row hunter22' USING ERRCODE = '42501'; END $$", sqlState: "42501"),
    Statement(
      sql: "DO $$ BEGIN PERFORM 1 / 0 FROM t WHERE a = 'hunter22'; END $$", sqlState: "22012"),
  ]

  @Test(arguments: statements) func `no error holds a row's values`(statement: Statement) async throws {
    try await withConnection { connection in
      try await connection.execute(
        """
        CREATE TEMP TABLE t (a text UNIQUE, b int NOT NULL CHECK (b > 0));
        CREATE TEMP TABLE child (a text REFERENCES t (a));
        INSERT INTO t VALUES ('hunter22', 5);
        """)
      let error = try await postgresError { try await connection.execute(statement.sql) }
      #expect(error?.kind == .server)
      #expect(error?.sqlState == statement.sqlState)
      #expect(error?.constraintName == statement.constraint)
      var dumped = ""
      dump(error, to: &dumped)
      for text in [dumped, error?.description ?? "", String(reflecting: error)] { #expect(!text.contains("hunter22")) }
    }
  }

  @Test func `names of what an error concerns are kept`() async throws {
    try await withConnection { connection in
      try await connection.execute("CREATE TEMP TABLE named (a int NOT NULL)")
      let error = try await postgresError { try await connection.execute("INSERT INTO named VALUES (NULL)") }
      #expect(error?.message == "a not-null constraint is violated")
      #expect(error?.tableName == "named")
      #expect(error?.columnName == "a")
      #expect(error?.schemaName?.hasPrefix("pg_temp") == true)
      #expect(error?.description.contains("SQLSTATE 23502, table pg_temp") == true)
    }
  }

  @Test func `notices are dropped`() async throws {
    try await withConnection { connection in
      let result = try await connection.execute("DO $$ BEGIN RAISE WARNING 'to be dropped'; END $$; SELECT 1")
      #expect(result.rows == [["1"]])
    }
  }

  @Test func `a terminated backend is a lost connection`() async throws {
    try await withConnection { connection in
      let error = try await postgresError {
        try await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
      }
      #expect(error?.kind == .connectionLost)
      #expect(error?.sqlState == "57P01")
      #expect(error?.isTransientConnectionFailure == true)
      #expect(try await postgresError { try await connection.execute("SELECT 1") }?.kind == .connectionLost)
    }
  }
}
