import Foundation
import TestSupport
import Testing

/// What becomes of batches that were cut short, told by the server that ran them or by the keys.
@Suite struct SettlingTests {
  /// A run killed while its rows were being deleted, and its session ended.
  static func withKilledRun(
    database: String = "", _ body: (ArchiveScenario) async throws -> Void
  ) async throws {
    try await withArchiveScenario(rows: 100) { scenario in
      _ = try await scenario.database.psql(
        """
        CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM pg_catalog.pg_sleep(60); RETURN NULL; END';
        CREATE TRIGGER slow BEFORE DELETE ON public.events EXECUTE FUNCTION public.slow();
        """)
      try scenario.configure(table: "hazards: [delete-trigger]\npartition: none", database: database)
      let run = try ArchiverCommand(["archive", "-c", scenario.configuration]).start()
      let sleeping = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
      let deadline = ContinuousClock.now + .seconds(20)
      while try await scenario.database.psql("SELECT count(*) \(sleeping)") == "0", ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(20))
      }
      run.send(signal: SIGKILL)
      _ = try await run.result()
      try await scenario.database.terminate("(SELECT pid \(sleeping))")
      _ = try await scenario.database.psql("DROP TRIGGER slow ON public.events")
      try scenario.configure(table: "partition: none", database: database)
      try await body(scenario)
    }
  }

  static func name(of files: [String], _ end: String) -> String? { files.first { $0.hasSuffix(end) } }

  @Test(arguments: ["", "ledger: none"])
  func `what a killed run left is marked, and removed after its grace`(database: String) async throws {
    try await Self.withKilledRun(database: database) { scenario in
      #expect(scenario.files.count { $0.hasPrefix("db=") } == 2, "\(scenario.files)")
      let marked = try await scenario.archiver("recover", "--output", "json")
      #expect(marked.output.contains(#""outcome":"rolledBack""#), "\(marked)")
      let name = try #require(Self.name(of: scenario.files, ".aborted.json"))
      let marker = try scenario.json(name)
      #expect(marker["evidence"] as? String == "transaction-status")
      #expect(scenario.files.count { $0.hasPrefix("db=") } == 3, "\(scenario.files)")
      let again = try await scenario.archiver("recover")
      #expect(again.output == "nothing to settle\n")
      let verified = try await scenario.archiver("verify")
      #expect(!verified.output.contains("orphan"))
      let removed = try await scenario.archiver("recover", "--grace", "0s")
      #expect(removed.output.contains("what it left is removed"), "\(removed)")
      #expect(!scenario.files.contains { $0.hasPrefix("db=") }, "\(scenario.files)")
      try await scenario.archiver("archive")
      #expect(scenario.manifests.count == 1)
    }
  }

  /// What another server, or another time of the same, differs in.
  static let identities: [(key: String, value: any Sendable)] = [
    ("system_identifier", "17"), ("database_oid", 17), ("timeline", 17), ("started_at", "2020-01-01T00:00:00Z"),
  ]

  @Test func `a server that did not run the batch removes nothing`() async throws {
    try await Self.withKilledRun { scenario in
      let name = try #require(Self.name(of: scenario.files, ".prepared.json"))
      let document = try scenario.bytes(name)
      for (key, value) in Self.identities {
        try document.write(to: URL(fileURLWithPath: scenario.directory.path + "/storage/" + name))
        try scenario.edit(name) { document in
          var transaction = document["transaction"] as? [String: Any] ?? [:]
          var server = transaction["server"] as? [String: Any] ?? [:]
          server[key] = value
          transaction["server"] = server
          document["transaction"] = transaction
        }
        try await scenario.archiver("recover", "--grace", "0s")
        #expect(scenario.files.count { $0.hasPrefix("db=") } == 3, "\(key): \(scenario.files)")
        let mark = try #require(Self.name(of: scenario.files, ".aborted.json"))
        #expect(
          try scenario.json(mark)["evidence"] as? String == (key == "started_at" ? "ledger" : "rows-found"), "\(key)")
        try scenario.remove(mark)
      }
      try await scenario.archiver("recover", "--grace", "0s")
      try await scenario.archiver("recover", "--grace", "0s")
      try await scenario.archiver("archive")
      let verified = try await scenario.archiver("verify")
      #expect(verified.output.contains("100"), "\(verified)")
    }
  }

  /// Files that a removal cut short has taken, in the order that it takes them.
  @Test(arguments: [[], [".jsonl.gz"], [".jsonl.gz", ".prepared.json"]])
  func `a removal that was cut short goes on, wherever that was`(taken: [String]) async throws {
    try await Self.withKilledRun { scenario in
      try await scenario.archiver("recover")
      for end in taken { try scenario.remove(try #require(Self.name(of: scenario.files, end))) }
      // As if the server had been restarted since: the mark stands for itself.
      if let name = Self.name(of: scenario.files, ".prepared.json") {
        try scenario.edit(name) { document in
          var transaction = document["transaction"] as? [String: Any] ?? [:]
          transaction["id"] = "4000000000"
          document["transaction"] = transaction
        }
      }
      try await scenario.archiver("recover", "--grace", "0s")
      #expect(!scenario.files.contains { $0.hasPrefix("db=") }, "\(scenario.files)")
    }
  }

  @Test(arguments: ["", "ledger: none"])
  func `whoever settles a committed batch writes the same manifest`(database: String) async throws {
    try await withArchiveScenario(rows: 100) { scenario in
      try scenario.configure(table: "partition: none", database: database)
      try await scenario.archiver("archive")
      let name = try #require(scenario.manifests.first)
      let bytes = try scenario.bytes(name)
      try scenario.unsettle(name)
      let result = try await scenario.archiver("recover")
      #expect(result.output.contains("it was committed"), "\(result)")
      #expect(try scenario.bytes(name) == bytes)
      #expect(Self.name(of: scenario.files, ".prepared.json") == nil)
    }
  }

  @Test func `without a ledger, a transaction's number alone does not make a batch committed`() async throws {
    try await Self.withKilledRun(database: "ledger: none") { scenario in
      let name = try #require(Self.name(of: scenario.files, ".prepared.json"))
      // As after a crash that lost the transaction: its number is another's by now, which is committed.
      let other = try await scenario.database.psql(
        "CREATE TABLE public.other AS SELECT pg_catalog.txid_current()::text AS id; SELECT id FROM public.other")
      try scenario.edit(name) { document in
        var transaction = document["transaction"] as? [String: Any] ?? [:]
        transaction["id"] = String(other.split(separator: "\n").last ?? "")
        document["transaction"] = transaction
      }
      let doubt = try await scenario.archiver("recover", "--grace", "0s", expecting: 1)
      #expect(doubt.output.contains("but rows with its keys are in the database"), "\(doubt)")
      #expect(scenario.manifests.isEmpty && scenario.files.count { $0.hasPrefix("db=") } == 2, "\(scenario.files)")
    }
  }

  @Test func `a row of a rolled-back batch may go while its server is restarted`() async throws {
    try await Self.withKilledRun { scenario in
      let name = try #require(Self.name(of: scenario.files, ".prepared.json"))
      try scenario.edit(name) { document in
        var transaction = document["transaction"] as? [String: Any] ?? [:]
        var server = transaction["server"] as? [String: Any] ?? [:]
        server["started_at"] = "2020-01-01T00:00:00Z"
        transaction["server"] = server
        document["transaction"] = transaction
      }
      _ = try await scenario.database.psql("DELETE FROM public.events WHERE id = 3")
      let marked = try await scenario.archiver("recover", "--grace", "0s")
      #expect(marked.output.contains("the ledger does not know it"), "\(marked)")
      #expect(scenario.files.count { $0.hasPrefix("db=") } == 3, "\(scenario.files)")
      try await scenario.archiver("archive")
      let rows = try await scenario.archiver("inspect", "rows")
      #expect(rows.output.split(separator: "\n").count == 99)
    }
  }

  @Test func `without a ledger, a committed batch is not hidden by other rows that were given its keys and archived`()
    async throws
  {
    try await withArchiveScenario(rows: 100) { scenario in
      try scenario.configure(table: "partition: none", database: "ledger: none")
      _ = try await scenario.database.psql(
        "CREATE TABLE public.copy AS SELECT * FROM public.events WHERE kind <> 'fresh'; UPDATE public.copy SET note = 'second'"
      )
      try await scenario.archiver("archive")
      try scenario.unsettle(try #require(scenario.manifests.first))
      let prepared = try #require(Self.name(of: scenario.files, ".prepared.json"))
      // Not seen by the machine that archives the other rows.
      let document = try scenario.bytes(prepared)
      try scenario.remove(prepared)
      _ = try await scenario.database.psql(
        "INSERT INTO public.events OVERRIDING SYSTEM VALUE SELECT * FROM public.copy")
      try await scenario.archiver("archive")
      try document.write(to: URL(fileURLWithPath: scenario.directory.path + "/storage/" + prepared))
      let doubt = try await scenario.archiver("recover", expecting: 1)
      #expect(doubt.output.contains("in later batches"), "\(doubt)")
      #expect(Self.name(of: scenario.files, ".aborted.json") == nil, "\(scenario.files)")
    }
  }

  @Test func `without a ledger, a batch archived by another primary key is in doubt`() async throws {
    try await withArchiveScenario(rows: 100) { scenario in
      try scenario.configure(table: "partition: none", database: "ledger: none")
      try await scenario.archiver("archive")
      try scenario.unsettle(try #require(scenario.manifests.first))
      _ = try await scenario.database.psql(
        "ALTER TABLE public.events DROP CONSTRAINT events_pkey; ALTER TABLE public.events ADD PRIMARY KEY (id, created_at)"
      )
      let doubt = try await scenario.archiver("recover", expecting: 1)
      #expect(doubt.output.contains("it was archived by the primary key (id)"), "\(doubt)")
    }
  }

  @Test func `without a ledger, a batch of which some rows are there is in doubt`() async throws {
    try await Self.withKilledRun(database: "ledger: none") { scenario in
      let name = try #require(Self.name(of: scenario.files, ".prepared.json"))
      try scenario.edit(name) { $0["transaction"] = nil }
      _ = try await scenario.database.psql("DELETE FROM public.events WHERE id = 3")
      let before = scenario.files
      let result = try await scenario.archiver("recover", "--grace", "0s", expecting: 1)
      #expect(result.output.contains("1 of its rows are neither in the database nor in later batches"), "\(result)")
      let refused = try await scenario.archiver("archive", expecting: 1)
      #expect(refused.errorOutput.contains("an earlier batch is in doubt"), "\(refused)")
      #expect(scenario.files.filter { $0.hasPrefix("db=") } == before.filter { $0.hasPrefix("db=") })
    }
  }

  @Test func `objects that never were prepared go once no batch can be in work for so long`() async throws {
    try await Self.withKilledRun { scenario in
      try scenario.remove(try #require(Self.name(of: scenario.files, ".prepared.json")))
      // Young: the start of a run leaves it alone, and it is marked, not removed, since a copy's grace may be short.
      try await scenario.archiver("archive", "--max-batches", "1")
      #expect(Self.name(of: scenario.files, ".aborted.json") == nil)
      let marked = try await scenario.archiver("recover", "--grace", "0s")
      #expect(marked.output.contains("its objects are marked as aborted"), "\(marked)")
      #expect(scenario.files.count { $0.hasSuffix(".jsonl.gz") } == 2)
      // However short the settling configuration's own limits are: the writer's may be longer.
      try scenario.configure(table: "partition: none\ntransaction_timeout: 1s")
      try await Task.sleep(for: .seconds(2))
      try await scenario.archiver("recover", "--grace", "0s")
      #expect(scenario.files.count { $0.hasSuffix(".jsonl.gz") } == 2)
      try scenario.makeOld(try #require(Self.name(of: scenario.files, ".aborted.json")))
      let removed = try await scenario.archiver("recover", "--grace", "0s")
      #expect(removed.output.contains("what it left is removed"), "\(removed)")
      #expect(scenario.files.count { $0.hasSuffix(".jsonl.gz") } == 1)
    }
  }

  @Test func `objects that never were prepared stay when a row of theirs is nowhere`() async throws {
    try await Self.withKilledRun { scenario in
      try scenario.remove(try #require(Self.name(of: scenario.files, ".prepared.json")))
      _ = try await scenario.database.psql("DELETE FROM public.events WHERE id = 3")
      let kept = try await scenario.archiver("recover", "--grace", "0s", "--output", "json", expecting: 1)
      #expect(kept.output.contains(#""outcome":"unexplained""#), "\(kept)")
      #expect(scenario.files.count { $0.hasSuffix(".jsonl.gz") } == 1)
    }
  }
}

extension ArchiveScenario {
  func remove(_ file: String) throws {
    try FileManager.default.removeItem(atPath: directory.path + "/storage/" + file)
  }

  /// Gives the batch of a mark, and its objects, an id and a time of two days ago.
  func makeOld(_ mark: String) throws {
    let root = directory.path + "/storage/"
    let folder = mark[...(try #require(mark.lastIndex(of: "/")))]
    let batch = try #require(try json(mark)["batch_id"] as? String)
    let milliseconds = UInt64((Date().timeIntervalSince1970 - 172_800) * 1000)
    let digits = String(repeating: "0", count: 12) + String(milliseconds, radix: 16)
    let old = "\(digits.suffix(12).prefix(8))-\(digits.suffix(4))" + batch.dropFirst(13)
    try edit(mark) { $0["batch_id"] = old }
    for file in files where file.hasPrefix(folder) && file.contains(batch) {
      let renamed = file.replacing(batch, with: old)
      try FileManager.default.moveItem(atPath: root + file, toPath: root + renamed)
      try FileManager.default.setAttributes(
        [.modificationDate: Date() - 172_800], ofItemAtPath: root + renamed)
    }
  }

  func bytes(_ file: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: directory.path + "/storage/" + file))
  }

  func edit(_ file: String, _ change: (inout [String: Any]) -> Void) throws {
    var document = try json(file)
    change(&document)
    try JSONSerialization.data(withJSONObject: document)
      .write(to: URL(fileURLWithPath: directory.path + "/storage/" + file))
  }

  /// Turns a manifest back into the prepared document that it was made of.
  func unsettle(_ manifest: String) throws {
    try edit(manifest) { document in
      document["format"] = "archiver-prepared/1"
      document["committed_at"] = nil
      var counts = document["counts"] as? [String: Any] ?? [:]
      counts["deleted"] = nil
      document["counts"] = counts
    }
    let root = directory.path + "/storage/"
    try FileManager.default.moveItem(
      atPath: root + manifest, toPath: root + manifest.replacing(".manifest.json", with: ".prepared.json"))
  }
}
