/// The objects under a prefix in byte order of their keys, fetched page by page as they are asked for.
package struct ObjectListing: AsyncSequence, Sendable {
  package typealias Element = ObjectInfo
  package typealias Failure = ObjectStoreError

  let store: any ObjectStore
  let prefix: String

  package func makeAsyncIterator() -> Iterator {
    Iterator(store: store, prefix: prefix)
  }

  package struct Iterator: AsyncIteratorProtocol {
    private let store: any ObjectStore
    private let prefix: String
    private var objects: [ObjectInfo] = []
    private var position = 0
    private var continuation: ListContinuation?
    private var isLastPage = false

    init(store: any ObjectStore, prefix: String) {
      self.store = store
      self.prefix = prefix
    }

    package mutating func next() async throws(ObjectStoreError) -> ObjectInfo? {
      try await next(isolation: nil)
    }

    package mutating func next(isolation: isolated (any Actor)?) async throws(ObjectStoreError) -> ObjectInfo? {
      while position == objects.count {
        if isLastPage { return nil }
        let page = try await store.list(prefix: prefix, after: continuation)
        objects = page.objects
        position = 0
        continuation = page.next
        isLastPage = page.next == nil
      }
      defer { position += 1 }
      return objects[position]
    }
  }
}

extension ObjectStore {
  /// Every object whose key starts with `prefix`, in byte order of the keys; pages are fetched as they are needed.
  package func list(prefix: String) -> ObjectListing {
    ObjectListing(store: self, prefix: prefix)
  }
}
