import ArchiveModel
import Hashing
import ObjectStore

/// The records of one kind.
struct RecordDocuments<Record: Decodable & Sendable>: Sendable {
  let store: any ObjectStore
  let prefix: String
  let signatures: SignatureCheck
  /// The key that a record belongs under, by what it says.
  let place: @Sendable (Record) -> String

  /// Hands every document to `body` with its key and its bytes' SHA-256, and finds those that cannot be read.
  ///
  /// The record is nil where the bytes could be read and make no sense, belong under another key, or no trusted key signed
  /// them: neither a sum nor a signature says anything of the place that a document lies in.
  func read(
    formats: [String], _ body: (String, SHA256Digest, Record?) async throws(OperationError) -> Void
  ) async throws(OperationError) -> [VerifyFinding] {
    var findings: [VerifyFinding] = []
    var lastKey = ""
    var listing = store.list(prefix: prefix).makeAsyncIterator()
    while true {
      let info: ObjectInfo?
      do {
        info = try await listing.next(isolation: nil)
      } catch {
        throw .wrapping(error, "cannot list the archive", at: store.location)
      }
      guard let info else { return findings }
      if let document = ArchiveLayout.signedDocument(of: info.key) {
        // In byte order it follows its document, so that few have to be looked up.
        if document != lastKey, let missing = try await signatures.missing(document) { findings.append(missing) }
        continue
      }
      lastKey = info.key
      guard info.key.hasSuffix(".json") else { continue }
      let bytes: [UInt8]
      do {
        bytes = try await store.get(info.key, maximumByteCount: ArchiveReader.maximumRecordByteCount)
      } catch {
        guard error.concernsOneObject else { throw .wrapping(error, "cannot read the record", at: info.key) }
        findings.append(
          VerifyFinding(.manifest, key: info.key, expected: "a readable record", found: error.message))
        continue
      }
      var record: Record?
      let unsigned = try await signatures.finding(info.key, bytes)
      if let unsigned { findings.append(unsigned) }
      do {
        record = try ArchiveDocument.decode(Record.self, from: bytes, formats: formats)
      } catch {
        findings.append(Self.finding(error, info.key))
      }
      if let place = record.map(place), place != info.key {
        findings.append(
          VerifyFinding(
            .manifest, key: info.key, expected: "the record that belongs there", found: "the one of \(place)"))
        record = nil
      }
      try await body(info.key, SHA256.hash(bytes.span), unsigned == nil ? record : nil)
    }
  }

  private static func finding(_ error: ArchiveDocumentError, _ key: String) -> VerifyFinding {
    switch error {
    case .unreadable, .outOfBounds, .otherKind:
      VerifyFinding(.manifest, key: key, expected: "a readable record", found: error.cause)
    case .unsupportedFormat(let found, let expected):
      VerifyFinding(.format, key: key, expected: expected, found: found)
    }
  }
}
