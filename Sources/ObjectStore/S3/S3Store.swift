import Hashing

/// An object store in a bucket of S3 or of a store that speaks S3's protocol.
package final class S3Store: ObjectStore {
  /// S3 names an error in a body of a few hundred bytes, also under status 200.
  private static let maximumAnswerByteCount = 65_536
  /// A thousand keys of 1,024 bytes, each of which may be escaped threefold, and what is said of them.
  private static let maximumListByteCount = 8_388_608

  private let client: S3Client

  /// Throws when the configuration makes no sense; connects to nothing yet.
  package convenience init(configuration: S3Configuration) throws(S3ConfigurationError) {
    try self.init(configuration: configuration, surroundings: S3Surroundings())
  }

  init(configuration: S3Configuration, surroundings: S3Surroundings) throws(S3ConfigurationError) {
    client = try S3Client(configuration, surroundings)
  }

  package var location: String {
    StorageLocation.s3(bucket: client.configuration.bucket, prefix: client.configuration.prefix).description
  }

  /// The storage root as an `https:` or `http:` URL, percent-encoded, for programs that know no other.
  package var webLocation: String { client.webAddress("") }

  package func put(
    _ key: String, _ body: [UInt8], _ options: PutOptions
  ) async throws(ObjectStoreError) -> PutResult {
    try StorageKey.validate(key, rootByteCount: client.bucketKey("").utf8.count)
    let sum = options.sha256 ?? SHA256.hash(body.span)
    let request = S3Request(
      method: .put, key: key, headers: putHeaders(options, sum), body: body, bodySHA256: sum,
      maximumAnswerByteCount: Self.maximumAnswerByteCount)
    let receiver = BufferReceiver(maximumByteCount: Self.maximumAnswerByteCount)
    do throws(ObjectStoreError) {
      let answer = try await client.send(
        request, into: receiver, judge: { Self.hiddenFailure($0, receiver, sum) })
      return PutResult(
        etag: answer.headers["etag"].map(EntityTag.unquoted), versionID: Self.versionID(answer.headers))
    } catch {
      if options.isKept, client.configuration.objectLock != nil, error.serviceCode == "InvalidRequest" {
        throw error.with(code: .lockRefused, message: Self.lockRefusal)
      }
      guard options.ifNoneMatch, error.code == .preconditionFailed, error.attempts > 1 else { throw error }
      return try await ownWrite(key, body, orElse: error)
    }
  }

  private static let lockRefusal = "the bucket does not take Object Lock as configured"

  package func checkLock() async throws(ObjectStoreError) {
    guard client.configuration.objectLock != nil else { return }
    let receiver = BufferReceiver(maximumByteCount: Self.maximumAnswerByteCount)
    do throws(ObjectStoreError) {
      _ = try await client.send(
        S3Request(method: .get, query: [("object-lock", "")]), into: receiver,
        judge: { Self.hiddenFailure($0, receiver) })
    } catch {
      // Named by S3's GetObjectLockConfiguration.
      guard error.serviceCode == "ObjectLockConfigurationNotFoundError" else { throw error }
      throw error.with(code: .lockRefused, message: Self.lockRefusal)
    }
    guard XMLElementTree.root(of: receiver.bytes)?.text(of: "ObjectLockEnabled") == "Enabled" else {
      throw ObjectStoreError(.lockRefused, Self.lockRefusal)
    }
  }

  private func putHeaders(_ options: PutOptions, _ sum: SHA256Digest) -> [(name: String, value: String)] {
    // S3's PutObject asks for the algorithm's name as well wherever a lock, the bucket's own too, is set.
    var headers = [
      (name: "content-type", value: options.contentType), ("x-amz-checksum-sha256", sum.base64),
      ("x-amz-sdk-checksum-algorithm", "SHA256"),
    ]
    if let encoding = options.contentEncoding { headers.append(("content-encoding", encoding)) }
    if options.ifNoneMatch { headers.append(("if-none-match", "*")) }
    if let storageClass = client.configuration.storageClass { headers.append(("x-amz-storage-class", storageClass)) }
    if options.isKept, let lock = client.configuration.objectLock { headers += lock.headers(at: client.now) }
    switch client.configuration.serverSideEncryption {
    case .none: break
    case .aes256: headers.append(("x-amz-server-side-encryption", "AES256"))
    case .kms(let keyID):
      headers.append(("x-amz-server-side-encryption", "aws:kms"))
      if let keyID { headers.append(("x-amz-server-side-encryption-aws-kms-key-id", keyID)) }
    }
    return headers
  }

  /// An error document under status 200, or a sum that is not the body's.
  private static func hiddenFailure(
    _ response: HTTPResponse, _ receiver: BufferReceiver, _ sum: SHA256Digest? = nil
  ) -> S3Failure? {
    if S3ErrorDocument(receiver.bytes) != nil { return S3Failure(response, body: receiver.bytes) }
    guard let sum, let stored = response.headers["x-amz-checksum-sha256"], stored != sum.base64 else { return nil }
    return S3Failure(checksumMismatchOf: response)
  }

  /// After a lost answer, the object that is in the way may be the one just written.
  private func ownWrite(
    _ key: String, _ body: [UInt8], orElse error: ObjectStoreError
  ) async throws(ObjectStoreError) -> PutResult {
    let info = try await head(key)
    guard info.byteCount == body.count, try await get(key, maximumByteCount: body.count) == body else { throw error }
    return PutResult(etag: info.etag, versionID: info.versionID)
  }

  package func get(_ key: String, maximumByteCount: Int) async throws(ObjectStoreError) -> [UInt8] {
    try StorageKey.validate(key, rootByteCount: client.bucketKey("").utf8.count)
    let receiver = BufferReceiver(maximumByteCount: maximumByteCount)
    _ = try await client.send(
      S3Request(method: .get, key: key, maximumAnswerByteCount: maximumByteCount), into: receiver)
    return receiver.bytes
  }

  package func read<Sink: ByteSink & ~Copyable>(
    _ key: String, into sink: consuming sending Sink
  ) async throws(ObjectStoreError) -> sending Sink {
    try StorageKey.validate(key, rootByteCount: client.bucketKey("").utf8.count)
    let receiver = SinkReceiver(sink)
    do throws(ObjectStoreError) {
      _ = try await client.send(
        S3Request(method: .get, key: key), into: receiver, continuing: { Self.continuation(of: receiver) })
    } catch {
      // Only the headers of a continuation can be refused so.
      guard error.httpStatus == 412 || error.httpStatus == 416 else { throw error }
      throw error.with(code: .corruptResponse, message: "the object changed while it was read")
    }
    guard let sink = receiver.take() else {
      throw ObjectStoreError(.other, "the sink was taken twice", key: key)
    }
    return sink
  }

  /// The headers that ask for what a lost download still lacks.
  private static func continuation<Sink: ByteSink & ~Copyable>(
    of receiver: SinkReceiver<Sink>
  ) -> [(name: String, value: String)] {
    guard receiver.deliveredByteCount > 0, let etag = receiver.etag else { return [] }
    return [("range", "bytes=\(receiver.deliveredByteCount)-"), ("if-match", etag)]
  }

  package func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo {
    try StorageKey.validate(key, rootByteCount: client.bucketKey("").utf8.count)
    let receiver = BufferReceiver(maximumByteCount: 0)
    let headers = try await client.send(S3Request(method: .head, key: key, maximumAnswerByteCount: 0), into: receiver)
      .headers
    guard let byteCount = headers["content-length"].flatMap({ Int($0) }) else {
      throw ObjectStoreError(.corruptResponse, "the storage does not tell the object's size", key: key)
    }
    return ObjectInfo(
      key: key, byteCount: byteCount, etag: headers["etag"].map(EntityTag.unquoted),
      modifiedAt: headers["last-modified"].flatMap(HTTPDate.parse), versionID: Self.versionID(headers))
  }

  /// Nil in a bucket without versions, and where they are suspended: the version `null` is overwritten.
  private static func versionID(_ headers: [String: String]) -> String? {
    headers["x-amz-version-id"].flatMap { $0.isEmpty || $0 == "null" ? nil : $0 }
  }

  package func list(
    prefix: String, after continuation: ListContinuation?
  ) async throws(ObjectStoreError) -> ListPage {
    var query = [
      (name: "list-type", value: "2"), ("encoding-type", "url"),
      ("max-keys", String(min(max(client.configuration.listPageSize, 1), 1000))),
    ]
    let root = client.bucketKey("")
    let wanted = root + prefix
    if !wanted.isEmpty { query.append(("prefix", wanted)) }
    if let continuation { query.append(("continuation-token", continuation.token)) }
    let receiver = BufferReceiver(maximumByteCount: Self.maximumListByteCount)
    _ = try await client.send(
      S3Request(method: .get, query: query, maximumAnswerByteCount: Self.maximumListByteCount), into: receiver,
      judge: { Self.hiddenFailure($0, receiver) })
    let document = try S3ListDocument(receiver.bytes)
    var objects: [ObjectInfo] = []
    objects.reserveCapacity(document.objects.count)
    for object in document.objects {
      guard object.key.utf8.starts(with: wanted.utf8) else {
        throw ObjectStoreError(.corruptResponse, "the storage lists objects that were not asked for")
      }
      let key = String(decoding: object.key.utf8.dropFirst(root.utf8.count), as: UTF8.self)
      // Some consoles mark a "folder" by an empty object of the prefix's own name.
      guard !key.isEmpty else { continue }
      objects.append(
        ObjectInfo(key: key, byteCount: object.byteCount, etag: object.etag, modifiedAt: object.modifiedAt))
    }
    return ListPage(objects: objects, next: document.continuationToken.map(ListContinuation.init))
  }

  package func delete(_ key: String) async throws(ObjectStoreError) {
    try StorageKey.validate(key, rootByteCount: client.bucketKey("").utf8.count)
    do throws(ObjectStoreError) {
      let receiver = BufferReceiver(maximumByteCount: Self.maximumAnswerByteCount)
      _ = try await client.send(
        S3Request(method: .delete, key: key, maximumAnswerByteCount: Self.maximumAnswerByteCount), into: receiver)
    } catch {
      guard error.code == .notFound else { throw error }
    }
  }
}
