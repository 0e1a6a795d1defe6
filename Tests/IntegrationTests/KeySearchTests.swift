import Foundation
import Synchronization
import TestSupport
import Testing

/// `inspect rows --where-key` asks for the objects alone whose range can hold the key.
@Suite struct KeySearchTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var type: String
    /// SQL of the key of the row with number `g`.
    var value: String
    var key: String
    var objects: Int
    var rows: Int
    var testDescription: String { name }
  }

  /// Ten batches of ten rows each.
  static let cases = [
    Case(name: "a bigint", type: "bigint", value: "g - 50", key: "-7", objects: 1, rows: 1),
    Case(name: "a bigint that no batch can hold", type: "bigint", value: "g", key: "1000", objects: 0, rows: 0),
    Case(
      name: "a uuid", type: "uuid", value: "lpad(to_hex(g), 32, '0')::uuid",
      key: "00000000-0000-0000-0000-000000000011", objects: 1, rows: 1),
    Case(name: "an oid", type: "oid", value: "(4294967295 - g)::oid", key: "4294967290", objects: 1, rows: 1),
    Case(
      name: "a text, whose order needs the server", type: "text", value: "'k' || g", key: "k42", objects: 10, rows: 1),
  ]

  @Test(arguments: cases)
  func `objects that cannot hold the key are not read`(_ search: Case) async throws {
    let server = try TestEnvironment.s3()
    try await withThrowawayDatabase { database in
      try await withTemporaryDirectory { directory in
        _ = try await database.psql(
          """
          CREATE TABLE public.events (id \(search.type) PRIMARY KEY, created_at timestamptz NOT NULL);
          INSERT INTO public.events
          SELECT \(search.value), timestamptz '2025-01-30 00:00:00+00' + g * interval '1 minute' FROM generate_series(0, 99) AS g;
          """)
        let scenario = ArchiveScenario(
          database: database, directory: directory,
          storageURL: "s3://\(server.bucket)/keys/\(UUID().uuidString.lowercased())")
        try scenario.configure(storage: server.settings, batchSize: 10)
        try await scenario.archiver("archive")
        let (found, reads) = try await Self.search(scenario.storageURL, for: search.key)
        #expect(found.exitCode == 0, "\(found)")
        #expect(found.output.split(separator: "\n").count == search.rows, "\(found)")
        #expect(reads == search.objects)
      }
    }
  }

  /// Runs the search, and counts the objects with rows that it asks the server for.
  private static func search(_ storageURL: String, for key: String) async throws -> (CommandResult, objects: Int) {
    let server = try TestEnvironment.s3()
    let reads = Mutex(0)
    let script: FaultProxy.Script = { moment in
      if moment.phase == .request, moment.text.hasPrefix("GET "), moment.text.hasSuffix(".jsonl.gz") {
        reads.withLock { $0 += 1 }
      }
      return .pass
    }
    let result = try await withFaultProxy(to: server.endpoint, wire: .http, script: script) { endpoint in
      try await ArchiverCommand(
        [
          "inspect", "rows", "--storage", storageURL, "--region", server.region, "--endpoint", endpoint,
          "--where-key", key,
        ],
        environment: [
          "AWS_ACCESS_KEY_ID": server.accessKeyID, "AWS_SECRET_ACCESS_KEY": server.secretAccessKey,
        ]
      ).run()
    }
    return (result, reads.withLock { $0 })
  }

  @Test(arguments: ["x", "99999999999999999999", "1,2"])
  func `a key that the column cannot hold is refused, as by restore`(key: String) async throws {
    try await withThrowawayDatabase { database in
      _ = try await database.psql(ArchiveScenario.events(0))
      try await GoodArchive.withCopy { archive in
        for command in [["inspect", "rows"], ["restore", "--target", database.url, "--dry-run"]] {
          let result = try await ArchiverCommand(command + ["--storage", archive.url, "--where-key", key]).run()
          #expect(result.exitCode == 65 && result.output.isEmpty, "\(command): \(result)")
          #expect(result.errorOutput.contains("the primary key is (id)"), "\(command): \(result)")
        }
      }
    }
  }

  @Test func `in a thousand batches nothing is wrong, and a key is looked for in one object`() async throws {
    let server = try TestEnvironment.s3()
    try await withThrowawayDatabase { database in
      try await withTemporaryDirectory { directory in
        _ = try await database.psql(
          """
          CREATE TABLE public.events (id bigint PRIMARY KEY, created_at timestamptz NOT NULL);
          INSERT INTO public.events
          SELECT g, timestamptz '2025-01-30 00:00:00+00' + g * interval '1 second' FROM generate_series(1, 3000) AS g;
          """)
        let scenario = ArchiveScenario(
          database: database, directory: directory,
          storageURL: "s3://\(server.bucket)/thousand/\(UUID().uuidString.lowercased())")
        try scenario.configure(table: "workers: 4", storage: server.settings, batchSize: 3)
        try await scenario.archiver("archive")
        let verified = try await scenario.archiver("verify", "--level", "database")
        #expect(verified.output.contains("OK: 1,0") && verified.output.contains(" 3,000 rows"), "\(verified)")
        let (found, reads) = try await Self.search(scenario.storageURL, for: "1234")
        #expect(found.output.contains("\"id\":1234,"), "\(found)")
        #expect(reads == 1)
      }
    }
  }
}
