import Foundation
import RowCodec
import TestSupport
import Testing

/// `fixtures/rows.jsonl` and `forms.jsonl` show every documented form; they are what the server's rows of `rows.sql` and
/// `forms.sql` become, byte for byte.
@Suite struct GoldenTests {
  struct Column: Decodable {
    var name: String
    var type: String
    /// What the query adds beside what the codec asks for: an array over a domain is cast to its base type.
    var cast: String?
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "fixtures")

  static func fixture(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appending(path: name))
  }

  static func columns(_ name: String) throws -> [Column] {
    try JSONDecoder().decode([Column].self, from: fixture("\(name)-columns.json"))
  }

  @Test(
    .enabled(if: TestServer.version >= 140_000, "the fixtures show what came with 12, 13 and 14"),
    // The text that stands in for an extension's type is not written in its way.
    arguments: [("rows", "created_at"), ("forms", "at")].filter {
      $0.0 == "rows" || TestServer.extensions.isSuperset(of: ["citext", "hstore", "ltree"])
    })
  func rowsBecomeTheGoldenLinesAndComeBack(_ name: String, _ time: String) throws {
    let documented = try Self.columns(name)
    let columns = documented.map { RowColumn(name: $0.name, codec: ColumnCodec(typeName: $0.type)) }
    let quoted = columns.map { "\"" + $0.name.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }
    let selected = zip(quoted, zip(columns, documented))
      .map { $0 + ($1.0.codec.selectCast ?? "") + ($1.1.cast ?? "") }.joined(separator: ", ")
    try PsqlServer.withDatabase { server in
      try server.run(String(decoding: Self.fixture("\(name).sql"), as: UTF8.self))
      let wire = try server.run("COPY (SELECT \(selected), now() FROM golden) TO STDOUT (FORMAT binary)")
      var encoder = RowEncoder(
        columns: columns, keyColumns: [0], timeColumn: try #require(columns.firstIndex { $0.name == time }),
        archivedAt: "2026-01-01T00:00:00.123456Z",
        batchID: "0199c0de-0000-7000-8000-000000000000", serverVersion: 150_000)
      try encoder.encode(wire)
      let lines = String(decoding: encoder.takeBuffer(), as: UTF8.self)
      if ProcessInfo.processInfo.environment["ARCHIVER_TEST_RECORD"] != nil {
        // On purpose only: the differences are then to be read and committed.
        try Data(lines.utf8).write(to: Self.folder.appending(path: "\(name).jsonl"))
      }
      #expect(lines == String(decoding: try Self.fixture("\(name).jsonl"), as: UTF8.self))

      var reader = RowReader(columns: columns)
      var restored: [UInt8] = []
      for line in try Self.fixture("\(name).jsonl").split(separator: 0x0a) {
        try reader.read(Array(line))
        reader.appendCopyRow(Array(columns.indices), to: &restored)
      }
      let differing = try server.run(
        """
        CREATE TABLE restored (LIKE golden);
        \\copy restored FROM '\(try server.file(restored))'
        SELECT count(*) FROM (SELECT r::text FROM restored r INTERSECT SELECT g::text FROM golden g) AS equal;
        """)
      #expect(String(decoding: differing, as: UTF8.self) == "\(encoder.rowCount)\n")
    }
  }

  /// The fourth of `rows` holds a lone surrogate, which PostgreSQL's json keeps and Foundation refuses.
  @Test(arguments: [("rows", 5, 3), ("forms", 4, nil)])
  func goldenLinesAreJSON(_ name: String, _ count: Int, _ refused: Int?) throws {
    let lines = try Self.fixture("\(name).jsonl").split(separator: 0x0a)
    #expect(lines.count == count)
    for (index, line) in lines.enumerated() where index != refused {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      #expect(object["_batch_id"] as? String == "0199c0de-0000-7000-8000-000000000000")
    }
  }

  @Test func keysAreBinaryArrayParametersThatTheServerTakes() throws {
    let types = [
      "bigint", "text", "character(5)", "numeric", "uuid", "timestamp with time zone", "public.mood", "integer[]",
    ]
    let values = [
      "(1, 'a', 'b', 1.50, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2025-01-31', 'sad', '{1,2}')",
      "(-2, '', '', 'NaN', '00000000-0000-0000-0000-000000000000', 'infinity', 'so so', '{}')",
    ]
    let columns = types.enumerated().map { RowColumn(name: "c\($0)", codec: ColumnCodec(typeName: $1)) }
    let selected = columns.map { $0.name + ($0.codec.selectCast ?? "") }.joined(separator: ", ")
    try PsqlServer.withDatabase { server in
      let definitions = zip(columns, types).map { "\($0.name) \($1)" }.joined(separator: ", ")
      let arrays = try columns.map { column in
        let oid = column.codec.wireArrayTypeOID
        let name = try server.run("SELECT typname FROM pg_type WHERE oid = \(oid)")
        return "\(column.name) \(String(decoding: name.dropLast(), as: UTF8.self))"
      }
      let wire = try server.run(
        """
        CREATE TYPE public.mood AS ENUM ('sad', 'so so');
        CREATE TABLE source (\(definitions)); INSERT INTO source VALUES \(values.joined(separator: ", "));
        CREATE TABLE keys (\(arrays.joined(separator: ", ")));
        COPY (SELECT \(selected), now() FROM source) TO STDOUT (FORMAT binary);
        """)
      var encoder = RowEncoder(
        columns: columns, keyColumns: Array(columns.indices), timeColumn: 5, archivedAt: "A", batchID: "B")
      try encoder.encode(wire)
      var row = WireMessage.header + WireMessage.int16(Int16(columns.count))
      for key in encoder.keys {
        let array = key.binaryArray()
        row += WireMessage.int32(Int32(array.count)) + array
      }
      let found = try server.run(
        """
        \\copy keys FROM '\(try server.file(row + WireMessage.trailer))' (FORMAT binary)
        SELECT count(*) FROM source JOIN (SELECT \(columns.map { "unnest(\($0.name)) AS \($0.name)" }.joined(separator: ", "))
          FROM keys) AS k ON (\(columns.map { "k.\($0.name)" }.joined(separator: ", ")))::text
          = (\(columns.map { "source.\($0.name)" }.joined(separator: ", ")))::text;
        """)
      #expect(String(decoding: found, as: UTF8.self) == "2\n")
    }
  }
}
