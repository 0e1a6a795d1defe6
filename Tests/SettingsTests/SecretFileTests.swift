import TestSupport
import Testing

@testable import Settings

@Suite struct SecretFileTests {
  private static func storage(_ path: String, more: String = "") -> String {
    Sample.yaml(storage: "access_key_id: AK\nsecret_access_key_file: \(path)\n\(more)")
  }

  private static func database(_ path: String, more: String = "") -> String {
    Sample.yaml(database: "password_file: \(path)\n\(more)")
  }

  @Test func secretsAreReadFromFilesAndNeverShown() throws {
    try withTemporaryDirectory { directory in
      let path = try directory.write("sesame: {$x} \n", to: "secret")
      let storage = try load(Self.storage(path))
      #expect(storage.storage.secretAccessKeyInFile?.reveal() == "sesame: {$x} ")
      let database = try load(Self.database(path))
      #expect(database.databases[0].passwordInFile?.reveal() == "sesame: {$x} ")
      for configuration in [storage, database] {
        let shown = configuration.redactedYAML()
        #expect(!shown.contains("sesame") && shown.contains(path))
        let again = try load(shown)
        #expect(again == configuration)
      }
    }
  }

  @Test(arguments: ["password", "secret_access_key"]) func aFileThatHoldsNoSecretIsAProblem(key: String) throws {
    try withTemporaryDirectory { directory in
      let secret = try directory.write("sesame", to: "secret")
      let text = key == "password" ? Self.database : Self.storage
      for (path, more, message) in [
        ("/nonexistent", "", "names a file that cannot be read: /nonexistent"),
        (try directory.write("\n", to: "empty"), "", "names an empty file: \(directory.path)/empty"),
        (secret, "\(key): other", "cannot stand beside \(key)"),
      ] {
        let found = problems(text(path, more))
        #expect(found.map(\.message) == [message])
        #expect(found.first?.key.hasSuffix("\(key)_file") == true && found.first?.line != nil)
      }
    }
  }

  @Test func aPasswordInTheURLAndInAFileIsOneTooMany() {
    let text = Sample.minimal.replacing("archiver@db", with: "archiver:sesame@db")
      .replacing("    tables:", with: "    password_file: /nonexistent\n    tables:")
    #expect(problems(text).map(\.message) == ["is given twice: here and within url"])
  }
}
