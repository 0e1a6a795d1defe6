import Postgres
import TestSupport
import Testing

@Suite struct TransactionTests {
  struct Refused: Error {}

  @Test func `returning commits and throwing rolls back`() async throws {
    try await withThrowawayDatabase { database in
      try await withConnection(database.url) { connection in
        try await connection.execute("CREATE TABLE t (a int)")
        let rowCount = try await connection.withTransaction { transaction in
          let inserted = try await transaction.execute("INSERT INTO public.t VALUES (1), (2)")
          await Task.yield()
          return inserted.affectedRowCount
        }
        #expect(rowCount == 2)
        await #expect(throws: Refused.self) {
          try await connection.withTransaction { transaction in
            try await transaction.execute("INSERT INTO public.t VALUES (3)")
            throw Refused()
          }
        }
        try await connection.withTransaction(TransactionOptions(rollsBack: true)) { transaction in
          _ = try await transaction.execute("DELETE FROM public.t")
        }
        #expect(try await database.psql("SELECT string_agg(a::text, ',' ORDER BY a) FROM t") == "1,2")
      }
    }
  }

  @Test func `copies run inside the transaction`() async throws {
    try await withConnection { connection in
      try await connection.withTransaction { transaction in
        try await transaction.execute("CREATE TEMP TABLE t (a int)")
        #expect(try await transaction.copyIn("COPY t FROM STDIN", from: ChunkSource(["1\n2\n3\n"])).rowCount == 3)
        let copied = try await transaction.copyOut("COPY t TO STDOUT", into: CountingSink())
        #expect(copied.rowCount == 3)
        #expect(copied.takeSink().bytes.count == 6)
      }
    }
  }

  @Test func `a failure passed over makes COMMIT an error`() async throws {
    try await withConnection { connection in
      let error = try await postgresError {
        try await connection.withTransaction { transaction in
          let inner = try await postgresError { try await transaction.execute("SELECT 1 / 0") }
          #expect(inner?.sqlState == "22012")
        }
      }
      #expect(error?.kind == .commitRolledBack)
      #expect(try await connection.value("SELECT 1") == "1")
    }
  }

  @Test func `a deferred constraint fails the COMMIT`() async throws {
    try await withConnection { connection in
      try await connection.execute("CREATE TEMP TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
      let error = try await postgresError {
        try await connection.withTransaction { transaction in
          _ = try await transaction.execute("INSERT INTO t VALUES (1), (1)")
        }
      }
      #expect(error?.kind == .server)
      #expect(error?.sqlState == "23505")
      #expect(try await connection.value("SELECT count(*) FROM t") == "0")
    }
  }

  @Test(arguments: [("COMMIT", "COMMIT"), ("ROLLBACK", "ROLLBACK")])
  func `a transaction ended by hand is an error`(sql: String, tag: String) async throws {
    try await withConnection { connection in
      let error = try await postgresError {
        try await connection.withTransaction { transaction async throws in
          #expect(try await transaction.execute(sql).commandTag == tag)
        }
      }
      #expect(error?.kind == .misuse)
    }
  }

  @Test func `one transaction at a time, and only within its scope`() async throws {
    try await withConnection { connection in
      let escaped = try await connection.withTransaction { transaction in
        let nested = try await postgresError { try await connection.withTransaction { _ in } }
        #expect(nested?.kind == .misuse)
        #expect(try await transaction.value("SELECT 1") == "1")
        return transaction
      }
      #expect(try await postgresError { try await escaped.execute("SELECT 1") }?.kind == .misuse)
      try await connection.execute("BEGIN")
      #expect(try await postgresError { try await connection.withTransaction { _ in } }?.kind == .misuse)
    }
  }

  @Test(arguments: [
    (TransactionOptions(), "read committed", "off"),
    (TransactionOptions(isolation: .repeatableRead, readOnly: true), "repeatable read", "on"),
  ])
  func `BEGIN names isolation and access`(options: TransactionOptions, isolation: String, readOnly: String) async throws
  {
    try await withConnection { connection in
      try await connection.execute(
        "SET default_transaction_isolation = 'serializable'; SET default_transaction_read_only = on")
      try await connection.withTransaction(options) { transaction async throws in
        #expect(try await transaction.value("SHOW transaction_isolation") == isolation)
        #expect(try await transaction.value("SHOW transaction_read_only") == readOnly)
      }
    }
  }

  @Test func `a savepoint undoes only its own work`() async throws {
    try await withConnection { connection in
      try await connection.execute("CREATE TEMP TABLE t (a int)")
      try await connection.withTransaction { transaction in
        try await transaction.execute("INSERT INTO t VALUES (1)")
        let error = try await postgresError {
          try await transaction.withSavepoint {
            try await transaction.execute("INSERT INTO t VALUES (2)")
            try await transaction.execute("SELECT 1 / 0")
          }
        }
        #expect(error?.sqlState == "22012")
        try await transaction.withSavepoint { _ = try await transaction.execute("INSERT INTO t VALUES (3)") }
      }
      #expect(try await connection.value("SELECT string_agg(a::text, ',' ORDER BY a) FROM t") == "1,3")
    }
  }

  @Test func `savepoints nest to their bound and no deeper`() async throws {
    try await withConnection { connection in
      try await connection.execute("CREATE TEMP TABLE t (a int)")
      let deepest = try await connection.withTransaction { transaction in
        let error = try await postgresError { try await nest(transaction, from: 1) }
        #expect(error?.kind == .savepointTooDeep)
        // Each level was left again, so the bound is free for another descent; the first row was under no savepoint.
        try await transaction.withSavepoint { _ = try await transaction.execute("INSERT INTO t VALUES (100)") }
        return try await transaction.value("SELECT string_agg(a::text, ',') FROM t")
      }
      #expect(deepest == "1,100")
    }

    func nest(_ transaction: Transaction, from depth: Int) async throws {
      #expect(depth <= Transaction.maximumSavepointDepth + 1)
      try await transaction.execute("INSERT INTO t VALUES (\(depth))")
      try await transaction.withSavepoint { try await nest(transaction, from: depth + 1) }
    }
  }
}
