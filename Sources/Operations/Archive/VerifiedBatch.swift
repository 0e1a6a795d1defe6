import ArchiveModel
import Hashing
import ObjectStore

/// Evidence that a batch's rows lie in storage: every object was read back and is what it should be.
///
/// Only `upload` makes one, and only such a value lets rows be deleted.
struct VerifiedBatch: Sendable {
  /// The prepared document that describes the batch.
  let prepared: Manifest

  private init(prepared: Manifest) {
    self.prepared = prepared
  }

  /// Uploads the sealed objects, reads every one back and checks size, bytes, content and line count.
  ///
  /// `draft` is the prepared document but for its objects and stored count. Throws when an object comes back otherwise
  /// than it was sent, or when the three counts differ; nothing has been deleted then. The objects are freed one by one.
  static func upload(
    _ objects: consuming [SealedObject], draft: Manifest, to store: any ObjectStore, forecast: BatchForecast,
    timing steps: inout StepDurations
  ) async throws(OperationError) -> VerifiedBatch {
    var prepared = draft
    // Backwards, to take them out one by one.
    var rest = Array(objects.reversed())
    objects = []
    while var sealed = rest.popLast() {
      let key = ArchiveLayout.object(in: draft.folder, batch: draft.batchID, number: prepared.objects.count + 1)
      let result: PutResult
      let uploading = ContinuousClock.now
      do {
        result = try await store.put(
          key, sealed.file, PutOptions(contentType: "application/gzip", sha256: sealed.fileSHA256))
      } catch {
        throw .wrapping(error, "cannot upload the object", at: key)
      }
      steps.add(.upload, since: uploading)
      let reading = ContinuousClock.now
      let stored = try await ReadBack.read(sealed, at: key, from: store, forecast: forecast)
      var content: [UInt8] = []
      swap(&content, &sealed.content)
      forecast.giveBack(content)
      prepared.counts.stored += stored.rowCount
      prepared.objects.append(
        Manifest.Object(
          key: key, rows: sealed.rowCount, bytes: sealed.file.count, sha256: sealed.fileSHA256.hex,
          contentBytes: sealed.contentByteCount, contentSHA256: stored.contentSHA256.hex, etag: result.etag,
          versionID: result.versionID))
      steps.add(.verify, since: reading)
    }
    let counts = prepared.counts
    guard counts.database == counts.fetched, counts.fetched == counts.stored else {
      throw OperationError(
        .defect, "the batch's counts differ", at: "batch \(draft.batchID)",
        cause: "the database sent \(counts.database) rows, \(counts.fetched) were decoded, \(counts.stored) are stored",
        hint: "nothing was deleted; please report this")
    }
    return VerifiedBatch(prepared: prepared)
  }
}
