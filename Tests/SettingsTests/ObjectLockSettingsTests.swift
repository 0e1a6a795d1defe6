import Settings
import Testing

@Suite struct ObjectLockSettingsTests {
  @Test func aLockAndAKeyReachTheirProperties() throws {
    let text = Sample.yaml(
      storage: "object_lock: {mode: compliance, days: 365, legal_hold: true}", end: "signing_key_file: /etc/key.pem")
    let configuration = try load(text)
    let lock = try #require(configuration.storage.objectLock)
    #expect(lock.mode == .compliance)
    #expect(lock.days == 365)
    #expect(lock.legalHold)
    #expect(configuration.signingKeyFile == "/etc/key.pem")
    #expect(try load(configuration.redactedYAML()) == configuration)
  }

  @Test func nothingIsLockedOrSignedUnlessAskedFor() throws {
    let configuration = try load(Sample.minimal)
    #expect(configuration.storage.objectLock == nil)
    #expect(configuration.signingKeyFile == nil)
  }

  @Test(arguments: [
    ("{}", "4: storage.object_lock: locks nothing"),
    ("{legal_hold: false}", "4: storage.object_lock: locks nothing"),
    ("{mode: governance}", "4: storage.object_lock.mode: is given without days"),
    ("{days: 3}", "4: storage.object_lock.days: is given without mode"),
    ("{mode: strict, days: 3}", "4: storage.object_lock.mode: must be one of governance, compliance (found strict)"),
    ("{mode: governance, days: 0}", "4: storage.object_lock.days: must be from 1 to 36500 (found 0)"),
    ("{legal_hold: yes}", "4: storage.object_lock.legal_hold: must be true or false (found yes)"),
    ("[governance]", "4: storage.object_lock: must be a mapping (found a list)"),
  ])
  func whatCannotBeMeantIsReported(value: String, problem: String) {
    #expect(descriptions(Sample.yaml(storage: "object_lock: \(value)")).first == "archiver.yaml:" + problem)
  }

  @Test func aDirectoryCannotLock() {
    let text = Sample.yaml(storage: "object_lock: {legal_hold: true}")
      .replacing("s3://bucket/prefix", with: "file:///srv/archive")
    #expect(descriptions(text) == ["archiver.yaml:4: storage.object_lock: is only for an s3:// storage"])
  }
}
