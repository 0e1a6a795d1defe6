import Foundation
import TestSupport
import Testing

/// `archiver config init` against a real catalog.
@Suite struct ConfigInitTests {
  private static let tables = """
    CREATE TABLE public.small (id int PRIMARY KEY, at date);
    CREATE TABLE public.events (id bigint PRIMARY KEY, updated_at timestamp, created_at timestamptz NOT NULL, note text);
    INSERT INTO public.events SELECT g, NULL, now() - g * interval '1 day', repeat('x', 300) FROM generate_series(1, 400) g;
    CREATE INDEX ON public.events (created_at);
    CREATE TABLE public.keyless (at timestamptz);
    CREATE TABLE public.timeless (id int PRIMARY KEY);
    CREATE SCHEMA "Odd: #schema";
    CREATE TABLE "Odd: #schema"."$ta.ble" (id int, "when # it" timestamp, PRIMARY KEY (id, "when # it"))
      PARTITION BY RANGE ("when # it");
    CREATE TABLE "Odd: #schema".part PARTITION OF "Odd: #schema"."$ta.ble" DEFAULT;
    CREATE TABLE public.comment (id int PRIMARY KEY, at date);
    ANALYZE;
    """

  @Test func `proposes the table with the most old rows, and the file works at once`() async throws {
    try await withThrowawayDatabase { database in
      try await withTemporaryDirectory { directory in
        try await database.psql(Self.tables)
        let file = directory.path + "/archiver.yaml"
        let made = try await archiver(
          "config", "init", "--url", database.url, "--storage", "file://" + directory.path + "/storage", "-o", file)
        try #require(made.exitCode == 0, "\(made)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("\n      - name: events\n        timestamp_column: created_at\n"), "\(text)")
        #expect(text.contains("about 400 rows") && text.contains("other times: updated_at"), "\(text)")
        #expect(text.contains("#   public.keyless: no primary key") && !text.contains("timeless"), "\(text)")
        #expect(text.contains("# - name: \"$$ta.ble\"\n      #   schema: \"Odd: #schema\""), "\(text)")
        #expect(!text.contains("part\n") && !text.contains("secret"), "\(text)")

        let environment = ["ARCHIVER_DB_PASSWORD": "secret"]
        let dry = try await archiver("archive", "--dry-run", "-c", file, environment: environment)
        #expect(dry.exitCode == 0 && dry.output.contains("eligible rows  31"), "\(dry)")

        // Every proposal is one that works: its comment marks are all that keeps it off.
        let all = text.replacing("      # - name", with: "      - name").replacing("      #   ", with: "        ")
        try directory.write(all, to: "all.yaml")
        let valid = try await archiver(
          "config", "validate", "--connect", "-c", directory.path + "/all.yaml", environment: environment)
        #expect(valid.exitCode == 0 && valid.output.contains("4 tables"), "\(valid)")

        let again = try await archiver(
          "config", "init", "--url", database.url, "--storage", "file:///srv/a", "-o", file)
        #expect(again.exitCode == 78 && again.errorOutput.contains(file), "\(again)")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
      }
    }
  }

  @Test(arguments: [false, true])
  func `the password of the environment is used, and named in the file`(hasURL: Bool) async throws {
    try await withThrowawayDatabase { database in
      try await withTemporaryDirectory { directory in
        try await database.psql(Self.tables)
        var parts = try #require(URLComponents(string: database.url))
        var environment = ["ARCHIVER_DB_PASSWORD": try #require(parts.password)]
        parts.password = nil
        if !hasURL {
          environment["PGHOST"] = parts.host
          environment["PGPORT"] = parts.port.map { "\($0)" }
          environment["PGUSER"] = parts.user
          environment["PGDATABASE"] = database.name
        }
        let file = directory.path + "/archiver.yaml"
        let url = hasURL ? ["--url", try #require(parts.string)] : []
        let made = try await ArchiverCommand(
          ["config", "init", "--storage", "file://\(directory.path)/storage", "-o", file] + url,
          environment: environment
        ).run()
        try #require(made.exitCode == 0, "\(made)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("\n    password: ${ARCHIVER_DB_PASSWORD}\n"), "\(text)")
        let valid = try await archiver("config", "validate", "--connect", "-c", file, environment: environment)
        #expect(valid.exitCode == 0, "\(valid)")
      }
    }
  }

  @Test func `prints to standard output, and writes nothing where nothing can be archived`() async throws {
    try await withThrowawayDatabase { database in
      let empty = try await archiver(
        "config", "init", "--url", database.url, "--storage", "file:///srv/a", "--output", "-")
      #expect(empty.exitCode == 78 && empty.output.isEmpty && empty.errorOutput.contains("primary key"), "\(empty)")
      try await database.psql(Self.tables)
      let printed = try await archiver(
        "config", "init", "--url", database.url, "--storage", "s3://bucket/prefix", "--output", "-", "--name", "shop")
      #expect(printed.exitCode == 0 && printed.output.contains("- name: shop "), "\(printed)")
      #expect(printed.output.contains("url: s3://bucket/prefix"))
    }
  }

  @Test(arguments: ["ftp://nowhere", "s3://"])
  func `a storage that no configuration takes is told at once`(storage: String) async throws {
    try await withThrowawayDatabase { database in
      try await database.psql(Self.tables)
      let refused = try await archiver("config", "init", "--url", database.url, "--storage", storage, "-o", "-")
      #expect(refused.exitCode == 78 && refused.output.isEmpty && refused.errorOutput.contains("storage.url"))
    }
  }
}
