import Postgres
import TestSupport
import Testing

@Suite struct ServerVersionTests {
  @Test(arguments: ["10.23", "9.6.24", "8.0.2", "1.18/bouncer", nil])
  func `a server older than 11, or that tells no version, is refused before anything is asked`(version: String?)
    async throws
  {
    let asked = try await withServer(at: TestEnvironment.postgresURL(), reporting: version) { url in
      let error = try await postgresError { try await withConnection(url) { _ in } }
      #expect(error?.kind == .unsupportedServer)
      #expect(error?.message.contains("reports \(version ?? "no version"),") == true, "\(error?.message ?? "")")
    }
    #expect(asked.isEmpty)
  }

  /// A newer server is asked for more than an old one behind its name can answer.
  private static let newer = TestServer.version < 140_000 ? [] : ["19beta1", "20devel"]

  @Test(arguments: ["11.0", "11.22 (Debian 11.22-0+deb10u2)", "12.22"] + newer)
  func `a server of 11 or newer is taken`(version: String) async throws {
    let asked = try await withServer(at: TestEnvironment.postgresURL(), reporting: version) { url in
      try await withConnection(url) { connection in
        let (number, answer) = (await connection.serverVersion, try await connection.value("SELECT 42"))
        #expect(number >= 110_000 && answer == "42", "\(number)")
      }
    }
    #expect(asked.contains("SELECT 42"))
  }
}
