import ArchiveModel
import ObjectStore
import Operations
import Postgres
import Settings
import Testing

@testable import CommandLine

@Suite struct JobInputsTests {
  static func configuration(storage: String, table: String = "") throws -> Configuration {
    try Configuration.load(
      text: """
        version: 1
        storage: \(storage)
        databases:
          - name: app
            host: db.internal
            port: 6432
            user: archiver
            dbname: production
            password: s3cret
            ledger: none
            tables:
              - {name: events, timestamp_column: created_at\(table)}
              - {name: log, schema: audit, timestamp_column: at}
        """, fileName: "archiver.yaml", environment: [:])
  }

  let runID = UUIDv7(unixMilliseconds: 1)

  @Test func `a database takes its settings over and is named after the run`() throws {
    let settings = try Self.configuration(
      storage: "{url: 'file:///a'}", table: ", batch_size: 7, hazards: [delete-rule]")
    var selection = Selection()
    selection.tables = [.init(schema: nil, table: "events")]
    let source = JobInputs.database(try #require(settings.databases.first), selection: selection, runID: runID)
    #expect(source.name == "app" && source.ledgerSchema == nil)
    let place = source.parameters.redactedDescription
    for part in ["db.internal", "6432", "production"] { #expect(place.contains(part), "\(place)") }
    #expect(source.parameters.password == "s3cret" && !place.contains("s3cret"))
    #expect(source.parameters.applicationName == "archiver \(runID)")
    #expect(source.tables.map(\.name.description) == ["app.public.events"])
    #expect(source.tables.first?.batchSize == 7 && source.tables.first?.acceptedHazards == ["delete-rule"])
  }

  @Test(arguments: [
    ("{url: 'file:///srv/archive'}", "file:///srv/archive"),
    ("{url: 's3://acme/prod', region: eu-west-1, access_key_id: a, secret_access_key: b}", "s3://acme/prod"),
  ])
  func `a storage is opened by its URL`(storage: String, location: String) throws {
    let settings = try Self.configuration(storage: storage)
    let store = try JobInputs.store(settings.storage, runID: runID)
    #expect(store.location.hasPrefix(location))
  }
}
