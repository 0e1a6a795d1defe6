/// Finds out, before anything is archived, whether a store can be used, and says plainly why not.
package enum BucketCheck {
  /// Where probe objects go. Readers of the archive skip names with a leading underscore.
  package static let probePrefix = "_archiver-check/"

  /// What a check that passed has to say.
  package struct Report: Sendable {
    /// Why the probe object was left behind; archiving does without the right to delete.
    package let deleteFailure: ObjectStoreError?
  }

  /// Writes a probe object, reads it back, lists it and tries to remove it.
  ///
  /// `probeID` must differ between checks that run at once, such as a run id. Throws the step's error with a message
  /// that names the step.
  package static func check(_ store: any ObjectStore, probeID: String) async throws(ObjectStoreError) -> Report {
    let key = probePrefix + probeID
    let body = Array("archiver wrote this to check that it can: \(probeID)\n".utf8)
    try await step("write to", store) { () async throws(ObjectStoreError) in
      _ = try await store.put(key, body, PutOptions(contentType: "text/plain"))
    }
    let isSame = try await step("read from", store) { () async throws(ObjectStoreError) in
      try await store.get(key, maximumByteCount: body.count) == body
    }
    guard isSame else {
      throw ObjectStoreError(.corruptResponse, "\(store.location) gives back other bytes than were written", key: key)
    }
    try await step("list", store) { () async throws(ObjectStoreError) in
      _ = try await store.list(prefix: key, after: nil)
    }
    do {
      try await store.delete(key)
    } catch {
      return Report(deleteFailure: error.with(message: "cannot delete from \(store.location): \(error.message)"))
    }
    return Report(deleteFailure: nil)
  }

  /// Lists one page and writes nothing: all that an auditor may do.
  package static func checkReading(_ store: any ObjectStore) async throws(ObjectStoreError) {
    try await step("list", store) { () async throws(ObjectStoreError) in
      _ = try await store.list(prefix: "", after: nil)
    }
  }

  private static func step<Value>(
    _ verb: String, _ store: any ObjectStore, _ body: () async throws(ObjectStoreError) -> Value
  ) async throws(ObjectStoreError) -> Value {
    do throws(ObjectStoreError) {
      return try await body()
    } catch {
      throw error.with(message: "cannot \(verb) \(store.location): \(error.message)")
    }
  }
}
