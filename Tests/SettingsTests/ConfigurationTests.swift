import ArchiveModel
import Settings
import Testing

@Suite struct ConfigurationTests {
  @Test func everyKeyOfTheContractReachesItsProperty() throws {
    let text = """
      version: 1
      storage:
        url: s3://acme-archive/prod
        region: eu-west-1
        endpoint: ${S3_ENDPOINT:-https://s3.example.com}
        addressing: path
        access_key_id: ${ARCHIVE_KEY}
        secret_access_key: ${ARCHIVE_SECRET}
        profile: nightly
        storage_class: STANDARD_IA
        server_side_encryption: aws:kms
        kms_key_id: alias/archive
        max_attempts: 7
      databases:
        - name: app
          host: db.internal
          port: 6432
          user: archiver
          dbname: app
          sslmode: verify-full
          password: ${APP_DB_PASSWORD}
          pool_size: 8
          ledger: none
          tables:
            - name: events
              schema: audit
              timestamp_column: created_at
              time_zone: Europe/Paris
              primary_key: [tenant, id]
              where: "tenant_id <> 7"
              retention_days: 365
              batch_size: 1_000
              compression_level: 9
              partition: month
              transaction_timeout: 1h30m
              workers: 8
              pace: 0.25
              hazards: [foreign-key-action, no-index]
      """
    let environment = ["ARCHIVE_KEY": "AKID", "ARCHIVE_SECRET": "sesame", "APP_DB_PASSWORD": "pa$$: {word}"]
    let configuration = try load(text, environment)

    let storage = configuration.storage
    #expect(storage.url == "s3://acme-archive/prod")
    #expect(storage.region == "eu-west-1")
    #expect(storage.endpoint == "https://s3.example.com")
    #expect(storage.addressing == .path)
    #expect(storage.accessKeyID == "AKID")
    #expect(storage.secretAccessKey?.reveal() == "sesame")
    #expect(storage.profile == "nightly")
    #expect(storage.storageClass == "STANDARD_IA")
    #expect(storage.serverSideEncryption == .kms(keyID: "alias/archive"))
    #expect(storage.maximumAttempts == 7)

    let database = try #require(configuration.databases.first)
    #expect(database.name == "app")
    #expect(database.url == nil)
    #expect(database.host == "db.internal")
    #expect(database.port == 6432)
    #expect(database.user == "archiver")
    #expect(database.dbname == "app")
    #expect(database.sslmode == .verifyFull)
    #expect(database.password?.reveal() == "pa$$: {word}")
    #expect(database.poolSize == 8)
    #expect(database.ledger == .none)

    let table = try #require(database.tables.first)
    #expect(table.name == "events")
    #expect(table.schema == "audit")
    #expect(table.timestampColumn == "created_at")
    #expect(table.timeZone == "Europe/Paris")
    #expect(table.primaryKey == ["tenant", "id"])
    #expect(table.predicate == "tenant_id <> 7")
    #expect(table.retentionDays == 365)
    #expect(table.batchSize == 1_000)
    #expect(table.compressionLevel == 9)
    #expect(table.partition == .month)
    #expect(table.transactionTimeout == .seconds(5_400))
    #expect(table.workers == 8)
    #expect(table.pace == 0.25)
    #expect(table.hazards == ["foreign-key-action", "no-index"])
  }

  @Test func whatIsLeftOutTakesTheDefaultsOfTheContract() throws {
    let configuration = try load(Sample.minimal)
    let storage = configuration.storage
    #expect(storage.region == nil && storage.endpoint == nil && storage.profile == nil)
    #expect(storage.accessKeyID == nil && storage.secretAccessKey == nil)
    #expect(storage.addressing == .auto)
    #expect(storage.storageClass == "STANDARD")
    #expect(storage.serverSideEncryption == .none)
    #expect(storage.maximumAttempts == 3)
    let database = try #require(configuration.databases.first)
    #expect(database.poolSize == 5)
    #expect(database.ledger == .schema("archiver"))
    #expect(database.password == nil && database.sslmode == nil)
    let table = try #require(database.tables.first)
    #expect(table.schema == "public")
    #expect(table.timeZone == "UTC")
    #expect(table.primaryKey == nil && table.predicate == nil)
    #expect(table.retentionDays == 90)
    #expect(table.batchSize == 10_000)
    #expect(table.compressionLevel == 6)
    #expect(table.partition == .day)
    #expect(table.transactionTimeout == .seconds(1_800))
    #expect(table.workers == 1)
    #expect(table.pace == 1)
    #expect(table.hazards == [])
  }

  @Test func aTablesOwnValueWinsOverDefaultsWhereverTheyStand() throws {
    let text = Sample.yaml(
      table: "batch_size: 7\nhazards: []",
      end: """
        defaults:
          batch_size: 500
          retention_days: 30
          schema: audit
          primary_key: [id]
          where: "live"
          hazards: [no-index]
        """)
    let table = try #require(try load(text).databases.first?.tables.first)
    #expect(table.batchSize == 7)
    #expect(table.retentionDays == 30)
    #expect(table.schema == "audit")
    #expect(table.primaryKey == ["id"])
    #expect(table.predicate == "live")
    #expect(table.hazards == [])
  }

  @Test func defaultsMayHoldTheTimestampColumn() throws {
    let text = """
      {version: 1, storage: {url: "file:///srv/archive"}, defaults: {timestamp_column: at},
       databases: [{name: app, tables: [{name: a}, {name: b, timestamp_column: ts}]}]}
      """
    #expect(try load(text).databases.first?.tables.map(\.timestampColumn) == ["at", "ts"])
  }

  @Test(arguments: ["", "\"\"", "''", "~", "null", "${NOTHING:-}", "${EMPTY}", "\"${EMPTY:-}\""])
  func anEmptyValueLeavesAKeyUnset(value: String) throws {
    let text = Sample.yaml(
      storage: "region: \(value)\nmax_attempts: \(value)\naccess_key_id: \(value)\nsecret_access_key: \(value)",
      database: "host: \(value)\nport: \(value)\npassword: \(value)\nsslmode: \(value)",
      table: "batch_size: \(value)\nprimary_key: \(value)\nwhere: \(value)\npartition: \(value)\ntime_zone: \(value)")
    #expect(try load(text, ["EMPTY": ""]) == load(Sample.minimal))
  }

  @Test(arguments: ["yes", "true", "123", "150", "null-ish", "0x1F", "2024-01-01"])
  func aNameThatYAMLWouldTakeForSomethingElseStaysText(name: String) throws {
    let text = Sample.minimal.replacing("name: events", with: "name: \(name)")
    #expect(try load(text).databases.first?.tables.first?.name == name)
  }

  @Test func typesAreJudgedAfterSubstitution() throws {
    let text = Sample.yaml(
      table:
        "batch_size: ${BATCH:-500}\npace: \"${PACE}\"\nworkers: \"4\"\npartition: ${UNIT}\nhazards: [\"${HAZARD}\"]")
    let environment = ["PACE": "0.5", "UNIT": "year", "HAZARD": "no-index"]
    let table = try #require(try load(text, environment).databases.first?.tables.first)
    #expect(table.batchSize == 500)
    #expect(table.pace == 0.5)
    #expect(table.workers == 4)
    #expect(table.partition == .year)
    #expect(table.hazards == ["no-index"])
  }

  @Test(arguments: [
    ("AES256", StorageSettings.ServerSideEncryption.aes256), ("aws:kms", .kms(keyID: nil)), ("none", .none),
  ])
  func encryptionByWord(word: String, expected: StorageSettings.ServerSideEncryption) throws {
    #expect(try load(Sample.yaml(storage: "server_side_encryption: \(word)")).storage.serverSideEncryption == expected)
  }

  @Test func aStoreOfItsOwnMayHaveItsOwnStorageClasses() throws {
    let text = Sample.yaml(storage: "endpoint: https://s3.example.com\nstorage_class: NVME")
    #expect(try load(text).storage.storageClass == "NVME")
  }

  @Test func aDotInATableNameIsTakenWhenTheSchemaIsGivenToo() throws {
    let text = Sample.minimal.replacing("name: events", with: "name: a.b\n        schema: s")
    #expect(try load(text).databases.first?.tables.first?.name == "a.b")
  }

  @Test func equalTableNamesInTwoSchemasAreTwoTables() throws {
    let text = Sample.yaml(end: "      - {name: events, schema: other, timestamp_column: at}")
    #expect(try load(text).databases.first?.tables.map(\.schema) == ["public", "other"])
  }

  @Test func anchorsAliasesAndMergeKeysWork() throws {
    let text = Sample.yaml(
      end: """
              - &base
                name: a
                timestamp_column: at
                batch_size: &size 11
                hazards: &accepted [no-index]
              - <<: *base
                name: b
                retention_days: *size
              - {<<: [{name: c, workers: 2}, *base], hazards: *accepted}
        """)
    let tables = try #require(try load(text).databases.first?.tables)
    #expect(tables.map(\.name) == ["events", "a", "b", "c"])
    #expect(tables.map(\.batchSize) == [10_000, 11, 11, 11])
    #expect(tables.map(\.retentionDays) == [90, 90, 11, 90])
    #expect(tables.map(\.workers) == [1, 1, 1, 2])
  }

  @Test func aFileMayHaveAByteOrderMarkAndWindowsLineEnds() throws {
    let text = "\u{FEFF}" + Sample.minimal.replacing("\n", with: "\r\n")
    #expect(try load(text) == load(Sample.minimal))
  }
}
