import Settings
import Testing

/// One wrong configuration and what is said about it.
struct WrongCase: Sendable, CustomTestStringConvertible {
  var storage = ""
  var database = ""
  var table = ""
  var end = ""
  let problem: String
  var hint: String?

  var testDescription: String { problem }
}

@Suite struct SettingsProblemTests {
  static let numbers: [WrongCase] = [
    .init(
      table: "batch_size: 0", problem: "10: databases[0].tables[0].batch_size: must be from 1 to 1000000 (found 0)"),
    .init(
      table: "batch_size: 1_000_001",
      problem: "10: databases[0].tables[0].batch_size: must be from 1 to 1000000 (found 1_000_001)"),
    .init(
      table: "batch_size: 99999999999999999999",
      problem: "10: databases[0].tables[0].batch_size: must be from 1 to 1000000 (found 99999999999999999999)"),
    .init(
      table: "batch_size: 1e3",
      problem: "10: databases[0].tables[0].batch_size: must be a whole number from 1 to 1000000 (found 1e3)"),
    .init(
      table: "batch_size: many rows",
      problem: "10: databases[0].tables[0].batch_size: must be a whole number from 1 to 1000000 (found \"many rows\")"),
    .init(
      table: "batch_size: 010",
      problem: "10: databases[0].tables[0].batch_size: must be a whole number from 1 to 1000000 (found 010)"),
    .init(
      table: "batch_size: [5]", problem: "10: databases[0].tables[0].batch_size: must be a single value (found a list)"),
    .init(
      table: "compression_level: 10",
      problem: "10: databases[0].tables[0].compression_level: must be from 1 to 9 (found 10)"),
    .init(
      table: "retention_days: -1",
      problem: "10: databases[0].tables[0].retention_days: must be from 0 to 100000 (found -1)"),
    .init(table: "workers: 65", problem: "10: databases[0].tables[0].workers: must be from 1 to 64 (found 65)"),
    .init(
      table: "pace: 0",
      problem: "10: databases[0].tables[0].pace: must be a number above 0 and up to 1, such as 0.5 (found 0)"),
    .init(
      table: "pace: 1.1",
      problem: "10: databases[0].tables[0].pace: must be a number above 0 and up to 1, such as 0.5 (found 1.1)"),
    .init(
      table: "pace: nan",
      problem: "10: databases[0].tables[0].pace: must be a number above 0 and up to 1, such as 0.5 (found nan)"),
    .init(storage: "max_attempts: 21", problem: "4: storage.max_attempts: must be from 1 to 20 (found 21)"),
    .init(database: "pool_size: 0", problem: "7: databases[0].pool_size: must be from 1 to 1000 (found 0)"),
    .init(
      end: "  - {name: b, port: 65536, tables: [{name: t, timestamp_column: c}]}",
      problem: "10: databases[1].port: must be from 1 to 65535 (found 65536)"),
  ]

  static let words: [WrongCase] = [
    .init(
      table: "partition: weekly",
      problem: "10: databases[0].tables[0].partition: must be one of day, month, year, none (found weekly)"),
    .init(
      table: "partition: Month",
      problem: "10: databases[0].tables[0].partition: must be one of day, month, year, none (found Month)",
      hint: "did you mean month?"),
    .init(
      storage: "addressing: pth", problem: "4: storage.addressing: must be one of auto, path, virtual (found pth)",
      hint: "did you mean path?"),
    .init(
      storage: "server_side_encryption: aes256",
      problem: "4: storage.server_side_encryption: must be one of none, AES256, aws:kms (found aes256)",
      hint: "did you mean AES256?"),
    .init(
      table: "transaction_timeout: 30",
      problem:
        "10: databases[0].tables[0].transaction_timeout: must be a duration such as 30m, 2h, 90s, 1d or 1h30m (found 30)",
      hint: "give the unit: 30s is 30 seconds"),
    .init(
      table: "transaction_timeout: 0s",
      problem: "10: databases[0].tables[0].transaction_timeout: must be from 1s to 7d (found 0s)"),
    .init(
      table: "hazards: [delete-triger]",
      problem:
        "10: databases[0].tables[0].hazards[0]: must be one of foreign-key-action, delete-trigger, delete-rule, row-security, no-index, invalid-row, published-delete (found delete-triger)",
      hint: "did you mean delete-trigger?"),
    .init(
      table: "hazards: [no-index, standby]",
      problem:
        "10: databases[0].tables[0].hazards[1]: must be one of foreign-key-action, delete-trigger, delete-rule, row-security, no-index, invalid-row, published-delete (found standby)",
      hint: "standby can never be accepted: give the primary server's address"),
    .init(
      table: "hazards: [no-index, no-index]",
      problem: "10: databases[0].tables[0].hazards[1]: is listed twice (first at [0])"),
    .init(
      table: "primary_key: id",
      problem: "10: databases[0].tables[0].primary_key: must be a list (found a single value)", hint: "write [id]"),
    .init(table: "primary_key: []", problem: "10: databases[0].tables[0].primary_key: must list at least one"),
    .init(
      table: "primary_key: [id, \"\"]",
      problem: "10: databases[0].tables[0].primary_key[1]: must not be empty (found \"\")"),
    .init(
      table: "where: {a: 1}", problem: "10: databases[0].tables[0].where: must be a single value (found a mapping)"),
    .init(
      table: "time_zone: \"U\\tC\"",
      problem: "10: databases[0].tables[0].time_zone: must not hold control characters (found \"U\\tC\")"),
    .init(
      storage: "storage_class: STANDRD",
      problem:
        "4: storage.storage_class: must be one of STANDARD, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, REDUCED_REDUNDANCY, EXPRESS_ONEZONE",
      hint: "did you mean STANDARD?"),
    .init(
      storage: "storage_class: GLACIER",
      problem: "4: storage.storage_class: must be a class that can be read at once (found GLACIER)",
      hint: "every object is read back before rows are deleted; let a lifecycle rule of the bucket move it later"),
  ]

  static let keys: [WrongCase] = [
    .init(
      table: "batchsize: 5", problem: "10: databases[0].tables[0].batchsize: is not a known key",
      hint: "did you mean batch_size?"),
    .init(
      table: "batch-size: 5", problem: "10: databases[0].tables[0].batch-size: is not a known key",
      hint: "did you mean batch_size?"),
    .init(
      table: "retentoin_days: 5", problem: "10: databases[0].tables[0].retentoin_days: is not a known key",
      hint: "did you mean retention_days?"),
    .init(
      table: "pool_size: 5", problem: "10: databases[0].tables[0].pool_size: is not a known key",
      hint: "pool_size belongs to a database"),
    .init(
      database: "batch_size: 5", problem: "7: databases[0].batch_size: is not a known key",
      hint: "batch_size belongs to a table"),
    .init(
      end: "surprise: 1", problem: "10: surprise: is not a known key",
      hint: "known here: version, storage, signing_key_file, metrics_file, webhook, defaults, databases"),
    .init(
      end: "${HOME}: 1", problem: "10: ${HOME}: is not a known key",
      hint: "known here: version, storage, signing_key_file, metrics_file, webhook, defaults, databases"),
    .init(end: "[a]: 1", problem: "10: has a key that is not a word"),
    .init(
      end: "defaults: {name: x}", problem: "10: defaults.name: is not a known key",
      hint: "name belongs to a database or a table"),
    .init(end: "defaults: [1]", problem: "10: defaults: must be a mapping (found a list)"),
    .init(end: "version: 1", problem: "10: version: is given twice (first on line 1)"),
    .init(storage: "url: s3://b", problem: "4: storage.url: is given twice (first on line 3)"),
    .init(table: "\"name\": x", problem: "10: databases[0].tables[0].name: is given twice (first on line 8)"),
  ]

  static let together: [WrongCase] = [
    .init(
      storage: "access_key_id: AKID", problem: "4: storage.access_key_id: is given without secret_access_key",
      hint: "give both, or neither to use the AWS chain of credentials"),
    .init(
      storage: "secret_access_key: sesame", problem: "4: storage.secret_access_key: is given without access_key_id",
      hint: "give both, or neither to use the AWS chain of credentials"),
    .init(storage: "kms_key_id: k", problem: "4: storage.kms_key_id: is only for server_side_encryption: aws:kms"),
    .init(
      database: "host: db", problem: "7: databases[0].host: cannot stand beside url",
      hint: "put it into the url, or give host, port, user, dbname and sslmode without a url"),
    .init(
      database: "pool_size: 2", table: "workers: 3",
      problem: "7: databases[0].pool_size: must be at least the workers of every table (found 2, events has 3 workers)",
      hint: "each worker holds a connection: raise pool_size, or lower workers"),
    .init(
      end: "  - {name: app, tables: [{name: t, timestamp_column: c}]}",
      problem: "10: databases[1].name: is the name of another database: app (first on line 5)",
      hint: "names keep the databases apart in the archive's paths"),
    .init(
      end: "      - {name: events, timestamp_column: c}",
      problem: "10: databases[0].tables[1].name: is listed twice: public.events (first on line 8)"),
    .init(
      end: "      - {name: audit.log, timestamp_column: c}",
      problem: "10: databases[0].tables[1].name: must be a name without its schema",
      hint: "write schema: audit and name: log; for a dot within a name give schema: as well"),
    .init(
      end: "      - {name: b}", problem: "10: databases[0].tables[1].timestamp_column: is required",
      hint: "column with the row's time: date, timestamp or timestamptz"),
    .init(
      end: "      - {timestamp_column: b}", problem: "10: databases[0].tables[1].name: is required",
      hint: "name of the table, without its schema"),
    .init(end: "      - b", problem: "10: databases[0].tables[1]: must be a mapping (found a single value)"),
    .init(end: "  - {name: b}", problem: "10: databases[1].tables: is required", hint: "the tables to archive"),
    .init(end: "  - {name: b, tables: []}", problem: "10: databases[1].tables: must list at least one"),
  ]

  @Test(arguments: numbers + words + keys + together)
  func eachMistakeIsNamedWithItsLineKeyAndWayOut(wrong: WrongCase) {
    let text = Sample.yaml(storage: wrong.storage, database: wrong.database, table: wrong.table, end: wrong.end)
    let found = problems(text)
    #expect(found.map(\.description) == ["archiver.yaml:\(wrong.problem)"])
    #expect(found.first?.hint == wrong.hint)
  }

  @Test(arguments: [
    ("{}", ["1: version: is required", "1: storage: is required", "1: databases: is required"]),
    ("version: 1\nstorage:\ndatabases: []", ["2: storage: is required", "3: databases: must list at least one"]),
    (
      "version: 1\n\nstorage: {url: \"\"}\ndatabases: x",
      ["3: storage.url: is required", "4: databases: must be a list (found a single value)"]
    ),
    ("[1]", ["1: must be a mapping (found a list)"]),
  ])
  func aFileWithTooLittleInItSaysAllThatIsMissing(text: String, expected: [String]) {
    #expect(descriptions(text) == expected.map { "archiver.yaml:\($0)" })
  }

  @Test(arguments: ["2", "0", "one", "1.0", "[1]"])
  func aVersionOtherThanOneIsRefused(version: String) {
    let found = problems(Sample.minimal.replacing("version: 1", with: "version: \(version)"))
    #expect(found.map(\.key) == ["version"])
  }

  @Test func allMistakesOfAFileComeInOneGoInTheOrderOfItsLines() {
    let text = Sample.yaml(
      storage: "max_attempts: 0\nregion: ${REGION}\nregion: x\nadressing: path", database: "port: x\nhost: h",
      table: "batch_size: 0\nbatch_size: 1\npace: 2\nhazards: [a, b]", end: "extra: 1\nextra: 2")
    let found = problems(text)
    #expect(
      found.map { "\($0.line ?? 0) \($0.key)" } == [
        "4 storage.max_attempts", "5 storage.region", "6 storage.region", "7 storage.adressing", "11 databases[0].port",
        "11 databases[0].port", "12 databases[0].host", "16 databases[0].tables[0].batch_size",
        "17 databases[0].tables[0].batch_size", "18 databases[0].tables[0].pace",
        "19 databases[0].tables[0].hazards[0]", "19 databases[0].tables[0].hazards[1]", "20 extra", "21 extra",
      ])
  }

  @Test func anErrorPrintsAsOneLineAProblemWithItsHintBelow() {
    let error = #expect(throws: SettingsError.self) {
      _ = try load(Sample.yaml(table: "batch_size: 0\npartition: dya"))
    }
    #expect(
      error?.description == """
        archiver.yaml:10: databases[0].tables[0].batch_size: must be from 1 to 1000000 (found 0)
        archiver.yaml:11: databases[0].tables[0].partition: must be one of day, month, year, none (found dya)
          hint: did you mean day?
        """)
  }

  @Test func aMistakeInDefaultsIsReportedOnceThere() {
    let text = Sample.yaml(end: "      - {name: b, timestamp_column: c}\ndefaults: {batch_size: 0}")
    #expect(descriptions(text) == ["archiver.yaml:11: defaults.batch_size: must be from 1 to 1000000 (found 0)"])
  }
}
