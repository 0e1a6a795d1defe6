import ArchiveModel
package import ObjectStore
import Postgres

/// Settles the batches that a crash left in doubt, and the objects that a rolled-back batch left behind.
package struct RecoverJob: Sendable {
  private let databases: [DatabaseSource]
  private let store: any ObjectStore
  private let context: JobContext

  package init(databases: [DatabaseSource], store: any ObjectStore, context: JobContext) {
    (self.databases, self.store, self.context) = (databases, store, context)
  }

  /// What goes wrong with one table stands in the report and does not stop the others.
  package func run() async -> RecoverReport {
    var report = RecoverReport(runID: context.runID, findings: [], errors: [])
    for database in databases {
      let pool = ConnectionPool(parameters: database.parameters, size: max(2, database.poolSize))
      for source in database.tables where !context.stop.isRequested {
        do {
          let (table, ledger) = try await examine(source, database, pool)
          report.findings += try await Settler(
            table: table, ledger: ledger, pool: pool, store: store, context: context
          ).run(waits: true)
        } catch {
          report.errors.append(.wrapping(error, "cannot settle the table", at: "\(source.name)"))
        }
      }
      await pool.close()
    }
    return report
  }

  private func examine(
    _ source: TableSource, _ database: DatabaseSource, _ pool: ConnectionPool
  ) async throws -> (TableDescription, Ledger?) {
    try await pool.withConnection { connection in
      try await connection.withTransaction(TransactionOptions(readOnly: true)) { transaction in
        let table = try await TableCatalog.describe(source.name, in: transaction)
        guard let ledger = database.ledgerSchema.map(Ledger.init(schema:)) else { return (table, nil) }
        guard try await ledger.exists(in: transaction) else {
          throw OperationError(
            .configuration, "the ledger is missing", at: database.place,
            cause: "there is no table \(ledger.schema).batch, which says what was committed",
            hint: "set ledger: to the schema the batches were archived with")
        }
        return (table, ledger)
      }
    }
  }
}
