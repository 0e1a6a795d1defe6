import Postgres
import TestSupport
import Testing

/// Each batch goes on where the last one ended: what a pass has left behind is not read again.
@Suite struct RescanTests {
  enum Obstacle: String, CaseIterable, Sendable {
    /// Others hold the older half of the rows for the whole run.
    case locked
    /// The older half was deleted, and an old snapshot keeps it from being removed.
    case dead

    /// What another transaction does before, and what is done meanwhile.
    var statements: (held: String, done: String) {
      switch self {
      case .locked: ("SELECT count(*) FROM (SELECT FROM public.events WHERE id <= 2000 FOR UPDATE) AS t", "")
      case .dead: ("SELECT count(*) FROM public.events", "DELETE FROM public.events WHERE id <= 2000")
      }
    }
  }

  /// 50 batches behind 2,000 rows that cannot be taken: read for every batch, those alone would be 100,000.
  @Test(arguments: Obstacle.allCases)
  func `a first half that cannot be taken does not slow every batch down`(obstacle: Obstacle) async throws {
    try await withArchiveScenario(rows: 4000) { scenario in
      let database = scenario.database
      try scenario.configure(table: "partition: none", batchSize: 40)
      // As on a large table, where the planner does so by itself.
      try await database.psql(
        """
        ALTER DATABASE \(database.name) SET enable_seqscan = off; ALTER DATABASE \(database.name) SET enable_sort = off;
        ALTER TABLE public.events SET (autovacuum_enabled = off); VACUUM ANALYZE public.events;
        """)
      let pool = ConnectionPool(parameters: ConnectionParameters(url: database.url), size: 1)
      let read = try await pool.withConnection { connection in
        try await connection.withTransaction(TransactionOptions(isolation: .repeatableRead)) { transaction in
          try await transaction.execute(obstacle.statements.held)
          if !obstacle.statements.done.isEmpty { try await database.psql(obstacle.statements.done) }
          let before = try await rowsRead(database)
          try await scenario.archiver("archive")
          return try await rowsRead(database) - before
        }
      }
      await pool.close()
      let left = try await database.psql("SELECT count(*) FROM public.events WHERE kind IS DISTINCT FROM 'fresh'")
      #expect(left == (obstacle == .locked ? "2000" : "0"))
      // Counted, looked over for hazards, fetched, deleted, and looked for a second time: some readings of each row.
      #expect(read >= 2000, "the server's counts did not come")
      #expect(read < 40_000, "\(read) entries and rows were read")
    }
  }

  /// Entries of indexes and rows of scans that were read of the table so far, by all transactions that ended.
  private func rowsRead(_ database: ThrowawayDatabase) async throws -> Int {
    let count = try await database.psql(
      """
      SELECT sum(idx_tup_read) + (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relid = 'public.events'::regclass)
      FROM pg_stat_user_indexes WHERE relid = 'public.events'::regclass
      """)
    return try #require(Int(count))
  }
}
