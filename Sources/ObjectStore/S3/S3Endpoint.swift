import Foundation

/// Where requests for one bucket go.
struct S3Endpoint: Sendable, Equatable {
  /// `https://host` or `http://host:port`
  let origin: String
  /// As the `Host` header says it.
  let host: String
  /// Percent-encoded, no slash at the end: what stands before a key's own slash.
  let basePath: String

  init(_ configuration: S3Configuration) throws(S3ConfigurationError) {
    let bucket = configuration.bucket
    guard !bucket.isEmpty else { throw S3ConfigurationError(description: "the bucket has no name") }
    guard !configuration.region.isEmpty else { throw S3ConfigurationError(description: "the region is empty") }
    let isAWS = configuration.endpoint == nil
    let server = try Server(configuration)
    let isVirtual =
      switch configuration.addressing {
      case .auto: isAWS && Self.isHostLabel(bucket)
      case .path: false
      case .virtual: true
      }
    host = isVirtual ? "\(bucket).\(server.host)" : server.host
    origin = "\(server.scheme)://\(host)"
    let encodedBucket = PercentEncoding.encode(bucket, keepsSlashes: false)
    basePath = isVirtual ? server.path : "\(server.path)/\(encodedBucket)"
  }

  /// The path of the bucket itself when `key` is empty.
  func path(forKey key: String) -> String {
    key.isEmpty && !basePath.isEmpty ? basePath : "\(basePath)/\(PercentEncoding.encode(key, keepsSlashes: true))"
  }

  /// Names with dots are left out, as the certificate for `*.s3.region.amazonaws.com` covers one label only.
  private static func isHostLabel(_ bucket: String) -> Bool {
    bucket.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
      default: false
      }
    }
  }

  /// Whether `host` can only be this machine.
  static func isLoopback(_ host: String) -> Bool {
    let name = host.lowercased()
    if name == "localhost" || name.hasSuffix(".localhost") || name == "[::1]" { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
  }
}

/// The parts of an endpoint's URL.
private struct Server {
  var scheme: String
  var host: String
  var path: String

  init(_ configuration: S3Configuration) throws(S3ConfigurationError) {
    guard let endpoint = configuration.endpoint else {
      // Of the partitions, China alone has a domain of its own among those that anyone can use.
      let suffix = configuration.region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
      (scheme, host, path) = ("https", "s3.\(configuration.region).\(suffix)", "")
      guard URL(string: "https://\(host)")?.host() == host else {
        throw S3ConfigurationError(description: "the region is not a name AWS could have")
      }
      return
    }
    guard let url = URLComponents(string: endpoint), let scheme = url.scheme?.lowercased(), let host = url.encodedHost,
      !host.isEmpty, ["http", "https"].contains(scheme)
    else { throw S3ConfigurationError(description: "the endpoint is not an http or https URL") }
    guard url.user == nil, url.password == nil, url.query == nil, url.fragment == nil else {
      throw S3ConfigurationError(description: "the endpoint may hold a host, a port and a path, nothing else")
    }
    guard scheme == "https" || configuration.allowsPlainHTTP || S3Endpoint.isLoopback(host) else {
      throw S3ConfigurationError(
        description:
          "the endpoint is plain http, which is for loopback addresses only unless allow_http (--allow-http) is set")
    }
    let isUsualPort = url.port == (scheme == "https" ? 443 : 80)
    self.scheme = scheme
    self.host = (url.port.map { isUsualPort ? "" : ":\($0)" }).map { host.lowercased() + $0 } ?? host.lowercased()
    var path = Substring(url.percentEncodedPath)
    while path.hasSuffix("/") { path.removeLast() }
    self.path = String(path)
  }
}
