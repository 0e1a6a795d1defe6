import Foundation
import RowCodec
import TestSupport
import Testing

/// What the real server sends is encoded, read back, compared with `column::text`, restored and compared on the server.
@Suite struct ServerRoundTripTests {
  enum Family: CaseIterable { case scalars, arrays }

  @Test(arguments: Family.allCases)
  func everyTypeComesBackByteForByte(_ family: Family) throws {
    let subjects = family == .scalars ? TypeSubject.scalars : TypeSubject.arrays
    let seed = SeededRandom.seed()
    var random = SeededRandom(seed: seed)
    let rowCount = 1000
    try PsqlServer.withDatabase { server in
      let columns = subjects.indices.map { "c\($0)" }
      let definitions = zip(columns, subjects).map { "\($0) \($1.type)" }.joined(separator: ", ")
      var input = ""
      for row in 0..<rowCount {
        input += "\(row)"
        for subject in subjects {
          input += "\t" + (random.chance(5) ? "\\N" : copyEscaped(subject.make(&random)))
        }
        input += "\n"
      }
      try server.run(TypeSubject.setUp)
      try server.run(
        """
        CREATE TABLE source (n integer PRIMARY KEY, \(definitions));
        CREATE TABLE target (LIKE source);
        \\copy source FROM '\(try server.file(Array(input.utf8)))'
        """)

      let codecs = subjects.map { ColumnCodec(typeName: $0.type) }
      let selected = zip(columns, codecs).map { $0 + ($1.selectCast ?? "") }
      let expected = zip(columns, subjects).map { $1.expected.replacingOccurrences(of: "$", with: $0) }
      let wire = try server.run(
        "COPY (SELECT n, \(selected.joined(separator: ", ")), \(expected.joined(separator: ", ")), "
          + "'2000-01-01 00:00Z'::timestamptz FROM source ORDER BY n) TO STDOUT (FORMAT binary)")

      let text = ColumnCodec(typeName: "text")
      let rowColumns =
        [RowColumn(name: "n", codec: ColumnCodec(typeName: "integer"))]
        + zip(columns, codecs).map { RowColumn(name: $0, codec: $1) }
        + columns.map { RowColumn(name: $0 + "_text", codec: text) }
      var encoder = RowEncoder(
        columns: rowColumns, keyColumns: [0], timeColumn: 0, archivedAt: "A", batchID: "B", serverVersion: 150_000)
      try encoder.encode(wire)
      #expect(encoder.rowCount == rowCount)
      #expect(encoder.isComplete)
      let lines = encoder.takeBuffer()
      #expect(!lines.contains(0x0d))

      var reader = RowReader(columns: rowColumns)
      var restored: [UInt8] = []
      for line in lines.split(separator: 0x0a) {
        try reader.read(Array(line))
        for (index, subject) in subjects.enumerated() where !subject.isFloat {
          let (found, wanted) = (reader.text(1 + index), reader.text(1 + subjects.count + index))
          #expect(found == wanted, "seed \(seed), row \(reader.text(0) ?? ""), \(subject.type)")
        }
        reader.appendCopyRow(Array(0...subjects.count), to: &restored)
      }
      let differences = zip(columns, expected).map { column, shown in
        let target = shown.replacingOccurrences(of: column, with: "t.\(column)")
        let source = shown.replacingOccurrences(of: column, with: "s.\(column)")
        return "count(*) FILTER (WHERE \(target) IS DISTINCT FROM \(source))"
      }
      let result = try server.run(
        """
        \\copy target FROM '\(try server.file(restored))'
        SELECT count(*), count(*) FILTER (WHERE t::text IS DISTINCT FROM s::text), \(differences.joined(separator: ", "))
        FROM source s JOIN target t USING (n);
        """)
      let counts = String(decoding: result, as: UTF8.self).split(whereSeparator: { "|\n".contains($0) }).map(
        String.init)
      #expect(counts.first == String(rowCount))
      for (name, count) in zip(["the whole row"] + subjects.map(\.type), counts.dropFirst()) {
        #expect(count == "0", "seed \(seed): \(name) differs after restore")
      }
    }
  }

  private func copyEscaped(_ text: String) -> String {
    text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\n", with: "\\n")
      .replacingOccurrences(of: "\r", with: "\\r").replacingOccurrences(of: "\t", with: "\\t")
  }
}
