import Foundation
import Settings
import Testing

/// A section of the JSON Schema, by the way to it.
struct SchemaSection: Sendable, CustomTestStringConvertible {
  let name: String
  let path: [String]

  var testDescription: String { name }

  static let all = [
    SchemaSection(name: "top level", path: []), SchemaSection(name: "storage", path: ["storage"]),
    SchemaSection(name: "object lock", path: ["storage", "object_lock"]),
    SchemaSection(name: "defaults", path: ["defaults"]), SchemaSection(name: "database", path: ["databases"]),
    SchemaSection(name: "table", path: ["databases", "tables"]), SchemaSection(name: "webhook", path: ["webhook"]),
  ]

  /// The section's object schema.
  func schema() throws -> [String: Any] {
    let root = try JSONSerialization.jsonObject(with: Data(ConfigurationSchema.json().utf8)) as? [String: Any]
    var schema = try #require(root)
    for step in path {
      let properties = try #require(schema["properties"] as? [String: Any])
      schema = try #require(properties[step] as? [String: Any])
      if let items = schema["items"] as? [String: Any] { schema = items }
    }
    return schema
  }

  func keys() throws -> [String] {
    try #require(try schema()["properties"] as? [String: Any]).keys.sorted()
  }
}

@Suite struct ConfigurationSchemaTests {
  /// The keys of the contract, written down once more so that none can be lost from the table of keys unnoticed.
  static let contract: [(section: Int, keys: String)] = [
    (0, "databases defaults metrics_file signing_key_file storage version webhook"),
    (
      1,
      "access_key_id addressing allow_http endpoint kms_key_id max_attempts object_lock profile region "
        + "secret_access_key secret_access_key_file server_side_encryption storage_class url"
    ),
    (2, "days legal_hold mode"),
    (
      3,
      "batch_size compression_level hazards max_replica_lag max_rows_per_second pace partition pause_file primary_key "
        + "retention_days schema time_zone timestamp_column transaction_timeout where window workers"
    ),
    (4, "dbname host ledger name password password_file pool_size port sslmode tables url user"),
    (
      5,
      "batch_size compression_level hazards max_replica_lag max_rows_per_second name pace partition pause_file "
        + "primary_key retention_days schema time_zone timestamp_column transaction_timeout where window workers"
    ),
    (6, "url"),
  ]

  @Test func theSchemaHasTheKeysOfTheContractAndNoOther() throws {
    for (section, keys) in Self.contract {
      #expect(try SchemaSection.all[section].keys().joined(separator: " ") == keys)
      #expect(try SchemaSection.all[section].schema()["additionalProperties"] as? Bool == false)
    }
  }

  @Test(arguments: SchemaSection.all)
  func theReaderTakesTheKeysOfTheSchemaAndNoOther(section: SchemaSection) throws {
    for key in try section.keys() + ["no_such_key"] {
      var line = "{? \(key) : }"
      for step in section.path.reversed() {
        line =
          ["storage", "object_lock", "defaults", "webhook"].contains(step)
          ? "{\(step): \(line)}" : "{\(step): [\(line)]}"
      }
      let unknown = problems(line).filter { $0.message == "is not a known key" }
      #expect(unknown.isEmpty == (key != "no_such_key"), "\(key)")
    }
  }

  @Test func theSchemaSaysItsDialectAndDescribesEveryKey() throws {
    let root = try SchemaSection.all[0].schema()
    #expect(root["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
    for section in SchemaSection.all {
      let properties = try #require(try section.schema()["properties"] as? [String: [String: Any]])
      for (key, schema) in properties { #expect(schema["description"] is String, "\(key)") }
    }
  }
}
