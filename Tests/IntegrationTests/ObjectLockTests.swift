import Foundation
import TestSupport
import Testing

/// Versions and Object Lock, on a server that knows them.
@Suite struct ObjectLockTests {
  /// A bucket of its own.
  private struct Bucket {
    let endpoint: String
    let name = "lock-" + UUID().uuidString.lowercased()

    var url: String { "\(endpoint)/\(name)" }

    static func make(hasLock: Bool) async throws -> Bucket {
      let bucket = Bucket(endpoint: try TestEnvironment.motoEndpoint())
      _ = try await bucket.request(
        "", ["-X", "PUT"] + (hasLock ? ["-H", "x-amz-bucket-object-lock-enabled: true"] : []))
      return bucket
    }

    /// Asks with curl, so that what is seen is what the server says; gives status line, headers and body.
    @discardableResult
    func request(_ key: String, _ arguments: [String]) async throws -> String {
      // moto takes any signature, but tells owners from strangers by there being one.
      let result = try await CommandRun(
        URL(fileURLWithPath: "/usr/bin/env"),
        ["curl", "-sS", "-i", "-H", "Authorization: AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request"]
          + arguments + [key.isEmpty ? url : "\(url)/\(key)"],
        environment: ArchiverCommand.cleanEnvironment
      ).result()
      #expect(result.exitCode == 0, "\(result)")
      return result.output
    }

    /// The headers of an object by their names in lower case.
    func headers(_ key: String) async throws -> [String: String] {
      let lines = try await request(key, ["-I"]).split(separator: "\r\n")
      return Dictionary(
        lines.compactMap { line in
          let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
          return parts.count == 2 ? (parts[0].lowercased(), parts[1]) : nil
        }, uniquingKeysWith: { first, _ in first })
    }

    /// Every key there is.
    func keys() async throws -> [String] {
      try await request("?list-type=2", []).matches(of: /<Key>([^<]*)<\/Key>/).map { String($0.output.1) }
    }
  }

  private func withBucket(
    hasLock: Bool, _ lock: String, _ body: (ArchiveScenario, Bucket) async throws -> Void
  ) async throws {
    let bucket = try await Bucket.make(hasLock: hasLock)
    try await withThrowawayDatabase { database in
      try await withTemporaryDirectory { directory in
        _ = try await database.psql(ArchiveScenario.events(30))
        let scenario = ArchiveScenario(database: database, directory: directory, storageURL: "s3://\(bucket.name)")
        let keygen = try await archiver("config", "keygen", directory.path + "/key.pem")
        #expect(keygen.exitCode == 0)
        try scenario.configure(
          table: "partition: none",
          storage: """
            endpoint: \(bucket.endpoint)
            region: us-east-1
            addressing: path
            access_key_id: k
            secret_access_key: s
            \(lock)
            """, top: "signing_key_file: \(directory.path)/key.pem")
        try await body(scenario, bucket)
      }
    }
  }

  @Test func `everything that must be kept is locked, and nothing else`() async throws {
    try await withBucket(hasLock: true, "object_lock: {mode: governance, days: 30, legal_hold: true}") {
      scenario, bucket in
      try await scenario.archiver("archive")
      let keys = try await bucket.keys()
      let endings = [".jsonl.gz", ".manifest.json", ".manifest.json.sig", ".json", ".json.sig"]
      #expect(keys.count == endings.count, "\(keys)")
      for key in keys {
        let headers = try await bucket.headers(key)
        #expect(headers["x-amz-object-lock-mode"] == "GOVERNANCE", "\(key)")
        #expect(headers["x-amz-object-lock-legal-hold"] == "ON", "\(key)")
        let until = try Date(headers["x-amz-object-lock-retain-until-date"] ?? "", strategy: .iso8601)
        #expect(abs(until.timeIntervalSinceNow - 30 * 86_400) < 3600, "\(key)")
      }
      // The server keeps the version, whoever asks it to go.
      let object = try #require(keys.first { $0.hasSuffix(".jsonl.gz") })
      let version = try #require(try await bucket.headers(object)["x-amz-version-id"])
      let answer = try await bucket.request(object + "?versionId=" + version, ["-X", "DELETE"])
      #expect(answer.contains("AccessDenied"), "\(answer)")
      try await scenario.archiver("verify", "--trusted-key", scenario.directory.path + "/key.pem.pub")
    }
  }

  @Test func `the version that was checked is recorded, and told when the object is not it`() async throws {
    try await withBucket(hasLock: true, "") { scenario, bucket in
      try await scenario.archiver("archive")
      let object = try #require(try await bucket.keys().first { $0.hasSuffix(".jsonl.gz") })
      let headers = try await bucket.headers(object)
      #expect(headers["x-amz-object-lock-mode"] == nil)
      let version = try #require(headers["x-amz-version-id"])
      let clean = try await scenario.archiver("verify")
      #expect(!clean.output.contains("version"), "\(clean)")

      let copy = scenario.directory.path + "/copy"
      try await bucket.request(object, ["-o", copy, "--no-include"])
      try await bucket.request(object, ["-T", copy])
      let rewritten = try await scenario.archiver("verify", "--level", "head")
      #expect(rewritten.output.contains("note: some objects are other versions"), "\(rewritten)")

      try await bucket.request(object, ["-X", "PUT", "--data-binary", "x"])
      let damaged = try await scenario.archiver("verify", expecting: 1)
      #expect(damaged.output.contains("the version that was checked is \(version)"), "\(damaged)")

      try await bucket.request(object, ["-X", "DELETE"])
      let missing = try await scenario.archiver("verify", expecting: 1)
      #expect(missing.output.contains("missing-object"), "\(missing)")
      #expect(missing.output.contains("the version that was checked is \(version)"), "\(missing)")
    }
  }

  @Test func `an object in a cold storage class is found, and everything else is looked at`() async throws {
    try await withBucket(hasLock: false, "") { scenario, bucket in
      try await scenario.archiver("archive")
      let object = try #require(try await bucket.keys().first { $0.hasSuffix(".jsonl.gz") })
      let copy = scenario.directory.path + "/copy"
      try await bucket.request(object, ["-o", copy, "--no-include"])
      try await bucket.request(object, ["-T", copy, "-H", "x-amz-storage-class: GLACIER"])
      let result = try await scenario.archiver("verify", "--output", "json", expecting: 1)
      #expect(result.output.contains("missing-object") && result.output.contains("storage class"), "\(result)")
      #expect(result.output.contains(object), "\(result)")
    }
  }

  @Test(
    arguments: [
      (true, "object_lock: {mode: governance, days: 1}", 0), (false, "object_lock: {mode: governance, days: 1}", 78),
      (false, "object_lock: {legal_hold: true}", 78), (false, "", 0),
    ] as [(Bool, String, Int32)])
  func `config validate --connect finds a bucket that cannot lock, and leaves nothing in it`(
    hasLock: Bool, lock: String, code: Int32
  ) async throws {
    try await withBucket(hasLock: hasLock, lock) { scenario, bucket in
      let result = try await scenario.archiver("config", "validate", "--connect", expecting: code)
      if code == 0 {
        #expect(result.output.contains("good") && !result.output.contains("Object Lock"), "\(result)")
      } else {
        #expect(result.errorOutput.contains("the bucket does not take Object Lock"), "\(result)")
        #expect(result.errorOutput.contains("hint: use a bucket made with Object Lock"), "\(result)")
      }
      #expect(try await bucket.keys().isEmpty)
    }
  }

  @Test func `a bucket that cannot lock is refused before a row is deleted`() async throws {
    try await withBucket(hasLock: false, "object_lock: {legal_hold: true}") { scenario, _ in
      let result = try await scenario.archiver("archive", expecting: 78)
      #expect(result.errorOutput.contains("object_lock"), "\(result)")
      let count = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(count == "80")
    }
  }
}
