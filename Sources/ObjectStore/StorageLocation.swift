import Foundation

/// Where an archive is kept, as its URL says.
package enum StorageLocation: Sendable, Hashable {
  /// `prefix` has no slash at either end and may be empty.
  case s3(bucket: String, prefix: String)
  /// An absolute path without a slash at its end, unless it is `/`.
  case directory(path: String)

  /// Reads `s3://bucket/prefix` or `file:///absolute/directory`.
  ///
  /// An S3 prefix is taken as it stands; percent escapes are decoded in `file:` URLs only.
  package init(_ text: String) throws(StorageLocationError) {
    if let rest = Self.remainder(of: text, after: "s3://") {
      self = try Self.s3Location(rest)
    } else if let rest = Self.remainder(of: text, after: "file://") {
      self = try Self.directoryLocation(rest)
    } else {
      throw .unknownScheme
    }
  }

  private static func remainder(of text: String, after scheme: String) -> Substring? {
    text.lowercased().hasPrefix(scheme) ? text.dropFirst(scheme.count) : nil
  }

  private static func s3Location(_ rest: Substring) throws(StorageLocationError) -> StorageLocation {
    let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let bucket = String(parts[0])
    let isNamed = bucket.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    guard !bucket.isEmpty, isNamed else { throw .badBucketName }
    var prefix = parts.count > 1 ? parts[1] : ""
    while prefix.hasSuffix("/") { prefix.removeLast() }
    let isPlain = prefix.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && part != "." && part != ".."
    }
    guard prefix.isEmpty || isPlain else { throw .badPrefix }
    return .s3(bucket: bucket, prefix: String(prefix))
  }

  private static func directoryLocation(_ rest: Substring) throws(StorageLocationError) -> StorageLocation {
    var encoded = rest
    if encoded.hasPrefix("localhost/") { encoded = encoded.dropFirst("localhost".count) }
    guard encoded.hasPrefix("/") else { throw .relativePath }
    guard var path = String(encoded).removingPercentEncoding, !path.utf8.contains(0) else { throw .badPath }
    while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard !path.split(separator: "/").contains("..") else { throw .badPath }
    return .directory(path: path)
  }
}

extension StorageLocation: CustomStringConvertible {
  package var description: String {
    switch self {
    case .s3(let bucket, let prefix): prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)"
    case .directory(let path): "file://\(path)"
    }
  }
}

/// Why a storage URL cannot be used.
package enum StorageLocationError: Error, Sendable, Equatable {
  case unknownScheme
  case badBucketName
  case badPrefix
  case relativePath
  case badPath
}

extension StorageLocationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownScheme: "a storage URL is s3://bucket/prefix or file:///directory"
    case .badBucketName: "a bucket name holds letters, digits, dots, hyphens and underscores only"
    case .badPrefix: "an S3 prefix has no empty part and no part . or .."
    case .relativePath: "a file URL needs an absolute path: file:///directory"
    case .badPath: "the path of a file URL has a bad percent escape, a NUL or a part .."
    }
  }
}
