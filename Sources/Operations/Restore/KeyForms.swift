import ArchiveModel
import ObjectStore
import Postgres

/// Finds the text forms that the archive has for keys as people write them: `007` is `7` in a bigint column, and a
/// numeric `1` finds the row of `1.00`.
struct KeyForms {
  let source: TableName
  let batches: [ArchivedBatch]
  let target: TableDescription
  let store: any ObjectStore
  let context: JobContext

  /// The selection with the keys' canonical text forms beside those given.
  ///
  /// Throws a data error for a key with another number of parts than the primary key, or one that its type cannot take.
  func selection(_ selection: Selection, in transaction: Transaction) async throws -> Selection {
    guard !selection.keys.isEmpty, let manifest = batches.last?.manifest else { return selection }
    let columns = manifest.primaryKey.compactMap { name in
      target.index(of: name).map(target.keyColumn) ?? manifest.columns.first { $0.name == name }.map { KeyColumn($0) }
    }
    let types = columns.map(\.type)
    // The output function keeps the padding that a cast from bpchar takes away.
    let forms = types.indices.map { "$\($0 + 1)::\(types[$0])" }
    let query =
      "SELECT " + forms.map { "(\($0))::pg_catalog.text, pg_catalog.format('%s', \($0))" }.joined(separator: ", ")
    var wide = selection
    for key in selection.keys {
      guard key.count == types.count else {
        throw failure("it has \(key.count.of("part"))", manifest)
      }
      let result: QueryResult
      do throws(PostgresError) {
        result = try await transaction.execute(query, key.map { .text($0) })
      } catch {
        guard error.kind == .server, error.sqlState?.hasPrefix("22") == true else { throw error }
        throw failure("a part of it is not in the text form of its type (\(types.joined(separator: ", ")))", manifest)
      }
      let texts = (result.rows.first ?? []).compactMap { $0 }
      guard texts.count == 2 * types.count else { continue }
      wide.keys.insert(types.indices.map { texts[2 * $0] })
      wide.keys.insert(types.indices.map { texts[2 * $0 + 1] })
    }
    let comparisons = try await comparisons(manifest, in: transaction)
    if !comparisons.allSatisfy(\.isByText) { try await addEqualKeys(to: &wide, columns, comparisons, in: transaction) }
    return wide
  }

  /// How a key column's values compare.
  private struct Comparison {
    /// Whether equal values always have equal texts, which btree calls "equal image" (its support function 4): not so for
    /// numeric, citext, interval and the like, nor under a collation that is not deterministic.
    var isByText = false
    /// ` COLLATE "schema"."name"`, or nothing for the default.
    var collation = ""
  }

  private func comparisons(_ manifest: Manifest, in transaction: Transaction) async throws -> [Comparison] {
    // Collations that are not came with 12, and "equal image" with 13: before, no key is known to compare by its text.
    // Databases made by 14.9 and its like (13 to 16 before the November of 2023) still say it of interval, wrongly.
    let isDeterministic =
      await transaction.connection.serverVersion >= 120_000 ? "l.collisdeterministic IS NOT FALSE" : "true"
    let result = try await transaction.execute(
      """
      SELECT a.attname, f.proname IN ('btequalimage', 'btvarstrequalimage')
          AND c.opcintype NOT IN ('pg_catalog.bpchar'::pg_catalog.regtype, 'pg_catalog.interval'::pg_catalog.regtype)
          AND \(isDeterministic),
        CASE WHEN l.collname <> 'default'
          THEN pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(l.collname) END
      FROM pg_catalog.pg_attribute a
      LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
      LEFT JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
      LEFT JOIN pg_catalog.pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
      LEFT JOIN LATERAL unnest(i.indkey::pg_catalog.int2[], i.indclass::pg_catalog.oid[]) k (number, class)
        ON k.number = a.attnum
      LEFT JOIN pg_catalog.pg_opclass c ON c.oid = k.class
      LEFT JOIN pg_catalog.pg_amproc m ON m.amprocfamily = c.opcfamily AND m.amproclefttype = c.opcintype
        AND m.amprocrighttype = c.opcintype AND m.amprocnum = 4
      LEFT JOIN pg_catalog.pg_proc f ON f.oid = m.amproc
      WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
      """, [.text(String(target.oid))])
    return manifest.primaryKey.map { name in
      guard let row = result.rows.first(where: { $0[0] == name }) else { return Comparison() }
      return Comparison(isByText: row[1] == "t", collation: row[2].map { " COLLATE \($0)" } ?? "")
    }
  }

  /// Has the server compare every archived key with those given; reads all the selected batches for it.
  private func addEqualKeys(
    to selection: inout Selection, _ columns: [KeyColumn], _ comparisons: [Comparison], in transaction: Transaction
  ) async throws {
    let wanted = selection.keys.filter { $0.count == columns.count }
    /// The arrays of values whose first parameter is the one of that number.
    func values(_ first: Int) -> [String] {
      columns.enumerated().map { "pg_catalog.unnest(\($1.array("$\(first + $0)"))) AS v\($0)" }
    }
    let texts = columns.indices.map { "pg_catalog.unnest($\($0 + 1)::pg_catalog.text[]) AS k\($0)" }
    let matches = zip(columns, comparisons).enumerated().map { index, pair in
      "\(pair.0.element("a.v\(index)")) = \(pair.0.element("w.v\(index)"))\(pair.1.collation)"
    }
    let archived = (texts + values(columns.count + 1)).joined(separator: ", ")
    let sql = """
      SELECT DISTINCT \(columns.indices.map { "a.k\($0)" }.joined(separator: ", ")) FROM (SELECT \(archived)) AS a \
      JOIN (SELECT \(values(2 * columns.count + 1).joined(separator: ", "))) AS w \
      ON \(matches.joined(separator: " AND "))
      """
    func parameters(_ keys: some Sequence<[String]>) -> [Parameter] {
      columns.enumerated().map { index, column in .text(column.arrayText(of: keys.map { $0[index] })) }
    }
    func keyTexts(_ keys: some Sequence<[String]>) -> [Parameter] {
      columns.indices.map { index in .text(ArrayText.array(of: keys.map { $0[index] })) }
    }
    for batch in batches {
      try context.checkStop()
      var rest = try await ArchivedKeys.read(batch.manifest, from: store)[...]
      while !rest.isEmpty {
        let chunk = rest.prefix(KeyLookup.chunkSize)
        let found = try await transaction.execute(
          sql, keyTexts(chunk) + parameters(chunk) + parameters(wanted))
        rest = rest.dropFirst(KeyLookup.chunkSize)
        selection.keys.formUnion(found.rows.map { $0.compactMap { $0 } })
      }
    }
  }

  private func failure(_ cause: String, _ manifest: Manifest) -> OperationError {
    OperationError(
      .data, "cannot select by key", at: "\(source)", cause: "a key given does not fit: \(cause)",
      hint: "the primary key is (\(manifest.primaryKey.joined(separator: ", "))); separate its parts by commas")
  }
}
