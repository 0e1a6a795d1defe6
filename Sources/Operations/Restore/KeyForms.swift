import ArchiveModel
import Postgres

/// Finds the text forms that the archive has for keys as people write them: `007` is `7` in a bigint column.
struct KeyForms {
  let source: TableName
  let batches: [ArchivedBatch]
  let target: TableDescription

  /// The selection with the keys' canonical text forms beside those given.
  ///
  /// Throws a data error for a key with another number of parts than the primary key, or one that its type cannot take.
  func selection(_ selection: Selection, in transaction: Transaction) async throws -> Selection {
    guard !selection.keys.isEmpty, let manifest = batches.last?.manifest else { return selection }
    let types = manifest.primaryKey.map { name in
      target.columns.first { $0.name == name }?.formType
        ?? manifest.columns.first { $0.name == name }?.formType ?? "text"
    }
    // The output function keeps the padding that a cast from bpchar takes away.
    let forms = types.indices.map { "$\($0 + 1)::\(types[$0])" }
    let query =
      "SELECT " + forms.map { "(\($0))::pg_catalog.text, pg_catalog.format('%s', \($0))" }.joined(separator: ", ")
    var wide = selection
    for key in selection.keys {
      guard key.count == types.count else {
        throw failure("it has \(key.count) parts", manifest)
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
    return wide
  }

  private func failure(_ cause: String, _ manifest: Manifest) -> OperationError {
    OperationError(
      .data, "cannot select by key", at: "\(source)", cause: "a key given does not fit: \(cause)",
      hint: "the primary key is (\(manifest.primaryKey.joined(separator: ", "))); separate its parts by commas")
  }
}
