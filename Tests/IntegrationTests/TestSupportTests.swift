import Foundation
import Glibc
import TestSupport
import Testing

/// The fixtures the other tests stand on.
struct TestSupportTests {
  @Test func `a throwaway database answers, and is gone afterwards`() async throws {
    let name = try await withThrowawayDatabase { database in
      try await database.psql("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, NULL)")
      #expect(try await database.psql("SELECT * FROM t ORDER BY a") == "1|x\n2|")
      #expect(try await database.psql("SELECT current_database()") == database.name)
      return database.name
    }
    try await withThrowawayDatabase { other in
      let left = try await other.psql("SELECT count(*) FROM pg_database WHERE datname = '\(name)'")
      #expect(left == "0")
    }
  }

  @Test func `a failed statement throws with the server's message`() async throws {
    try await withThrowawayDatabase { database in
      let error = await #expect(throws: PsqlError.self) { try await database.psql("SELECT 1/0; SELECT 2") }
      #expect(error?.message.contains("division by zero") == true)
    }
  }

  @Test func `a throwaway role logs in without rights`() async throws {
    try await withThrowawayDatabase { database in
      try await database.psql("CREATE TABLE t (a int)")
      try await database.withRole { role in
        let answer = try await database.psql("SELECT current_user, has_table_privilege('t', 'SELECT')", as: role)
        #expect(answer == "\(role.name)|f")
      }
    }
  }

  @Test func `much output on both streams does not block a command`() async throws {
    let script = "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; exit 7"
    let result = try await CommandRun(
      URL(fileURLWithPath: "/bin/sh"), ["-c", script], environment: ArchiverCommand.cleanEnvironment
    ).result()
    #expect(result.exit == .code(7))
    #expect(result.outputBytes.count == 3_000_000)
    #expect(result.errorBytes.count == 3_000_000)
  }

  @Test func `a started command takes a signal`() async throws {
    let script = "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.01; done"
    let run = try CommandRun(
      URL(fileURLWithPath: "/bin/sh"), ["-c", script], environment: ArchiverCommand.cleanEnvironment)
    try await run.wait(for: "ready")
    run.send(signal: SIGTERM)
    let result = try await run.result()
    #expect(result.exit == .code(3))
    #expect(result.output == "ready\ncaught\n")
  }

  @Test func `a command that hangs is killed and reported`() async throws {
    let run = try CommandRun(
      URL(fileURLWithPath: "/bin/sleep"), ["60"], environment: ArchiverCommand.cleanEnvironment)
    await #expect(throws: CommandTimeout.self) { try await run.result(timeout: .milliseconds(100)) }
  }
}
