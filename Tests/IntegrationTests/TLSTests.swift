import Foundation
import TestSupport
import Testing

/// What libpq knows of ways to connect, through the configuration and the environment, against a server with TLS.
@Suite(.enabled(if: TestServer.hasTLS, "the server was built without TLS")) struct TLSTests {
  /// Runs as the server's user in the data directory: a test authority, another, and certificates that the first signed.
  private static let certificates = """
    exec 2>/dev/null; mkdir tls && cd tls && printf 'subjectAltName=DNS:localhost' >host.ext
    for authority in ca other; do
      openssl req -x509 -newkey rsa:2048 -nodes -keyout $authority.key -out $authority.crt -days 2 -subj /CN=$authority
    done
    for name in localhost tls_client; do
      openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name
      openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile host.ext -out $name.crt
    done
    chmod 600 *.key
    printf 'hostssl all tls_client all cert\\nhost all tls_password all scram-sha-256\\nhost all all all trust\\n' >../pg_hba.conf
    """

  private struct Server {
    let directory: TemporaryDirectory
    let port: UInt16
    /// Where the certificates are.
    let tls: String

    /// Looks at a table with these connection keys; the URL's parameters follow the host.
    func look(
      _ connection: String, environment: [String: String] = [:]
    ) async throws -> CommandResult {
      let path = try directory.write(
        """
        version: 1
        storage: {url: "file://\(directory.path)/storage"}
        databases:
          - name: app
            ledger: none
            \(connection)
            tables: [{name: t, timestamp_column: at}]
        """, to: "archiver.yaml")
      return try await ArchiverCommand(
        ["archive", "--dry-run", "--config", path], environment: environment
      ).run()
    }
  }

  private func withServer(_ body: (Server) async throws -> Void) async throws {
    try await withThrowawayCluster { cluster in
      let database = ThrowawayDatabase(name: "postgres", url: cluster.url)
      let data = try await database.psql(
        """
        SET password_encryption = 'scram-sha-256';
        CREATE ROLE tls_client LOGIN SUPERUSER; CREATE ROLE tls_password LOGIN SUPERUSER PASSWORD 'sesame';
        CREATE TABLE t (id int PRIMARY KEY, at timestamptz); CREATE INDEX ON t (at);
        COPY (SELECT) TO PROGRAM $sh$\(Self.certificates)$sh$;
        ALTER SYSTEM SET ssl_cert_file = 'tls/localhost.crt'; ALTER SYSTEM SET ssl_key_file = 'tls/localhost.key';
        ALTER SYSTEM SET ssl_ca_file = 'tls/ca.crt';
        ALTER SYSTEM SET ssl = on; SHOW data_directory;
        """)
      try await cluster.crash()
      try await cluster.start()
      try await withTemporaryDirectory { directory in
        try await body(Server(directory: directory, port: cluster.port, tls: data + "/tls"))
      }
    }
  }

  @Test func `a server is believed by its certificate, and a client by its own`() async throws {
    try await withServer { server in
      func url(_ host: String, _ user: String, _ parameters: String) -> String {
        "url: postgresql://\(user)@\(host):\(server.port)/postgres?sslmode=verify-full&\(parameters)"
      }
      let trusted = "sslrootcert=\(server.tls)/ca.crt"
      let own = "&sslcert=\(server.tls)/tls_client.crt&sslkey=\(server.tls)/tls_client.key"
      let good = try await server.look(url("localhost", "archiver_test", trusted))
      #expect(good.exitCode == 0, "\(good.errorOutput)")
      let signed = try await server.look(url("localhost", "tls_client", trusted + own))
      #expect(signed.exitCode == 0, "\(signed.errorOutput)")

      let wrongHost = try await server.look(url("127.0.0.1", "archiver_test", trusted))
      #expect(wrongHost.exitCode == 69 && wrongHost.errorOutput.contains("does not match host name"), "\(wrongHost)")
      let unknown = try await server.look(url("localhost", "archiver_test", "sslrootcert=\(server.tls)/other.crt"))
      #expect(unknown.exitCode == 69 && unknown.errorOutput.contains("certificate verify failed"), "\(unknown)")
      let untold = try await server.look(url("localhost", "archiver_test", "connect_timeout=10"))
      #expect(untold.exitCode == 69 && untold.errorOutput.contains("root certificate file"), "\(untold)")
      let unsigned = try await server.look(url("localhost", "tls_client", trusted))
      #expect(unsigned.exitCode == 77, "\(unsigned)")

      // The same, told by the environment.
      let variables = [
        "PGHOST": "localhost", "PGPORT": "\(server.port)", "PGDATABASE": "postgres", "PGUSER": "tls_client",
        "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "\(server.tls)/ca.crt",
        "PGSSLCERT": "\(server.tls)/tls_client.crt", "PGSSLKEY": "\(server.tls)/tls_client.key",
      ]
      let byEnvironment = try await server.look("pool_size: 2", environment: variables)
      #expect(byEnvironment.exitCode == 0, "\(byEnvironment.errorOutput)")
      let elsewhere = try await server.look(
        "pool_size: 2", environment: variables.merging(["PGSSLROOTCERT": "\(server.tls)/other.crt"]) { $1 })
      #expect(elsewhere.exitCode != 0, "\(elsewhere)")
    }
  }

  @Test func `a service, a password file and a file with the password are used, and show in no output`() async throws {
    try await withServer { server in
      let service = try server.directory.write(
        "[nightly]\nhost=localhost\nport=\(server.port)\ndbname=postgres\nuser=tls_password\n", to: "service")
      let passwords = try server.directory.write("localhost:*:*:tls_password:sesame\n", to: "passwords")
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: passwords)
      let secret = try server.directory.write("sesame\n", to: "secret")
      let wrong = try server.directory.write("sesame-not\n", to: "wrong")

      let services = ["PGSERVICEFILE": service, "PGPASSFILE": passwords]
      let byURL = try await server.look("url: postgresql:///?service=nightly", environment: services)
      #expect(byURL.exitCode == 0, "\(byURL.errorOutput)")
      let byVariable = try await server.look(
        "pool_size: 2", environment: services.merging(["PGSERVICE": "nightly"]) { $1 })
      #expect(byVariable.exitCode == 0, "\(byVariable.errorOutput)")
      let host = "host: localhost\n    port: \(server.port)\n    dbname: postgres\n    user: tls_password\n    "
      let byFile = try await server.look(host + "password_file: \(secret)")
      #expect(byFile.exitCode == 0, "\(byFile.errorOutput)")

      let refused = try await server.look(host + "password_file: \(wrong)")
      #expect(refused.exitCode == 77, "\(refused)")
      let shown = try await archiver("config", "show", "--config", server.directory.path + "/archiver.yaml")
      #expect(shown.exitCode == 0 && shown.output.contains("password_file"), "\(shown)")
      for result in [byURL, byVariable, byFile, refused, shown] {
        #expect(!(result.output + result.errorOutput).contains("sesame"))
      }
    }
  }
}
