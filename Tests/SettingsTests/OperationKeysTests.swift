import ArchiveModel
import Foundation
import Settings
import Testing

/// Keys that say when and how gently a run works, and who is told.
@Suite struct OperationKeysTests {
  @Test func `limits are read, from defaults as well`() throws {
    let text = Sample.yaml(
      table: "max_replica_lag: 30s\nmax_rows_per_second: 5_000",
      end: "defaults: {window: \"22:00-04:00\", pause_file: /run/archiver.pause}")
    let table = try load(text).databases[0].tables[0]
    #expect(table.maximumReplicaLag == .seconds(30) && table.maximumRowsPerSecond == 5000)
    #expect(table.window == DailyWindow("22:00-04:00") && table.pauseFile == "/run/archiver.pause")
    #expect(try load(load(text).redactedYAML()).databases == load(text).databases)
  }

  @Test(arguments: ["1:00-5:00", "05:00-05:00", "always", "\"01:00\"", "25:00-26:00"])
  func `what is no window is refused`(window: String) {
    #expect(
      descriptions(Sample.yaml(table: "window: \(window)")).first?.contains("must be two different times") == true)
  }

  @Test(arguments: [
    "https://hooks.example.com/x?token=sesame", "http://localhost:9000/a", "http://127.0.0.1/a", "http://[::1]:80/",
  ])
  func `a webhook is a secret`(url: String) throws {
    let configuration = try load(Sample.yaml(end: "webhook: {url: \"\(url)\"}\nmetrics_file: /var/lib/a.prom"))
    #expect(configuration.webhook?.url.reveal() == url && configuration.metricsFile == "/var/lib/a.prom")
    #expect(!configuration.redactedYAML().contains(url) && !configuration.redactedJSON().contains("sesame"))
    #expect(configuration.redacting("told \(url) twice: \(url)") == "told *** twice: ***")
  }

  @Test(arguments: ["pass\"word", "back\\slash", "a/b/c/d", "plain-secret"])
  func `a secret is taken out in every spelling`(secret: String) throws {
    let configuration = try load(Sample.yaml(database: "password: \"${PW}\""), ["PW": secret])
    for options: JSONEncoder.OutputFormatting in [[], .withoutEscapingSlashes] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = options
      let text = String(decoding: try encoder.encode(["cause": "it said \(secret)!"]), as: UTF8.self)
      #expect(configuration.redacting(text) == #"{"cause":"it said ***!"}"#)
    }
    #expect(configuration.redacting("it said \(secret)!") == "it said ***!")
  }

  @Test(arguments: [
    "http://hooks.example.com/sesame", "http://localhost.evil.example/sesame", "http://127.0.0.1@evil/sesame",
    "http://localhost:1@evil/sesame", "ftp://a/sesame", "https://", "https:///sesame", "https://a b/sesame",
  ])
  func `a webhook elsewhere needs https, and is never quoted`(url: String) {
    let found = descriptions(Sample.yaml(end: "webhook: {url: \"\(url)\"}"))
    #expect(
      found.count == 1 && found[0].contains("must be an https:// URL") && !found[0].contains("sesame"), "\(found)")
  }
}
