import Testing
@testable import Settings
@Test func tryout() throws {
  print(try load(Sample.minimal).redactedYAML())
  let text = Sample.yaml(storage: """
    endpoint: s3.example.com
    access_key_id: x
    storage_class: GLACIER
    kms_key_id: k
    adressing: path
    max_attempts: 21
    addressing: pth
    region: ${REGION}
    """, database: """
    host: db
    password: x
    poolsize: 5
    retention_days: 3
    port: [1]
    name: other
    """, table: """
    batch_size: 0
    batch_size: 4
    batch_size: 4
    compression_level: ten
    partition: Day
    transaction_timeout: 30
    workers: 9
    pace: 1.5
    hazards: [no-primary-key, delete-triger, delete-rule, delete-rule]
    primary_key: id
    where: {a: 1}
    """, end: "surprise: 1\ndefaults: [1]\n")
  do { _ = try load(text) } catch { print(error) }
  do { _ = try load("a: [1, 2\nb: 3") } catch { print(error) }
  do { _ = try load("a:\n\tb: 3") } catch { print(error) }
  do { _ = try load("a: @x\n") } catch { print(error) }
  do { _ = try load("\n#x\n") } catch { print(error) }
  do { _ = try load("{}") } catch { print(error) }
  do { _ = try load("version: 1\nstorage:\ndatabases: []") } catch { print(error) }
  do { _ = try load("a: *b") } catch { print(error) }
  do { _ = try load("a: 1\n---\nb: 1") } catch { print(error) }
  do { _ = try load("a: \u{1} 1\n---\nb: 1") } catch { print(error) }
  do { _ = try load(String(repeating: "[", count: 900)) } catch { print(error) }
  do { _ = try load(String(repeating: "[", count: 900) + String(repeating: "]", count: 900)) } catch { print(error) }
  do { _ = try load(String(repeating: "[", count: 9000) + String(repeating: "]", count: 9000)) } catch { print(error) }
  for p in ["/nowhere", "/tmp", "/etc/passwd"] {
    do { _ = try Configuration.load(path: p, environment: [:]) } catch { print(error) }
  }
  print(ConfigurationSchema.json())
}
