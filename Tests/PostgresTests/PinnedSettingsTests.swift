import Postgres
import TestSupport
import Testing

@Suite struct PinnedSettingsTests {
  static let hostile = [
    "datestyle = 'German'", "intervalstyle = 'postgres_verbose'", "extra_float_digits = -15", "bytea_output = 'escape'",
    "timezone = 'Asia/Tokyo'", "search_path = 'nowhere'", "quote_all_identifiers = on",
    "standard_conforming_strings = off", "array_nulls = off", "row_security = on", "xmloption = 'document'",
    "synchronous_commit = off", "statement_timeout = '1h'", "idle_in_transaction_session_timeout = '1h'",
    "lock_timeout = '1h'", "default_transaction_isolation = 'serializable'", "default_transaction_read_only = on",
    "default_transaction_deferrable = on", "jit = on",
  ]

  static let expected = [
    "client_encoding": "UTF8", "datestyle": "ISO, MDY", "intervalstyle": "iso_8601", "extra_float_digits": "1",
    "bytea_output": "hex", "timezone": "UTC", "lc_monetary": "C", "search_path": "pg_catalog, pg_temp",
    "quote_all_identifiers": "off", "standard_conforming_strings": "on", "array_nulls": "on", "row_security": "off",
    "xmloption": "content", "synchronous_commit": "on", "statement_timeout": "90s",
    "idle_in_transaction_session_timeout": "90s", "lock_timeout": "0", "jit": "off",
    "transaction_isolation": "read committed", "transaction_read_only": "off", "transaction_deferrable": "off",
  ]

  @Test(arguments: ["ROLE", "DATABASE"])
  func `a role's or database's own settings change nothing`(owner: String) async throws {
    try await withThrowawayDatabase { database in
      try await database.withRole { role in
        let target = owner == "ROLE" ? "ROLE \(role.name)" : "DATABASE \(database.name)"
        try await database.psql(Self.hostile.map { "ALTER \(target) SET \($0)" }.joined(separator: ";\n"))
        try await withConnection(try database.url(for: role)) { connection in
          #expect(try await connection.value("SHOW timezone") == "Asia/Tokyo")
          try await connection.withTransaction(TransactionOptions(timeout: .seconds(90))) { transaction in
            let version = await connection.serverVersion
            for (name, standard) in Self.expected {
              // The shortest exact form of a float came with 12.
              let value = name == "extra_float_digits" && version < 120_000 ? "3" : standard
              let shown = try await transaction.value("SHOW \(name)")
              #expect(shown == value, "\(name)")
            }
            #expect(try await transaction.value("SELECT '2025-01-31'::timestamptz::text") == "2025-01-31 00:00:00+00")
            #expect(try await transaction.value("SELECT '\\x00ff'::bytea::text") == "\\x00ff")
          }
          // SET LOCAL leaves nothing behind for the next user of a pooled session.
          #expect(try await connection.value("SHOW timezone") == "Asia/Tokyo")
          #expect(try await connection.value("SHOW row_security") == "on")
        }
        try await database.psql("SET default_transaction_read_only = off; ALTER \(target) RESET ALL")
      }
    }
  }

  @Test(.enabled(if: TestServer.version >= 170_000, "transaction_timeout came with 17"))
  func `a role's transaction_timeout does not end what is given longer`() async throws {
    try await withThrowawayDatabase { database in
      try await database.withRole { role in
        try await database.psql("ALTER ROLE \(role.name) SET transaction_timeout = '2s'")
        try await withConnection(try database.url(for: role)) { connection in
          try await connection.withTransaction(TransactionOptions(timeout: .seconds(90))) { transaction async throws in
            #expect(try await transaction.value("SELECT pg_sleep(2.5) IS NOT NULL") == "t")
            #expect(try await transaction.value("SHOW transaction_timeout") == "90s")
          }
        }
      }
    }
  }

  @Test func `the caller's settings come last and may be lists`() async throws {
    let additional: [PinnedSettings.Setting] = [
      .init("search_path", "pg_catalog", "it's"), .init("timezone", "Asia/Tokyo"), .init("my.own_setting", "a\\b'c"),
    ]
    let options = TransactionOptions(
      lockTimeout: .milliseconds(1500), pinned: PinnedSettings(additional: additional))
    try await withConnection { connection in
      try await connection.withTransaction(options) { transaction async throws in
        #expect(try await transaction.value("SHOW search_path") == "pg_catalog, \"it's\"")
        #expect(try await transaction.value("SHOW timezone") == "Asia/Tokyo")
        #expect(try await transaction.value("SHOW my.own_setting") == "a\\b'c")
        #expect(try await transaction.value("SHOW lock_timeout") == "1500ms")
      }
    }
  }

  @Test func `a setting the server refuses leaves no transaction open`() async throws {
    try await withConnection { connection async throws in
      let options = TransactionOptions(pinned: PinnedSettings(additional: [.init("no_such_setting", "1")]))
      let error = try await postgresError { try await connection.withTransaction(options) { _ in } }
      #expect(error?.kind == .server)
      #expect(error?.sqlState == "42704")
      try await connection.withTransaction { transaction async throws in
        #expect(try await transaction.value("SELECT 1") == "1")
      }
    }
  }
}
