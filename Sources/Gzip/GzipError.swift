/// What is wrong with a gzip file, or with making one.
package enum GzipError: Error, Sendable, Equatable {
  /// Does not begin with gzip's magic bytes and a sound header.
  case notGzip
  /// Ends before the member does.
  case truncated
  /// The compressed data or its checksum is damaged.
  case corrupt
  /// Something follows the member: `isMember` when it is another gzip member.
  case trailing(isMember: Bool)
  /// The content is longer than the caller allows.
  case tooLarge
  /// The library could not allocate.
  case outOfMemory
  /// The receiver of the content failed.
  case sink(any Error)

  package static func == (left: GzipError, right: GzipError) -> Bool {
    switch (left, right) {
    case (.notGzip, .notGzip), (.truncated, .truncated), (.corrupt, .corrupt), (.tooLarge, .tooLarge),
      (.outOfMemory, .outOfMemory):
      true
    case (.trailing(let a), .trailing(let b)): a == b
    default: false
    }
  }
}
