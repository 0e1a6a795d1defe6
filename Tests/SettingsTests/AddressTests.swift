import Testing

@testable import Settings

@Suite struct AddressTests {
  @Test(arguments: [
    "s3://b", "s3://bucket/", "s3://my.bucket-1/a/b c/é", "file:///srv/archive", "file:///srv/archive dir/",
  ])
  func storageAddressesAreTaken(url: String) throws {
    let text = Sample.minimal.replacing("s3://bucket/prefix", with: url)
    #expect(try load(text).storage.url == url)
  }

  @Test(arguments: [
    "s3://", "s3:///prefix", "s3:bucket", "S3://bucket", "https://bucket.s3.amazonaws.com", "bucket", "/srv/archive",
    "file://srv/archive", "file:/srv", "file:///", "file:////", "s3://b?region=x", "s3://b#x", "s3://KEY:sesame@bucket",
    "s3://b:9000/x", "gs://b",
  ])
  func otherStorageAddressesAreRefusedWithoutQuotingThem(url: String) {
    let found = problems(Sample.minimal.replacing("s3://bucket/prefix", with: "\"\(url)\""))
    #expect(found.map(\.key) == ["storage.url"])
    #expect(found.first?.message.hasPrefix("must be s3://bucket/prefix or file:///absolute/directory") == true)
    #expect(found.first?.message.contains("sesame") == false)
  }

  @Test(arguments: ["http://127.0.0.1:9000", "https://s3.example.com", "https://example.com/s3/", "http://[::1]:9000"])
  func endpointsAreTaken(url: String) throws {
    #expect(try load(Sample.yaml(storage: "endpoint: \"\(url)\"")).storage.endpoint == url)
  }

  @Test(arguments: [
    "s3.example.com", "localhost:9000", "https://", "https:///x", "http://:9000", "ftp://x", "https://a b",
    "https://user:sesame@host", "https://host?x", "https://host#x",
  ])
  func otherEndpointsAreRefusedWithoutQuotingThem(url: String) {
    let found = problems(Sample.yaml(storage: "endpoint: \"\(url)\""))
    #expect(found.map(\.key) == ["storage.endpoint"])
    #expect(found.first?.message.hasPrefix("must be a URL such as https://s3.example.com:9000") == true)
    #expect(found.first?.message.contains("sesame") == false)
  }

  @Test(arguments: [
    ("postgresql://u@h:5432/db?sslmode=require", "postgresql://u@h:5432/db?sslmode=require", nil),
    ("postgres:///db?host=/run/postgresql", "postgres:///db?host=/run/postgresql", nil),
    ("postgresql://u:pw@h/db", "postgresql://u@h/db", "pw"), ("postgresql://u:@h/db", "postgresql://u@h/db", nil),
    ("postgresql://u:p%40%2F%C3%A9w@h1:1,h2:2/db", "postgresql://u@h1:1,h2:2/db", "p@/éw"),
    ("postgresql://u:p?w#x@h/db", "postgresql://u@h/db", "p?w#x"), ("postgresql://:pw@h", "postgresql://@h", "pw"),
    ("postgresql://h/db?password=pw&sslmode=require", "postgresql://h/db?sslmode=require", "pw"),
    ("postgresql://h?password=pw", "postgresql://h", "pw"), ("postgresql://", "postgresql://", nil),
  ])
  func aPasswordWithinAConnectionURLIsMovedOut(given: String, url: String, password: String?) throws {
    let text = Sample.minimal.replacing("postgresql://archiver@db/app", with: "\"\(given)\"")
    let database = try #require(try load(text).databases.first)
    #expect(database.url == url)
    #expect(database.password?.reveal() == password)
  }

  @Test(arguments: [
    "db.internal", "mysql://h/db", "host=h dbname=db", "postgresql://u:se@same@h/db", "postgresql://u:ses/ame@h/db",
    "postgresql://u:ses%zzame@h/db", "postgresql://u:ses%00ame@h/db", "postgresql://u:ses%FFame@h/db",
    "postgresql://u:ses ame@h/db", "postgresql://h/db?sslpassword=sesame", "postgresql://u:ses?a/me@h/db",
  ])
  func connectionURLsThatMightShowAPasswordAreRefusedWithoutQuotingThem(url: String) {
    let found = problems(Sample.minimal.replacing("postgresql://archiver@db/app", with: "\"\(url)\""))
    #expect(found.map(\.key) == ["databases[0].url"])
    #expect(found.allSatisfy { !"\($0) \($0.hint ?? "")".contains("ame@") && !"\($0)".contains("sesame") })
  }

  @Test func aPasswordWithinTheURLAndBesideItIsAConflict() {
    let text = Sample.yaml(database: "password: sesame").replacing("archiver@db", with: "archiver:sesame@db")
    #expect(descriptions(text) == ["archiver.yaml:7: databases[0].password: is given twice: here and within url"])
  }

  @Test func aStorageFromTheCommandLineIsCheckedLikeOneFromAFile() throws {
    let storage = try StorageSettings.commandLine(
      url: "s3://b/p", region: "eu-west-1", endpoint: "http://localhost:9000", addressing: .path)
    #expect(storage.url == "s3://b/p" && storage.region == "eu-west-1")
    #expect(storage.endpoint == "http://localhost:9000" && storage.addressing == .path)
    let error = #expect(throws: SettingsError.self) {
      _ = try StorageSettings.commandLine(url: "b", endpoint: "localhost")
    }
    #expect(
      error?.problems.map(\.description) == [
        "command line: --storage: must be s3://bucket/prefix or file:///absolute/directory",
        "command line: --endpoint: must be a URL such as https://s3.example.com:9000",
      ])
  }
}
