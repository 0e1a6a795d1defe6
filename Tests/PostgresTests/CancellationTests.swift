import Postgres
import TestSupport
import Testing

@Suite struct CancellationTests {
  @Test func `a cancelled task's statement is cancelled on the server`() async throws {
    try await withConnection { connection in
      let process = await connection.backendProcessID
      let started = ContinuousClock.now
      let sleeping = Task { _ = try await connection.execute("SELECT pg_sleep(60)") }
      try await Task.sleep(for: .milliseconds(200))
      sleeping.cancel()
      #expect(try await postgresError { try await sleeping.value }?.kind == .cancelled)
      #expect(started.duration(to: .now) < .seconds(10))
      #expect(try await connection.value("SELECT pg_backend_pid()") == String(process))
    }
  }

  @Test func `a cancelled transaction is rolled back and the session stays of use`() async throws {
    try await withThrowawayDatabase { database in
      try await withConnection(database.url) { connection in
        try await connection.execute("CREATE TABLE t (a int)")
        let running = Task {
          try await connection.withTransaction { transaction in
            try await transaction.execute("INSERT INTO public.t VALUES (1)")
            try await transaction.execute("SELECT pg_sleep(60)")
          }
        }
        try await Task.sleep(for: .milliseconds(300))
        running.cancel()
        #expect(try await postgresError { try await running.value }?.kind == .cancelled)
        #expect(try await connection.value("SELECT count(*) FROM t") == "0")
        try await connection.withTransaction { _ = try await $0.execute("INSERT INTO public.t VALUES (2)") }
        #expect(try await connection.value("SELECT count(*) FROM t") == "1")
      }
    }
  }

  @Test func `a task cancelled before COMMIT does not commit`() async throws {
    try await withThrowawayDatabase { database in
      try await withConnection(database.url) { connection in
        try await connection.execute("CREATE TABLE t (a int)")
        let running = Task {
          try await connection.withTransaction { transaction in
            _ = try await transaction.execute("INSERT INTO public.t VALUES (1)")
            withUnsafeCurrentTask { $0?.cancel() }
          }
        }
        #expect(try await postgresError { try await running.value }?.kind == .cancelled)
        #expect(try await database.psql("SELECT count(*) FROM t") == "0")
      }
    }
  }

  @Test func `a task cancelled before its statement sends nothing`() async throws {
    try await withConnection { connection async throws in
      let late = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        try await connection.execute("CREATE TEMP TABLE never (a int)")
      }
      #expect(try await postgresError { _ = try await late.value }?.kind == .cancelled)
      #expect(try await connection.value("SELECT to_regclass('never') IS NULL") == "t")
    }
  }

  @Test func `cancelling one task leaves another's statement alone`() async throws {
    try await withConnection { connection in
      let first = Task { try await connection.value("SELECT 'done' FROM pg_sleep(1)") }
      try await Task.sleep(for: .milliseconds(200))
      let second = Task { try await connection.value("SELECT 'never'") }
      try await Task.sleep(for: .milliseconds(100))
      second.cancel()
      #expect(try await first.value == "done")
      #expect(try await postgresError { _ = try await second.value }?.kind == .cancelled)
    }
  }

  @Test func `a transaction's timeout cancels its statement`() async throws {
    try await withConnection { connection in
      let started = ContinuousClock.now
      let error = try await postgresError {
        try await connection.withTransaction(TransactionOptions(timeout: .milliseconds(500))) { transaction in
          _ = try await transaction.execute("SELECT pg_sleep(60)")
        }
      }
      #expect(error?.kind == .transactionTimedOut)
      #expect(started.duration(to: .now) < .seconds(10))
      // Since 17 the server has the same timeout, and ends the session when it is the quicker.
      if TestServer.version < 170_000 { #expect(try await connection.value("SELECT 1") == "1") }
    }
  }

  @Test func `the timeout spans all statements and what happens between them`() async throws {
    try await withThrowawayDatabase { database in
      try await withConnection(database.url) { connection in
        try await connection.execute("CREATE TABLE t (a int)")
        let error = try await postgresError {
          try await connection.withTransaction(TransactionOptions(timeout: .milliseconds(400))) { transaction in
            _ = try await transaction.execute("INSERT INTO public.t VALUES (1)")
            try await Task.sleep(for: .milliseconds(600))
          }
        }
        #expect(error?.kind == .transactionTimedOut)
        #expect(try await database.psql("SELECT count(*) FROM t") == "0")
      }
    }
  }

  @Test func `the server ends a transaction left idle past its time`() async throws {
    try await withConnection { connection in
      let error = try await postgresError {
        try await connection.withTransaction(
          TransactionOptions(
            pinned: PinnedSettings(additional: [.init("idle_in_transaction_session_timeout", "200")]))
        ) { transaction in
          try await Task.sleep(for: .milliseconds(600))
          _ = try await transaction.execute("SELECT 1")
        }
      }
      #expect(error?.kind == .transactionTimedOut)
      #expect(error?.sqlState == "25P03")
      #expect(await !connection.isOpen)
    }
  }

  @Test func `a session that died before COMMIT is certain not to have committed`() async throws {
    try await withThrowawayDatabase { database in
      try await withConnection(database.url) { connection in
        try await connection.execute("CREATE TABLE t (a int)")
        let process = await connection.backendProcessID
        let error = try await postgresError {
          try await connection.withTransaction { transaction in
            _ = try await transaction.execute("INSERT INTO public.t VALUES (1)")
            try await database.terminate(process)
          }
        }
        #expect(error?.kind == .connectionLost)
        #expect(error?.sqlState == "57P01")
        #expect(try await database.psql("SELECT count(*) FROM t") == "0")
      }
    }
  }

  @Test func `a session lost while COMMIT is under way leaves the outcome open`() async throws {
    try await withThrowawayDatabase { database in
      try await withConnection(database.url) { connection in
        try await connection.execute(
          """
          CREATE TABLE t (a int);
          CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
          CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION dawdle();
          """)
        let process = await connection.backendProcessID
        let committing = Task {
          try await connection.withTransaction { _ = try await $0.execute("INSERT INTO public.t VALUES (1)") }
        }
        try await Task.sleep(for: .milliseconds(500))
        // Cancelling the task does not interrupt a COMMIT.
        committing.cancel()
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await database.psql("SELECT query FROM pg_stat_activity WHERE pid = \(process)") == "COMMIT")
        try await database.psql("SELECT pg_terminate_backend(\(process))")
        #expect(try await postgresError { try await committing.value }?.kind == .commitUncertain)
        #expect(await !connection.isOpen)
      }
    }
  }
}
