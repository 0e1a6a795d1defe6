import TestSupport
import Testing

/// Every type of the server's catalog that a column can have goes to the archive and comes back, with random values.
@Suite struct TypeSweepTests {
  /// Types made for the test join those of the catalog, with their arrays, ranges and multiranges.
  static let ownTypes = #"""
    CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION cube; CREATE EXTENSION isn;
    CREATE EXTENSION intarray; CREATE EXTENSION seg; CREATE EXTENSION lo; CREATE EXTENSION earthdistance;
    CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gist; CREATE EXTENSION tablefunc; CREATE EXTENSION dblink;
    CREATE SCHEMA "odd ""schema.[]";
    CREATE TYPE mood AS ENUM ('sad', 'so so', 'a"b\', 'NULL', '{},', '(é😀)', '');
    CREATE TYPE "odd ""schema.[]"."mood[]" AS ENUM ('a', 'b');
    CREATE TYPE pair AS (a integer, b text);
    CREATE TYPE nested AS (p pair, list pair[], m mood, x xml, j json, r numrange, f double precision, t timestamptz);
    CREATE TYPE empty_row AS ();
    CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
    CREATE DOMAIN positive_again AS positive;
    CREATE DOMAIN texts AS text[];
    CREATE DOMAIN rows AS nested;
    CREATE DOMAIN numbers AS positive[];
    CREATE DOMAIN moods AS mood;
    CREATE DOMAIN "odd ""schema.[]"."Domain (3)" AS timestamptz;
    CREATE DOMAIN documents AS jsonb;
    CREATE DOMAIN spans AS tstzrange;
    CREATE TYPE floatrange AS RANGE (subtype = float8);
    CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");
    CREATE TYPE citextrange AS RANGE (subtype = citext);
    CREATE TYPE pairrange AS RANGE (subtype = pair);
    CREATE TYPE domainrange AS RANGE (subtype = "odd ""schema.[]"."Domain (3)");
    CREATE TYPE arrayrange AS RANGE (subtype = int4[]);
    """#

  @Test func everyTypeOfTheCatalogComesBack() async throws {
    try await withThrowawayDatabase { database in
      try await withTemporaryDirectory { directory in
        try await database.psql(Self.ownTypes)
        let types = try await CatalogType.all(in: database)
        let values = CatalogValues(types)
        #expect(values.unknownBaseTypes == [], "the catalog has types that this test has no values for")
        // 42P16: the server takes no column of a pseudo-type, nor of a row type with one in it.
        let odd = types.filter { $0.refusal != nil && $0.refusal != "42P16" }
        #expect(odd.isEmpty, "\(odd.map(\.name))")
        let usable = types.filter { $0.refusal == nil }
        // 11 without contrib has 423.
        try #require(usable.count > 400)

        let seed = SeededRandom.seed()
        var random = SeededRandom(seed: seed)
        let groups = Self.groups(usable)
        var sql = ""
        for (number, group) in groups.enumerated() {
          let rowCount = group.contains { $0.isOfRelation } ? 12 : 200
          sql += Self.table("t\(number)", group, values, rowCount: rowCount, &random)
        }
        try await database.psql(sql)
        let trip = RoundTrip(
          database: database, directory: directory, tables: groups.indices.map { .init(name: "t\($0)") })
        try await trip.run("seed \(seed):") { table, column in
          groups[Int(table.name.dropFirst()) ?? 0][safe: Int(column.dropFirst())]?.name ?? column
        }
      }
    }
  }

  /// Wide tables of like types.
  private static func groups(_ types: [CatalogType]) -> [[CatalogType]] {
    [false, true].flatMap { isOfRelation in
      let types = types.filter { $0.isOfRelation == isOfRelation }
      return stride(from: 0, to: types.count, by: 30).map { Array(types[$0..<min($0 + 30, types.count)]) }
    }
  }

  private static func table(
    _ name: String, _ types: [CatalogType], _ values: CatalogValues, rowCount: Int, _ random: inout SeededRandom
  ) -> String {
    let columns = zip(types.indices, types).map { ", c\($0) \($1.name)" }.joined()
    var sql = """
      CREATE TABLE \(name) (id bigint PRIMARY KEY, at timestamptz NOT NULL\(columns));
      COPY \(name) FROM STDIN;

      """
    for row in 0..<rowCount {
      sql += "\(row)\t2024-0\(1 + row % 3)-11 12:00:00Z"
      for type in types { sql += "\t" + (values.literal(type.oid, &random).map(copyEscaped) ?? "\\N") }
      sql += "\n"
    }
    return sql + "\\.\n"
  }

  private static func copyEscaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}

extension Array {
  fileprivate subscript(safe index: Int?) -> Element? {
    index.flatMap { indices.contains($0) ? self[$0] : nil }
  }
}
