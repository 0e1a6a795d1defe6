import ArchiveModel
import ObjectStore

/// Reads and checks objects in their order, each while the one before is worked on.
///
/// Memory: two objects' contents.
actor ObjectsAhead {
  private let store: any ObjectStore
  private var rest: ArraySlice<Manifest.Object>
  private var pending: Task<ObjectContent, any Error>?

  init(_ objects: [Manifest.Object], in store: any ObjectStore) {
    (rest, self.store) = (objects[...], store)
  }

  deinit {
    pending?.cancel()
  }

  /// Begins to read the first object, if that has not begun.
  func begin() {
    if pending == nil { pending = started() }
  }

  /// The next object's content. Throws what `ObjectContent.read` throws, and a defect when there is none left.
  func next() async throws -> ObjectContent {
    guard let current = pending ?? started() else {
      throw OperationError(.defect, "cannot read the objects", cause: "more were asked for than there are")
    }
    pending = started()
    return try await current.value
  }

  private func started() -> Task<ObjectContent, any Error>? {
    guard let object = rest.popFirst() else { return nil }
    return Task { [store] in try await ObjectContent.read(object, from: store) }
  }
}
