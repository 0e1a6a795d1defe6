import TestSupport
import Testing

/// A value that could not be restored stays in the database: its batch is refused before anything is written.
@Suite struct UncarriableValueTests {
  struct Case: CustomTestStringConvertible {
    var testDescription: String
    /// Made first.
    var setUp = ""
    var type: String
    /// An expression that gives the value, and one of the same type that can be carried.
    var value: String
    var good: String
    /// The type's send function, where the server cannot even write the value as text.
    var send: String?
  }

  static let cases =
    [
      Case(
        testDescription: "a function name that several functions share", type: "regproc", value: "1397::oid::regproc",
        good: "'version'"),
      Case(
        testDescription: "a time rounded past the last moment, inside a composite",
        setUp: "CREATE TYPE moment AS (at timestamptz(2));", type: "moment",
        value: "ROW('294276-12-31 23:59:59.999Z'::timestamptz(2))::moment", good: "'(2024-01-01)'"),
      Case(
        testDescription: "such a time in an array of composites",
        setUp: "CREATE TYPE moment AS (at timestamptz(2));", type: "moment[]",
        value: "ARRAY[NULL, ROW('294276-12-31 23:59:59.999Z'::timestamptz(2))::moment]", good: "'{}'"),
      Case(
        testDescription: "such a time by itself", type: "timestamptz(2)",
        value: "'294276-12-31 23:59:59.999Z'::timestamptz(2)", good: "'2024-01-01'"),
      Case(
        testDescription: "a type without an input function", setUp: "CREATE TABLE d (a integer DEFAULT 7);",
        type: "pg_node_tree", value: "(SELECT adbin FROM pg_attrdef LIMIT 1)", good: "NULL"),
      Case(
        testDescription: "a type whose cast to text is another than its output",
        setUp: """
          CREATE TYPE mood AS ENUM ('sad', 'glad');
          CREATE FUNCTION lossy(mood) RETURNS text LANGUAGE sql STRICT AS $$SELECT 'a mood'$$;
          CREATE CAST (mood AS text) WITH FUNCTION lossy(mood);
          """, type: "mood", value: "'sad'", good: "NULL"),
      Case(
        testDescription: "a row type whose domain has since got a condition",
        setUp: "CREATE DOMAIN small AS integer; CREATE TYPE pair AS (a small, b text);", type: "pair",
        value: "'(9,x)'", good: "'(1,x)'"),
    ]
    // Since 15 the server can write and read it.
    + (TestServer.version < 150_000
      ? [
        Case(
          testDescription: "an interval of more hours than the server can write", type: "interval",
          value: "make_interval(secs => -9223372036854)", good: "'-1 hour'", send: "interval_send"),
        Case(
          testDescription: "such an interval in an array", type: "interval[]",
          value: "ARRAY[NULL, make_interval(secs => 9223372036854)]", good: "'{1 hour}'", send: "array_send"),
      ] : [])

  @Test(arguments: cases) func isRefused(_ example: Case) async throws {
    try await withRoundTrip(
      """
      \(example.setUp)
      CREATE TABLE t (id integer PRIMARY KEY, at timestamptz NOT NULL, "The Value" \(example.type), note text);
      INSERT INTO t SELECT g, '2024-01-01', \(example.good), 'secret-note' FROM generate_series(1, 30) g;
      INSERT INTO t SELECT 17000, '2024-01-01', \(example.value), 'secret-note';
      """, tables: [.init(name: "t")]
    ) { trip in
      if example.type == "pair" {
        // A value inside a composite is not looked at again when its domain changes.
        try await trip.database.psql(
          "ALTER DOMAIN small ADD CHECK (VALUE < 5) NOT VALID")
      }
      let bytes = example.send.map { send in
        "SELECT count(*), md5(string_agg(\(send)(\"The Value\")::text, ',' ORDER BY id)) FROM t"
      }
      let before: String?
      if let bytes {
        before = try await trip.database.psql(bytes)
      } else {
        before = nil
        try await trip.keepTexts()
      }
      let run = try await trip.archiver("archive", expecting: 1)
      #expect(run.errorOutput.contains("app.public.t"), "\(run)")
      #expect(run.errorOutput.contains("The Value"), "\(run)")
      #expect(!run.errorOutput.contains("secret-note") && !run.errorOutput.contains("294277"))
      if let bytes {
        #expect(try await trip.database.psql(bytes) == before)
      } else {
        try await trip.compare()
      }
      #expect(trip.files.isEmpty, "\(trip.files)")

      // Without that row the others go.
      try await trip.database.psql("DELETE FROM t WHERE id = 17000; DROP SCHEMA IF EXISTS kept CASCADE")
      try await trip.run()
    }
  }
}
