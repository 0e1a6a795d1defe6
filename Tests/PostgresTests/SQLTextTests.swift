import Postgres
import Testing

@Suite struct SQLTextTests {
  @Test(arguments: [
    ("plain", "\"plain\""), ("MiXed", "\"MiXed\""), ("two words", "\"two words\""), ("a\"b", "\"a\"\"b\""),
    ("\"\u{301}", "\"\"\"\u{301}\""), ("", "\"\""),
  ])
  func `identifiers are quoted`(name: String, expected: String) {
    #expect(SQLText.identifier(name) == expected)
  }

  @Test(arguments: [
    ("plain", "'plain'"), ("it's", "'it''s'"), ("a\\b", "E'a\\\\b'"), ("'\\", "E'''\\\\'"), ("'\u{301}", "'''\u{301}'"),
  ])
  func `literals are quoted`(value: String, expected: String) {
    #expect(SQLText.literal(value) == expected)
  }

  @Test(arguments: ["on", "off"])
  func `literals come back unchanged under either string setting`(standardConformingStrings: String) async throws {
    try await withConnection { connection in
      try await connection.execute("SET standard_conforming_strings = \(standardConformingStrings)")
      for value in ["", "it's", "\\", "\\'", "'';--", "a\nb\t\"$$", "é😀", "'\u{301}"] {
        #expect(try await connection.value("SELECT \(SQLText.literal(value))") == value)
        let columns = try await connection.execute("SELECT 1 AS \(SQLText.identifier(value + "x"))").columns
        #expect(columns == [value + "x"])
      }
    }
  }
}
