import ArchiveModel
package import ObjectStore
import Postgres

/// Tries everything that the settings name without moving a row: databases, tables, columns, keys, privileges, storage.
package enum ConnectionCheck {
  /// Everything that is wrong, in the order of the settings; empty when all is well.
  package static func run(
    databases: [DatabaseSource], store: any ObjectStore, context: JobContext
  ) async -> [OperationError] {
    var problems: [OperationError] = []
    do {
      _ = try await BucketCheck.check(store, probeID: context.runID.description)
    } catch {
      problems.append(.wrapping(error, "cannot use the storage", at: store.location))
    }
    for database in databases {
      let pool = ConnectionPool(parameters: database.parameters, size: 1)
      do {
        try await pool.withConnection { _ in }
        for source in database.tables {
          do {
            try await check(source, pool)
          } catch {
            problems.append(.wrapping(error, "cannot examine the table", at: "\(source.name)"))
          }
        }
      } catch {
        problems.append(.wrapping(error, "cannot use the database", at: database.place))
      }
      await pool.close()
    }
    return problems
  }

  private static func check(_ source: TableSource, _ pool: ConnectionPool) async throws {
    try await pool.withConnection { connection in
      try await connection.withTransaction(TransactionOptions(readOnly: true)) { transaction in
        let table = try await TableCatalog.describe(source.name, in: transaction)
        _ = try await HazardCheck(table: table, source: source).run(in: transaction)
        _ = try table.timeColumn(source.timestampColumn)
        if let expected = source.primaryKey, expected != table.primaryKeyNames {
          throw OperationError(
            .configuration, "the primary key differs", at: "\(source.name)",
            cause: "the settings say \(expected), the catalog says \(table.primaryKeyNames)",
            hint: "correct or remove primary_key:")
        }
      }
    }
  }
}
