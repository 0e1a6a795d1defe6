import Testing

@testable import ObjectStore

@Suite("Storage URLs")
struct StorageLocationTests {
  @Test(
    "are read",
    arguments: [
      ("s3://acme-archive/prod", StorageLocation.s3(bucket: "acme-archive", prefix: "prod")),
      ("s3://acme", .s3(bucket: "acme", prefix: "")),
      ("s3://acme/", .s3(bucket: "acme", prefix: "")),
      ("S3://acme/a/b%3A//", .s3(bucket: "acme", prefix: "a/b%3A")),
      ("file:///srv/archive", .directory(path: "/srv/archive")),
      ("file:///srv/archive//", .directory(path: "/srv/archive")),
      ("file://localhost/srv/my%20archive", .directory(path: "/srv/my archive")),
      ("file:///", .directory(path: "/")),
    ])
  func valid(text: String, location: StorageLocation) throws {
    #expect(try StorageLocation(text) == location)
  }

  @Test(
    "are refused with the reason",
    arguments: [
      ("", StorageLocationError.unknownScheme), ("/srv/archive", .unknownScheme), ("gs://b/p", .unknownScheme),
      ("s3:/b", .unknownScheme), ("s3://", .badBucketName), ("s3:///p", .badBucketName),
      ("s3://key:secret@b/p", .badBucketName), ("s3://b//p", .badPrefix), ("s3://b/a/../c", .badPrefix),
      ("file://srv/archive", .relativePath), ("file://", .relativePath), ("file:///a%zz", .badPath),
      ("file:///a/../b", .badPath), ("file:///a%00b", .badPath),
    ])
  func invalid(text: String, reason: StorageLocationError) {
    #expect(throws: reason) { try StorageLocation(text) }
  }

  @Test("print as they are written", arguments: ["s3://b", "s3://b/p/q", "file:///srv/archive"])
  func description(text: String) throws {
    #expect(try StorageLocation(text).description == text)
  }
}
