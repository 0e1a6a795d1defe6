import Foundation
import Postgres
import TestSupport
import Testing

@Suite struct ConnectionPoolTests {
  @Test func `no more sessions are lent at once than the pool holds`() async throws {
    let pool = try ConnectionPool(parameters: parameters(), size: 2)
    let meter = Meter()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          try await pool.withConnection { connection in
            await meter.enter(connection.backendProcessID)
            try await connection.execute("SELECT pg_sleep(0.05)")
            await meter.leave()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(await meter.most == 2)
    #expect(await meter.processes.count == 2)
    await pool.close()
  }

  @Test func `a session is used again`() async throws {
    let pool = try ConnectionPool(parameters: parameters(), size: 3)
    let first = try await pool.withConnection { await $0.backendProcessID }
    let second = try await pool.withConnection { await $0.backendProcessID }
    #expect(first == second)
    await pool.close()
  }

  @Test func `a session that died while idle or lent is replaced`() async throws {
    try await withThrowawayDatabase { database in
      let pool = try ConnectionPool(parameters: parameters(database.url), size: 1)
      let first = try await pool.withConnection { await $0.backendProcessID }
      try await database.terminate(first)
      let second = try await pool.withConnection { connection async throws in
        #expect(try await connection.value("SELECT 1") == "1")
        return await connection.backendProcessID
      }
      #expect(second != first)
      let lost = try await postgresError {
        try await pool.withConnection { _ = try await $0.execute("SELECT pg_terminate_backend(pg_backend_pid())") }
      }
      #expect(lost?.kind == .connectionLost)
      #expect(try await pool.withConnection { try await $0.value("SELECT 1") } == "1")
      await pool.close()
    }
  }

  @Test func `a session left in a transaction is not lent again`() async throws {
    let pool = try ConnectionPool(parameters: parameters(), size: 1)
    let first = try await pool.withConnection { connection in
      try await connection.execute("BEGIN")
      return await connection.backendProcessID
    }
    let second = try await pool.withConnection { await $0.backendProcessID }
    #expect(first != second)
    await pool.close()
  }

  @Test func `waiting for a session ends with the task, and the permit is not lost`() async throws {
    let pool = try ConnectionPool(parameters: parameters(), size: 1)
    try await pool.withConnection { _ in
      let waiting = Task { try await pool.withConnection { _ in } }
      try await Task.sleep(for: .milliseconds(100))
      waiting.cancel()
      #expect(try await postgresError { try await waiting.value }?.kind == .cancelled)
    }
    #expect(try await pool.withConnection { try await $0.value("SELECT 1") } == "1")
    await pool.close()
  }

  @Test func `a closed pool refuses those who wait and those who come`() async throws {
    let pool = try ConnectionPool(parameters: parameters(), size: 1)
    let lent = try await pool.withConnection { connection in
      let waiting = Task { try await pool.withConnection { _ in } }
      try await Task.sleep(for: .milliseconds(100))
      await pool.close()
      #expect(try await postgresError { try await waiting.value }?.kind == .poolClosed)
      #expect(try await connection.value("SELECT 1") == "1")
      return connection
    }
    #expect(await !lent.isOpen)
    #expect(try await postgresError { try await pool.withConnection { _ in } }?.kind == .poolClosed)
  }

  @Test func `a refused port is tried again and then reported`() async throws {
    let retry = ConnectionRetry(maximumAttempts: 3, baseDelay: .milliseconds(10))
    let pool = ConnectionPool(
      parameters: ConnectionParameters(url: "postgresql://127.0.0.1:1/x"), size: 1, retry: retry)
    for _ in 0..<2 {
      let error = try await postgresError { try await pool.withConnection { _ in } }
      #expect(error?.kind == .connectionFailed)
      #expect(error?.message.contains("port 1") == true)
    }
  }

  @Test func `a role at its connection limit is waited for`() async throws {
    try await withThrowawayDatabase { database in
      try await database.withRole(attributes: "CONNECTION LIMIT 1") { role in
        let url = try database.url(for: role)
        let holder = try await Connection.open(parameters(url))
        let refused = try await postgresError { _ = try await Connection.open(parameters(url)) }
        #expect(refused?.sqlState == "53300")
        let retry = ConnectionRetry(
          maximumAttempts: 50, baseDelay: .milliseconds(200), maximumDelay: .milliseconds(200))
        let pool = try ConnectionPool(parameters: parameters(url), size: 1, retry: retry)
        async let value = pool.withConnection { try await $0.value("SELECT 1") }
        try await Task.sleep(for: .milliseconds(300))
        await holder.close()
        #expect(try await value == "1")
        await pool.close()
      }
    }
  }
}

/// How many are inside at once, and in which server processes.
private actor Meter {
  private var inside = 0
  private(set) var most = 0
  private(set) var processes: Set<Int> = []

  func enter(_ process: Int) {
    inside += 1
    most = max(most, inside)
    processes.insert(process)
  }

  func leave() {
    inside -= 1
  }
}
