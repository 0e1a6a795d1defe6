import Settings
import Testing

@Suite struct RedactionTests {
  static let text = """
    version: 1
    storage: {url: "s3://bucket", access_key_id: AKID, secret_access_key: "${SECRET}"}
    defaults: {retention_days: 30, transaction_timeout: 5400s}
    databases:
      - name: "a: b #c"
        url: postgresql://archiver:sesame-url@db/app?sslmode=require
        tables:
          - {name: "yes", timestamp_column: at, where: "x = '$$1' -- \\"quoted\\" \\\\ é\\n", primary_key: [id, "a,b"]}
          - {name: "12", timestamp_column: at, hazards: [no-index, delete-rule], partition: none}
      - {name: other, password: sesame-password, ledger: none, tables: [{name: t, timestamp_column: at}]}
    """

  private func configuration() throws -> Configuration {
    try load(Self.text, ["SECRET": "sesame-secret"])
  }

  @Test func secretsAreShownAsStars() throws {
    for shown in [try configuration().redactedYAML(), try configuration().redactedJSON()] {
      #expect(!shown.contains("sesame"))
      #expect(shown.split(separator: "\"***\"", omittingEmptySubsequences: false).count == 4)
    }
  }

  @Test func whatIsShownIsTheWholeEffectiveConfigurationAndReadsBackAsItself() throws {
    let shown = try configuration().redactedYAML()
    let masked = Self.text.replacing("sesame-url", with: "***").replacing("sesame-password", with: "\"***\"")
    #expect(try load(shown) == load(masked, ["SECRET": "***"]))
    #expect(try load(shown).redactedYAML() == shown)
    #expect(shown.contains("retention_days: 30\n") && shown.contains("batch_size: 10000\n"))
    #expect(shown.contains("ledger: archiver\n") && shown.contains("ledger: none\n"))
    #expect(!shown.contains("defaults:"))
  }

  @Test func aSecretPrintsAsStarsInEveryForm() {
    let secret = Secret("sesame")
    var dumped = ""
    dump(["a": secret], to: &dumped)
    for text in ["\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])", dumped] {
      #expect(!text.contains("sesame"))
    }
    #expect(secret.reveal() == "sesame")
  }

  @Test func dumpingAConfigurationShowsNoSecret() throws {
    var dumped = ""
    dump(try configuration(), to: &dumped)
    #expect(!dumped.contains("sesame"))
  }

  @Test func problemsHoldNoSecret() {
    let text = """
      version: 1
      storage: {url: "s3://AKID:sesame@b", secret_access_key: sesame, endpoint: "https://a:sesame@b"}
      databases:
        - {name: a, password: [sesame], url: "postgresql://u:ses@sesame@h/d", port: "${PW}", tables: [{name: t, timestamp_column: c}]}
        - {name: b, password: "sesame${", url: "mysql://u:sesame@h", passwd: sesame, tables: [{name: t, timestamp_column: c}]}
      """
    let found = problems(text, ["PW": "sesame"])
    #expect(Set(found.map(\.key)).count == 9)
    for problem in found { #expect(!"\(problem) \(problem.hint ?? "")".contains("sesame")) }
  }
}
