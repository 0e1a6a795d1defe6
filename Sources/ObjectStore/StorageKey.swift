/// Checks that a key can name an object in every store.
enum StorageKey {
  /// S3's bound for a whole key.
  static let maximumByteCount = 1024

  /// Throws `other` for a key that is empty, absolute, has an empty part or one that starts with a dot, or holds a NUL.
  ///
  /// Names with a leading dot are left to temporary files, so that no store lists half-written objects; `..` never
  /// leads out of the root.
  /// `rootByteCount` is what the store itself puts before the key.
  static func validate(_ key: String, rootByteCount: Int = 0) throws(ObjectStoreError) {
    var isAtPartStart = true
    for byte in key.utf8 {
      let isSlash = byte == UInt8(ascii: "/")
      if byte == 0 || (isAtPartStart && (isSlash || byte == UInt8(ascii: "."))) { throw refusal(of: key) }
      isAtPartStart = isSlash
    }
    // Also true of the empty key.
    if isAtPartStart || rootByteCount + key.utf8.count > maximumByteCount { throw refusal(of: key) }
  }

  private static func refusal(of key: String) -> ObjectStoreError {
    ObjectStoreError(.other, "this key cannot name an object", key: key, attempts: 0)
  }
}
