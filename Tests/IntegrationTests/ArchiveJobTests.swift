import ArchiveModel
import Foundation
import Logging
import ObjectStore
import Operations
import Postgres
import TestSupport
import Testing

/// The archive job called as a library, where the command line cannot see inside.
@Suite struct ArchiveJobTests {
  static func context() -> JobContext {
    JobContext(
      runID: UUIDv7(unixMilliseconds: Timestamp.now.unixMilliseconds),
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), progress: SilentProgress(),
      stop: StopRequest())
  }

  static func source(_ database: ThrowawayDatabase, batchSize: Int = 300, workers: Int = 1) -> DatabaseSource {
    let name = TableName(database: "app", schema: "public", table: "events")
    return DatabaseSource(
      name: "app", parameters: ConnectionParameters(url: database.url), poolSize: 5, ledgerSchema: "archiver",
      tables: [
        TableSource(
          name: name, timestampColumn: "created_at", timeZone: "UTC", primaryKey: nil, predicate: nil,
          retentionDays: 90,
          batchSize: batchSize, compressionLevel: 6, partition: .day, transactionTimeout: .seconds(60),
          workers: workers,
          limits: ImpactLimits(), acceptedHazards: [])
      ])
  }

  @Test(arguments: [1, 3])
  func `workers share a table without overlap`(workers: Int) async throws {
    try await withArchiveScenario(rows: 2000) { scenario in
      let store = DirectoryStore(root: scenario.directory.path + "/storage")
      let request = ArchiveRequest(databases: [Self.source(scenario.database, workers: workers)])
      let report = try await ArchiveJob(request: request, store: store, context: Self.context()).run()
      let table = try #require(report.tables.first)
      #expect(table.error == nil, "\(String(describing: table.error))")
      #expect(table.rows == 2000)
      #expect(table.remaining == 0)
      let left = try await scenario.database.psql("SELECT count(*) FROM public.events")
      #expect(left == "50")
      var ids: Set<String> = []
      for archived in try await ArchiveReader(store: store).batches(Selection()) {
        let manifest = archived.manifest
        #expect(
          manifest.counts
            == .init(
              database: manifest.rowCount, fetched: manifest.rowCount, stored: manifest.rowCount,
              deleted: manifest.rowCount))
        for object in manifest.objects {
          let content = try await ObjectContent.read(object, from: store)
          content.forEachLine { line, _ in
            var bytes: [UInt8] = []
            for index in line.indices { bytes.append(line[index]) }
            let id = String(decoding: bytes.prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self)
            #expect(ids.insert(id).inserted)
          }
        }
      }
      #expect(ids.count == 2000)
    }
  }
}
