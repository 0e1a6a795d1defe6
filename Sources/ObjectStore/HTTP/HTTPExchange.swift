/// One HTTP request, complete with its signature.
struct HTTPRequest: Sendable {
  enum Method: String, Sendable {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case head = "HEAD"
    case delete = "DELETE"
  }

  var method: Method
  /// Sent exactly as it stands: nothing is normalised or escaped again.
  var url: String
  var headers: [(name: String, value: String)]
  var body: [UInt8] = []
}

/// An answer, without the body of a successful one.
struct HTTPResponse: Sendable {
  let status: Int
  /// By name in lower case; of a repeated header the last.
  let headers: [String: String]
  /// The start of the body when `status` is no success, bounded by `HTTPExchange.maximumErrorByteCount`.
  let errorBody: [UInt8]
}

/// Why there is no answer.
struct HTTPFailure: Error, Sendable {
  enum Kind: Sendable {
    case unreachable
    case timedOut
    /// The answer was cut short or is not HTTP.
    case corruptResponse
    case certificateRefused
    case cancelled
    /// The receiver stopped the transfer.
    case refused
    case other
  }

  let kind: Kind
  /// libcurl's words: hosts and ports, never headers.
  let message: String
}

/// What libcurl's callbacks gather of one answer.
///
/// It lives on the connection's thread, during one transfer.
final class HTTPExchange {
  /// Far above any error document of S3.
  static let maximumErrorByteCount = 65_536

  private let method: HTTPRequest.Method
  private let receiver: BodyReceiver
  private let cancellation: CancellationFlag
  private var status = 0
  private var headers: [String: String] = [:]
  private var errorBody: [UInt8] = []
  private var hasBegun = false
  private var receivedByteCount = 0

  init(method: HTTPRequest.Method, receiver: BodyReceiver, cancellation: CancellationFlag) {
    self.method = method
    self.receiver = receiver
    self.cancellation = cancellation
  }

  var isCancelled: Bool { cancellation.isSet }
  var isRefused: Bool { receiver.refusal != nil }
  var response: HTTPResponse { HTTPResponse(status: status, headers: headers, errorBody: errorBody) }

  private var isSuccess: Bool { (200..<300).contains(status) }

  /// Takes one line of the head, status line and closing empty line included. False stops the transfer.
  func takeHeaderLine(_ bytes: Span<UInt8>) -> Bool {
    let line = unsafe bytes.withUnsafeBufferPointer { buffer in unsafe String(decoding: buffer, as: UTF8.self) }
    if line.hasPrefix("HTTP/") {
      headers.removeAll(keepingCapacity: true)
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix(3)) } ?? 0
      return true
    }
    guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return endHead() }
    let name = line[..<colon].lowercased()
    headers[name] = line[line.utf8.index(after: colon)...].trimmingWhitespace()
    return true
  }

  private func endHead() -> Bool {
    guard isSuccess, !hasBegun, method != .head else { return true }
    hasBegun = true
    return receiver.begin(
      BodyHead(
        byteCount: headers["content-length"].flatMap { Int($0) }, etag: headers["etag"],
        offset: status == 206 ? rangeStart ?? .max : 0))
  }

  /// The first byte's position from `Content-Range: bytes 100-199/1000`.
  private var rangeStart: Int? {
    guard let range = headers["content-range"], range.hasPrefix("bytes ") else { return nil }
    return range.dropFirst("bytes ".count).split(separator: "-").first.flatMap { Int($0) }
  }

  /// Takes a part of the body. False stops the transfer.
  func takeBody(_ bytes: Span<UInt8>) -> Bool {
    receivedByteCount += bytes.count
    if isSuccess { return receiver.receive(bytes) }
    let room = min(bytes.count, Self.maximumErrorByteCount - errorBody.count)
    let kept = bytes.extracting(0..<room)
    unsafe kept.withUnsafeBufferPointer { buffer in unsafe errorBody.append(contentsOf: buffer) }
    return true
  }

  /// True when the body's end can be told from a lost connection, and all of it came.
  var isComplete: Bool {
    guard status != 0 else { return false }
    guard method == .get, isSuccess else { return true }
    if let length = headers["content-length"] { return Int(length) == receivedByteCount }
    // libcurl has seen the last chunk, or it would have failed the transfer.
    return headers["transfer-encoding"]?.lowercased().contains("chunked") == true
  }
}

extension Substring {
  /// Without spaces, tabs and line ends around it.
  fileprivate func trimmingWhitespace() -> String {
    var text = self
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
