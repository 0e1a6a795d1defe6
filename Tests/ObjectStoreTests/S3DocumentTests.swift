import Foundation
import Testing

@testable import ObjectStore

@Suite("S3 documents")
struct S3DocumentTests {
  private func listing(_ inner: String) throws -> S3ListDocument {
    try S3ListDocument(
      Array(
        "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(inner)</ListBucketResult>"
          .utf8))
  }

  @Test("a listing is read, keys decoded when the store says that they are encoded")
  func listing() throws {
    let entry = """
      <Contents><Key>a%253Ab+c%2B</Key><LastModified>2024-05-06T07:08:09.000Z</LastModified>
      <ETag>&quot;abc&quot;</ETag><Size>12</Size></Contents>
      """
    let encoded = try listing("<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>\(entry)")
    let expected = ObjectInfo(
      key: "a%3Ab c+", byteCount: 12, etag: "abc", modifiedAt: Date(timeIntervalSince1970: 1_714_979_289))
    #expect(encoded.objects == [expected])
    #expect(encoded.continuationToken == nil)
    let plain = try listing("<IsTruncated>false</IsTruncated>\(entry)")
    #expect(plain.objects.map(\.key) == ["a%253Ab+c%2B"])
  }

  @Test("a page that is not the last names the next")
  func continuation() throws {
    let page = try listing("<IsTruncated>true</IsTruncated><NextContinuationToken>t/1=</NextContinuationToken>")
    #expect(page.continuationToken == "t/1=")
  }

  @Test(
    "what is no whole listing is refused",
    arguments: [
      "", "<ListBucketResult><IsTruncated>false</IsTruncated>", "<html></html>",
      "<ListBucketResult></ListBucketResult>", "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
      "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key></Contents></ListBucketResult>",
      "<ListBucketResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType><Contents><Key>%z</Key><Size>1</Size></Contents></ListBucketResult>",
    ])
  func broken(text: String) {
    let error = #expect(throws: ObjectStoreError.self) { try S3ListDocument(Array(text.utf8)) }
    #expect(error?.code == .corruptResponse)
  }

  @Test("an error names its code, request and region; anything else is no error document")
  func errors() {
    let text =
      "<Error><Code>PermanentRedirect</Code><Message>m</Message><RequestId>R</RequestId><Region>eu-west-1</Region></Error>"
    let document = S3ErrorDocument(Array(text.utf8))
    #expect(document?.code == "PermanentRedirect")
    #expect(document?.requestID == "R")
    #expect(document?.region == "eu-west-1")
    #expect(S3ErrorDocument(Array("<html>Bad gateway</html>".utf8)) == nil)
    #expect(S3ErrorDocument([]) == nil)
  }

  @Test("HTTP dates are read")
  func httpDate() {
    #expect(HTTPDate.parse("Fri, 24 May 2013 00:00:00 GMT") == Date(timeIntervalSince1970: 1_369_353_600))
    #expect(HTTPDate.parse("yesterday-ish") == nil)
  }
}
