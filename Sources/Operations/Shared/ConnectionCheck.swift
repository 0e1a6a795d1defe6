import ArchiveModel
package import ObjectStore
import Postgres

/// Tries everything that the settings name without moving a row: databases, tables, columns, keys, privileges, storage.
package enum ConnectionCheck {
  /// What was found, in the order of the settings.
  package struct Report: Sendable {
    /// Everything that is wrong; empty when all is well.
    package var problems: [OperationError] = []
    /// What an operator should know all the same, with what it is about.
    package var warnings: [(place: String, warning: String)] = []

    package init() {}
  }

  package static func run(
    databases: [DatabaseSource], store: any ObjectStore, context: JobContext
  ) async -> Report {
    var report = Report()
    do {
      _ = try await BucketCheck.check(store, probeID: context.runID.description)
      if let doubt = try await lockDoubt(store) { report.warnings.append((store.location, doubt)) }
    } catch {
      report.problems.append(.wrapping(error, "cannot use the storage", at: store.location))
    }
    for database in databases {
      let pool = ConnectionPool(parameters: database.parameters, size: 1)
      do {
        try await pool.withConnection { _ in }
        for source in database.tables {
          do {
            report.warnings += try await check(source, pool).map { ("\(source.name)", $0) }
          } catch {
            report.problems.append(.wrapping(error, "cannot examine the table", at: "\(source.name)"))
          }
        }
      } catch {
        report.problems.append(.wrapping(error, "cannot use the database", at: database.place))
      }
      await pool.close()
    }
    return report
  }

  /// What to say where the bucket does not tell whether it locks objects; throws where it does not lock them.
  private static func lockDoubt(_ store: any ObjectStore) async throws(ObjectStoreError) -> String? {
    do {
      try await store.checkLock()
      return nil
    } catch {
      switch error.code {
      case .accessDenied:
        return "whether the bucket takes Object Lock was not seen: that needs s3:GetBucketObjectLockConfiguration"
      case .other, .notFound: return "whether the bucket takes Object Lock was not seen: \(error)"
      default: throw error
      }
    }
  }

  /// What `archive` would find; rows that a restore holds count as eligible here.
  private static func check(_ source: TableSource, _ pool: ConnectionPool) async throws -> [String] {
    try await pool.withConnection { connection in
      try await connection.withTransaction(TableExamination.options(source)) { transaction in
        let now = try await DatabaseClock.read(in: transaction)
        return try await TableExamination.run(
          source, cutoff: source.cutoff(at: now), held: HeldKeys(keys: []), in: transaction
        ).warnings
      }
    }
  }
}
