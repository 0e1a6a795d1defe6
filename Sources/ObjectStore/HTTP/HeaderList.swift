internal import CLibcurl

/// Owner of a libcurl list of header lines.
///
/// Invariant: `first` is the head of a list that nothing else frees; nil is the empty list.
@safe struct HeaderList: ~Copyable {
  private var first: UnsafeMutablePointer<curl_slist>?

  /// libcurl's own bound for asking first: a refusal then costs no upload.
  private static let byteCountWorthAsking = 1_048_576

  /// Copies the headers of `request`; throws when one holds a control character.
  init(_ request: HTTPRequest) throws(HTTPFailure) {
    unsafe first = nil
    for header in request.headers {
      guard !header.value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
        throw HTTPFailure(kind: .other, message: "the value of the header \(header.name) holds a control character")
      }
      try append("\(header.name): \(header.value)")
    }
    if request.body.count <= Self.byteCountWorthAsking { try append("Expect:") }
  }

  deinit {
    unsafe curl_slist_free_all(first)
  }

  private mutating func append(_ line: String) throws(HTTPFailure) {
    guard let list = unsafe curl_slist_append(first, line) else {
      throw HTTPFailure(kind: .other, message: "libcurl is out of memory")
    }
    unsafe first = list
  }

  /// Lends the list for as long as `body` runs, which must not keep it.
  borrowing func withPointer<Value>(
    _ body: (UnsafeRawPointer?) throws(HTTPFailure) -> Value
  ) throws(HTTPFailure) -> Value {
    try unsafe body(first)
  }
}
