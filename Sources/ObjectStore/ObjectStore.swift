package import Foundation
package import Hashing

/// A place that keeps whole objects under keys: an S3 bucket or a directory.
///
/// Keys are relative to the storage root, `/` separated, and taken byte for byte: percent signs are not decoded.
package protocol ObjectStore: Sendable {
  /// The root as a URL, for messages: `s3://bucket/prefix` or `file:///directory`.
  var location: String { get }

  /// Writes a whole object; on return it is durable. An object of that key is replaced, unless `options` forbid it.
  func put(_ key: String, _ body: [UInt8], _ options: PutOptions) async throws(ObjectStoreError) -> PutResult

  /// Reads a whole object; throws `tooLarge` when it has more than `maximumByteCount` bytes.
  func get(_ key: String, maximumByteCount: Int) async throws(ObjectStoreError) -> [UInt8]

  /// Reads an object into `sink` piece by piece and hands the sink back; memory does not grow with the object.
  ///
  /// Every byte arrives once and in order, also when the connection is lost on the way. The sink runs on the store's
  /// own thread. If it throws, the read ends with `sinkFailed` and the sink's error as the cause; after an error the
  /// sink is gone.
  func read<Sink: ByteSink & ~Copyable>(
    _ key: String, into sink: consuming sending Sink
  ) async throws(ObjectStoreError) -> sending Sink

  /// What is known of an object without reading it.
  func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo

  /// One page of the objects whose keys start with `prefix`, in byte order of the keys.
  ///
  /// `prefix` need not end at a `/`. `continuation` is the previous page's `next`, nil for the first page.
  func list(prefix: String, after continuation: ListContinuation?) async throws(ObjectStoreError) -> ListPage

  /// Removes an object; removing what is not there is no error.
  func delete(_ key: String) async throws(ObjectStoreError)

  /// Makes sure, without writing, that objects can be locked, where the store is set up to lock them.
  ///
  /// Throws `lockRefused` where they cannot be, and `accessDenied` or `other` where that is not told.
  func checkLock() async throws(ObjectStoreError)
}

extension ObjectStore {
  /// Most stores lock nothing.
  package func checkLock() async throws(ObjectStoreError) {}
}

/// Takes the bytes of an object as they arrive.
package protocol ByteSink: ~Copyable {
  /// Takes the next bytes, which are valid during the call only. An error stops the read.
  mutating func write(_ bytes: Span<UInt8>) throws
}

/// How an object is to be written.
package struct PutOptions: Sendable {
  /// The media type kept with the object; a directory does not keep it.
  package var contentType: String
  /// Kept with the object. Left nil for gzip files, as clients would unpack them on the way.
  package var contentEncoding: String?
  /// The body's sum when the caller has it already; it is computed otherwise. The store checks the body against it.
  package var sha256: SHA256Digest?
  /// Fail with `preconditionFailed` when the key exists.
  package var ifNoneMatch: Bool
  /// The object must outlive its writer's mistakes: a store that is set up to lock objects locks this one.
  package var isKept: Bool

  package init(
    contentType: String = "application/octet-stream", contentEncoding: String? = nil, sha256: SHA256Digest? = nil,
    ifNoneMatch: Bool = false, isKept: Bool = false
  ) {
    self.contentType = contentType
    self.contentEncoding = contentEncoding
    self.sha256 = sha256
    self.ifNoneMatch = ifNoneMatch
    self.isKept = isKept
  }
}

/// What the store said of a written object.
package struct PutResult: Sendable, Equatable {
  /// The entity tag without its quotes; nil where the store has none.
  package let etag: String?
  /// The version written, in a bucket that keeps versions.
  package let versionID: String?

  package init(etag: String?, versionID: String?) {
    self.etag = etag
    self.versionID = versionID
  }
}

/// What is known of an object without reading it.
package struct ObjectInfo: Sendable, Equatable {
  /// Relative to the storage root.
  package let key: String
  package let byteCount: Int
  /// The entity tag without its quotes; nil where the store has none.
  package let etag: String?
  package let modifiedAt: Date?
  /// The version that is current, where the store keeps versions; nil in listings.
  package let versionID: String?

  package init(
    key: String, byteCount: Int, etag: String? = nil, modifiedAt: Date? = nil, versionID: String? = nil
  ) {
    self.key = key
    self.byteCount = byteCount
    self.etag = etag
    self.modifiedAt = modifiedAt
    self.versionID = versionID
  }
}

/// Where a listing goes on; only the store that made it can read it.
package struct ListContinuation: Sendable, Hashable {
  let token: String
}

/// A part of a listing.
package struct ListPage: Sendable {
  package let objects: [ObjectInfo]
  /// Nil on the last page. A page may be empty and not be the last.
  package let next: ListContinuation?

  package init(objects: [ObjectInfo], next: ListContinuation?) {
    self.objects = objects
    self.next = next
  }
}
