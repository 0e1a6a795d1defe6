import Foundation

/// The XML of an error answer.
struct S3ErrorDocument: Sendable, Equatable {
  var code: String?
  var message: String?
  var requestID: String?
  /// The bucket's own region, where the store tells it.
  var region: String?

  /// Nil unless the body is an error document.
  init?(_ body: [UInt8]) {
    guard let root = XMLElementTree.root(of: body), root.name == "Error" else { return nil }
    code = root.text(of: "Code")
    message = root.text(of: "Message")
    requestID = root.text(of: "RequestId")
    region = root.text(of: "Region")
  }
}

/// The XML of a page of ListObjectsV2, keys as they are in the bucket.
struct S3ListDocument {
  var objects: [ObjectInfo] = []
  var continuationToken: String?

  /// Throws `corruptResponse` when the document is not a whole listing.
  init(_ body: [UInt8]) throws(ObjectStoreError) {
    guard let root = XMLElementTree.root(of: body), root.name == "ListBucketResult",
      let isTruncated = root.text(of: "IsTruncated")
    else { throw Self.corrupt }
    // A store that does not know the request's encoding-type leaves keys as they are and says nothing of an encoding.
    let isEncoded = root.text(of: "EncodingType") == "url"
    for entry in root.children where entry.name == "Contents" {
      guard let rawKey = entry.text(of: "Key"), let byteCount = entry.text(of: "Size").flatMap({ Int($0) }),
        let key = isEncoded ? PercentEncoding.decodeForm(rawKey) : rawKey
      else { throw Self.corrupt }
      objects.append(
        ObjectInfo(
          key: key, byteCount: byteCount, etag: entry.text(of: "ETag").map(EntityTag.unquoted),
          modifiedAt: entry.text(of: "LastModified").flatMap(Self.date)))
    }
    if isTruncated == "true" {
      guard let token = root.text(of: "NextContinuationToken"), !token.isEmpty else { throw Self.corrupt }
      continuationToken = token
    }
  }

  private static var corrupt: ObjectStoreError {
    ObjectStoreError(.corruptResponse, "the store's listing makes no sense")
  }

  private static func date(_ text: String) -> Date? {
    let hasFraction = text.contains(".")
    return try? Date.ISO8601FormatStyle(includingFractionalSeconds: hasFraction).parse(text)
  }
}

/// Entity tags without the quotes of HTTP.
enum EntityTag {
  static func unquoted(_ tag: String) -> String {
    tag.count >= 2 && tag.hasPrefix("\"") && tag.hasSuffix("\"") ? String(tag.dropFirst().dropLast()) : tag
  }
}
