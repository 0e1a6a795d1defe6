import Foundation
import TestSupport
import Testing

/// What a role, a database or the environment sets changes neither what is archived nor what comes back.
@Suite struct HostileSettingsTests {
  /// Every kind of value whose text depends on a setting, and ways to be slow or idle.
  private static let table = #"""
    CREATE EXTENSION hstore;
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE TYPE pair AS (at timestamptz, i interval, f real, b bytea, m money);
    CREATE TABLE t (
      id integer PRIMARY KEY, at timestamptz NOT NULL, d date, ts timestamp, tz timestamptz, tt timetz, i interval,
      f4 real, f8 double precision, b bytea, m money, x xml, a text[], p pair, pa pair[], r tstzrange, dr daterange,
      mr tstzmultirange, h hstore, e mood, j json, s text, n numeric, iv interval[], da date[], g point, c char(9),
      rc regclass, tq tsquery, ty regtype);
    INSERT INTO t SELECT g, '2024-02-03 04:05:06.789+05:30'::timestamptz + g * interval '1 hour', date '2024-02-03' + g,
      '2024-02-03 04:05:06.7', '2024-02-03 04:05:06.7-03', '04:05:06+05:30', g * interval '1 year -2 days 03:04:05.6',
      0.1::real * g, 1.0::float8 / g, '\x00ff5c27', g::text::money, '<a>x</a>', '{NULL,"NULL",a\\b}',
      ROW('2024-02-03 04:05:06+00', '1 day -1 hour', 0.3, '\xff', 12.5::numeric::money)::pair, ARRAY[ROW('2024-02-03 04:05:06+00', NULL, 1e-7, '', (-1)::money)::pair],
      '[2024-01-01 00:00+02,)', '[2024-01-01,2024-02-01)', '{[2024-01-01 00:00+02,)}', 'a=>"b c"', 'glad', '{"a": 1}',
      E'back\\slash ''quote''', 1.10, ARRAY[interval '1 month'], ARRAY[date '2024-05-06'], point(0.1, g), 'pad', 'pg_class',
      'a & b', 'integer' FROM generate_series(1, 400) g;
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.15); RETURN NULL; END$$;
    CREATE TRIGGER slow BEFORE DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION slow();
    CREATE TRIGGER slow_too BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION slow();
    """#

  /// Objects that hide the catalog's from whoever finds them first.
  private static let decoys = """
    CREATE SCHEMA decoy;
    CREATE TABLE decoy.pg_class (oid oid, relname name); CREATE TABLE decoy.t (id integer);
    CREATE FUNCTION decoy.lower(text) RETURNS text LANGUAGE sql AS $$SELECT 'decoy'$$;
    CREATE FUNCTION decoy.count() RETURNS bigint LANGUAGE sql AS $$SELECT 0::bigint$$;
    CREATE FUNCTION decoy.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE sql AS $$SELECT NULL WHERE false$$;
    CREATE TYPE decoy.text AS ENUM ('no'); CREATE TYPE decoy.mood AS ENUM ('no');
    """

  /// Name and value as SQL writes it; those that the server does not know are left out.
  static let settings = [
    ("DateStyle", "'SQL, DMY'"), ("IntervalStyle", "'sql_standard'"), ("extra_float_digits", "-15"),
    ("bytea_output", "'escape'"), ("TimeZone", "'America/St_Johns'"), ("lc_monetary", "'C.UTF-8'"),
    ("search_path", "decoy, pg_catalog, public"), ("client_encoding", "'LATIN1'"), ("quote_all_identifiers", "on"),
    ("default_transaction_read_only", "on"), ("default_transaction_isolation", "'serializable'"),
    ("default_transaction_deferrable", "on"), ("statement_timeout", "100"), ("lock_timeout", "1"),
    ("idle_in_transaction_session_timeout", "1"), ("transaction_timeout", "150"), ("row_security", "on"),
    ("xmloption", "'document'"), ("xmlbinary", "'hex'"), ("array_nulls", "off"), ("standard_conforming_strings", "off"),
    ("backslash_quote", "off"), ("escape_string_warning", "on"), ("transform_null_equals", "on"),
    ("synchronous_commit", "off"), ("enable_indexscan", "off"), ("enable_sort", "off"), ("jit", "on"),
    ("jit_above_cost", "0"), ("client_min_messages", "'debug1'"), ("lc_numeric", "'C.UTF-8'"), ("geqo", "on"),
    ("plan_cache_mode", "'force_generic_plan'"), ("default_tablespace", "''"), ("temp_buffers", "100"),
    ("default_text_search_config", "'simple'"), ("check_function_bodies", "off"), ("gin_fuzzy_search_limit", "1"),
    ("timezone_abbreviations", "'India'"), ("default_toast_compression", "'pglz'"), ("work_mem", "64"),
    ("session_replication_role", "'origin'"), ("force_parallel_mode", "on"), ("debug_parallel_query", "on"),
    ("parallel_setup_cost", "0"), ("parallel_tuple_cost", "0"), ("min_parallel_table_scan_size", "0"),
  ]

  /// What libpq would take from the environment.
  static let environment = [
    "PGOPTIONS": "-c datestyle=German -c statement_timeout=1", "PGDATESTYLE": "Postgres, DMY", "PGTZ": "Asia/Kolkata",
    "PGCLIENTENCODING": "SJIS", "PGGEQO": "off", "PGUSER": "nobody", "PGDATABASE": "nowhere", "PGHOST": "192.0.2.1",
    "PGPORT": "1", "PGPASSWORD": "wrong", "PGAPPNAME": "other", "PGSSLMODE": "prefer", "TZ": "Asia/Tokyo",
    "LC_ALL": "POSIX", "LANG": "POSIX", "PGTARGETSESSIONATTRS": "any", "PGSYSCONFDIR": "/nonexistent",
    "PGPASSFILE": "/nonexistent", "PGSERVICEFILE": "/nonexistent", "PGGSSENCMODE": "disable",
  ]

  enum Level: String, CaseIterable { case role, database, environment }

  @Test(arguments: Level.allCases) func settingsChangeNothing(_ level: Level) async throws {
    try await withRoundTrip(Self.table + Self.decoys, tables: [.init(name: "t")]) { trip in
      var trip = trip
      let hazards = ["hazards: [delete-trigger]", "batch_size: 150"]
      trip.settings = hazards
      try await trip.keepTexts()
      try await trip.archiver("archive")
      let plain = try await contents(trip)
      try await trip.archiver("restore", "--hold-days", "0")
      try await trip.compare("plain")

      try await trip.database.withRole(attributes: "SUPERUSER") { role in
        trip.url = try trip.database.url(for: role)
        let known = try await trip.database.psql("SELECT lower(name) FROM pg_settings").split(separator: "\n")
        let settings = Self.settings.filter { known.contains(Substring($0.0.lowercased())) }
        try #require(settings.count > 35)
        if level != .environment {
          let target = level == .role ? "ROLE \(role.name)" : "DATABASE \(trip.database.name)"
          // Within one connection, because the next one has the settings.
          try await trip.database.psql(settings.map { "ALTER \(target) SET \($0.0) = \($0.1);" }.joined())
        }
        if level == .environment { trip.environment = Self.environment }
        try await trip.archiver("archive")
        let hostile = try await contents(trip, besides: plain.keys)
        #expect(hostile.values.sorted() == plain.values.sorted())
        try await trip.archiver("restore", "--hold-days", "0")
        try await trip.archiver("verify", "--level", "database")
        if level == .database {
          try await trip.database.psql(
            """
            SET statement_timeout = 0; SET default_transaction_read_only = off; SET search_path = public;
            ALTER DATABASE \(trip.database.name) RESET ALL;
            """)
        }
        try await trip.compare("\(level)")
      }
    }
  }

  /// The objects' text by key: the folder's period and the rows, without what names the batch.
  private func contents(_ trip: RoundTrip, besides known: some Sequence<String> = []) async throws -> [String: String] {
    var contents: [String: String] = [:]
    for file in trip.files where file.hasSuffix(".jsonl.gz") && !known.contains(file) {
      let run = try CommandRun(
        URL(fileURLWithPath: "/usr/bin/env"), ["gzip", "-dc", trip.directory.path + "/storage/" + file],
        environment: ArchiverCommand.cleanEnvironment)
      let folder = file.split(separator: "/").dropLast().joined(separator: "/")
      let rows = try await run.result().output
      contents[file] =
        folder + "\n" + rows.replacing(#/"_archived_at":"[^"]*","_batch_id":"[^"]*"/#, with: "")
    }
    #expect(!contents.isEmpty)
    return contents
  }
}
