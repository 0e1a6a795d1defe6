import Foundation
import TestSupport
import Testing

/// Databases that are not in UTF-8.
@Suite struct EncodingTests {
  struct Case: CustomTestStringConvertible {
    var encoding: String
    /// Text with characters of the encoding beyond ASCII.
    var text: String
    var testDescription: String { encoding }
  }

  @Test(arguments: [
    Case(encoding: "LATIN1", text: "Ærøskøbing ½ ÿ\u{a0}«ß»"), Case(encoding: "EUC_JP", text: "日本語テキスト、ｶﾅ"),
  ])
  func textNamesAndLabelsComeBack(_ example: Case) async throws {
    let text = example.text
    let name = String(text.prefix(4))
    try await withRoundTrip(
      """
      CREATE TYPE "\(name)" AS ENUM ('\(text)', 'plain');
      CREATE TYPE pair AS ("\(name)" text, n integer);
      CREATE TABLE "\(text)" ("\(name)" integer PRIMARY KEY, at timestamptz NOT NULL, "\(text)" text, e "\(name)", j json, b jsonb,
        x xml, v varchar(40), c char(30), a text[], p pair, r bytea, t tsvector, "\(name)\(name)" integer);
      INSERT INTO "\(text)" SELECT g, '2024-01-01', '\(text)' || g, '\(text)', '{"\(text)":"\(text)"}', '["\(text)"]',
        '<a>\(text)</a>', '\(text)', '\(text)', ARRAY['\(text)', NULL], ROW('\(text)', g)::pair, '\\xff00fe', '''\(text)'''
      FROM generate_series(1, 50) g;
      """, tables: [.init(name: text, key: name)],
      options: "TEMPLATE template0 ENCODING '\(example.encoding)' LC_COLLATE 'C' LC_CTYPE 'C'"
    ) { trip in
      try await trip.run()
      let rows = try await trip.archiver("inspect", "rows", "--limit", "1", "--format", "jsonl")
      #expect(rows.output.contains("\"\(text)\":\"\(text)1\""), "\(rows)")
      let key = try await trip.archiver(
        "inspect", "rows", "--where-key", "7", "--format", "jsonl")
      #expect(key.output.contains("\(text)7"))
    }
  }

  @Test func keysAndPredicatesBeyondASCIIWork() async throws {
    var trip: RoundTrip?
    try await withRoundTrip(
      """
      CREATE TABLE t ("clé" text PRIMARY KEY, at date NOT NULL, "größe" integer);
      INSERT INTO t SELECT 'é' || g, '2024-01-01', g FROM generate_series(1, 120) g;
      """, tables: [.init(name: "t", key: "clé")],
      options: "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    ) { made in
      trip = made
      trip?.settings = ["batch_size: 50", #"where: "\"größe\" <> 0 AND \"clé\" <> 'ü'""#]
      try await trip?.run()
    }
  }

  private static let ascii = "TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"

  @Test func aDatabaseWithoutEncodingWorksWhileItsTextIsUTF8() async throws {
    try await withRoundTrip(
      """
      CREATE TYPE "größe" AS ENUM ('klein', 'groß');
      CREATE TABLE "tä" (id integer PRIMARY KEY, at timestamptz NOT NULL, "ü" text, e "größe", b bytea, a varchar[]);
      INSERT INTO "tä" SELECT g, '2024-01-01', 'é😀' || g, 'groß', '\\xff', '{ß,NULL}' FROM generate_series(1, 50) g;
      """, tables: [.init(name: "tä")], options: Self.ascii
    ) { try await $0.run() }
  }

  @Test(arguments: [
    ("text", "'x' || chr(233)"), ("text[]", "ARRAY['x', 'x' || chr(233)]"),
    ("json", "('\"' || chr(233) || '\"')::json"),
    ("mood", "('odd' || chr(233))::mood"), ("pair", "ROW(1, chr(233))::pair"),
  ])
  func bytesThatAreNoTextAreRefused(_ type: String, _ value: String) async throws {
    try await withRoundTrip(
      """
      CREATE TYPE pair AS (a integer, b text);
      CREATE TYPE mood AS ENUM ('fine', 'odd');
      UPDATE pg_enum SET enumlabel = ('odd' || chr(233))::name WHERE enumlabel = 'odd';
      CREATE TABLE t (id integer PRIMARY KEY, at timestamptz NOT NULL, fine text, "Odd Bytes" \(type));
      INSERT INTO t SELECT g, '2024-01-01', 'fine', NULL FROM generate_series(1, 20) g;
      INSERT INTO t SELECT 21, '2024-01-01', 'fine', \(value);
      """, tables: [.init(name: "t")], options: Self.ascii
    ) { trip in
      try await trip.keepTexts()
      let run = try await trip.archiver("archive", expecting: 1)
      #expect(run.errorOutput.contains("app.public.t"), "\(run)")
      #expect(run.errorOutput.contains("Odd Bytes"), "\(run)")
      try await trip.compare()
      #expect(trip.files.isEmpty, "\(trip.files)")
      // The other rows go once a predicate leaves that one out.
      var rest = trip
      rest.settings = ["where: id <= 20"]
      try await rest.archiver("archive")
      #expect(try await trip.database.psql("SELECT id FROM t") == "21")
      try await rest.archiver("restore")
      try await trip.compare()
    }
  }
}
