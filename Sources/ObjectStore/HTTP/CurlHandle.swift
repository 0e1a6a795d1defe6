internal import CLibcurl

/// Owner of one libcurl easy handle, which keeps its connection from one request to the next.
///
/// Invariant: `handle` and `errorText` are live, used by one thread at a time, and freed once.
@safe struct CurlHandle: ~Copyable {
  private let handle: UnsafeMutableRawPointer
  private let errorText: UnsafeMutablePointer<CChar>

  /// Starting libcurl is done once, and a static is made by one thread while all others wait.
  private static let startResult = shim_global_init()

  private init(handle: UnsafeMutableRawPointer) {
    unsafe self.handle = handle
    unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    unsafe curl_easy_cleanup(handle)
    unsafe errorText.deallocate()
  }

  /// Makes a handle without a connection; throws when libcurl cannot start.
  static func open() throws(HTTPFailure) -> CurlHandle {
    guard startResult == CURLE_OK, let handle = unsafe curl_easy_init() else {
      throw HTTPFailure(kind: .other, message: "libcurl could not start")
    }
    return unsafe CurlHandle(handle: handle)
  }

  /// Sends `request` and feeds `exchange` until the answer is complete, for `time` at most. Blocks.
  func perform(
    _ request: HTTPRequest, settings: HTTPSettings, exchange: HTTPExchange, within time: Duration
  ) throws(HTTPFailure) {
    // Keeps the connection, the resolved names and the TLS sessions.
    unsafe curl_easy_reset(handle)
    unsafe errorText[0] = 0
    try setCommonOptions(settings)
    try set(CURLOPT_URL, request.url)
    // Above 0, which would mean no end.
    try set(CURLOPT_TIMEOUT_MS, max(1, Int(time / .milliseconds(1))))
    let list = try HeaderList(request)
    try setCallbacks(exchange)
    let result = try unsafe list.withPointer { (pointer) throws(HTTPFailure) in
      try unsafe set(CURLOPT_HTTPHEADER, pointer: pointer)
      return try run(request)
    }
    guard result != CURLE_OK else { return }
    throw failure(result, exchange)
  }

  private func run(_ request: HTTPRequest) throws(HTTPFailure) -> CURLcode {
    switch request.method {
    case .get:
      try set(CURLOPT_HTTPGET, 1)
    case .head:
      try set(CURLOPT_NOBODY, 1)
    case .delete:
      try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    case .put, .post:
      // As a "post" with another verb, the body is sent from where it lies, and again if a kept connection was dead.
      try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
      let isAccepted = unsafe shim_setopt_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
      try check(isAccepted)
      return try send(request.body)
    }
    return unsafe curl_easy_perform(handle)
  }

  private func send(_ body: [UInt8]) throws(HTTPFailure) -> CURLcode {
    // A null address would make libcurl ask a callback for the body.
    let placeholder: StaticString = ""
    return try unsafe body.withUnsafeBufferPointer { (buffer) throws(HTTPFailure) in
      let address = unsafe buffer.baseAddress ?? placeholder.utf8Start
      try unsafe set(CURLOPT_POSTFIELDS, pointer: address)
      return unsafe curl_easy_perform(handle)
    }
  }

  private func setCommonOptions(_ settings: HTTPSettings) throws(HTTPFailure) {
    try unsafe set(CURLOPT_ERRORBUFFER, pointer: errorText)
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_PATH_AS_IS, 1)
    try set(CURLOPT_FOLLOWLOCATION, 0)
    try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    if let file = settings.certificateFile { try set(CURLOPT_CAINFO, file) }
    if settings.bypassesProxy { try set(CURLOPT_NOPROXY, "*") }
    try set(CURLOPT_USERAGENT, settings.userAgent)
    try set(CURLOPT_TCP_KEEPALIVE, 1)
    try set(CURLOPT_CONNECTTIMEOUT_MS, Int(settings.connectTimeout / .milliseconds(1)))
    try set(CURLOPT_LOW_SPEED_LIMIT, HTTPSettings.slowestBytesPerSecond)
    try set(CURLOPT_LOW_SPEED_TIME, max(1, Int(settings.stallTimeout / .seconds(1))))
    // Larger pieces than the 16 and 64 KiB of libcurl's defaults, for fewer calls.
    try set(CURLOPT_BUFFERSIZE, 262_144)
    try set(CURLOPT_UPLOAD_BUFFERSIZE, 262_144)
  }

  private func setCallbacks(_ exchange: HTTPExchange) throws(HTTPFailure) {
    // Unretained: the caller holds the exchange while libcurl runs, and no callback comes afterwards.
    let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
    try unsafe set(CURLOPT_HEADERDATA, pointer: context)
    try unsafe set(CURLOPT_WRITEDATA, pointer: context)
    try unsafe set(CURLOPT_XFERINFODATA, pointer: context)
    try check(
      unsafe shim_setopt_write(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
        unsafe HTTPExchange.pass(bytes, size * count, context) { exchange, span in exchange.takeHeaderLine(span) }
      })
    try check(
      unsafe shim_setopt_write(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
        unsafe HTTPExchange.pass(bytes, size * count, context) { exchange, span in exchange.takeBody(span) }
      })
    try check(
      unsafe shim_setopt_progress(handle) { context, _, _, _, _ in
        guard let context = unsafe context else { return 1 }
        return unsafe Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue().isCancelled ? 1 : 0
      })
    try set(CURLOPT_NOPROGRESS, 0)
  }

  private func failure(_ code: CURLcode, _ exchange: HTTPExchange) -> HTTPFailure {
    let detail = unsafe String(cString: errorText)
    let message = detail.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : detail
    return HTTPFailure(kind: kind(of: code, exchange), message: message)
  }

  private func kind(of code: CURLcode, _ exchange: HTTPExchange) -> HTTPFailure.Kind {
    switch code {
    case CURLE_ABORTED_BY_CALLBACK: .cancelled
    case CURLE_WRITE_ERROR: exchange.isRefused ? .refused : .other
    case CURLE_OPERATION_TIMEDOUT: .timedOut
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SEND_ERROR,
      CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_SSL_CONNECT_ERROR:
      .unreachable
    case CURLE_PARTIAL_FILE, CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
      .corruptResponse
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR: .certificateRefused
    default: .other
    }
  }

  private func set(_ option: CURLoption, _ value: Int) throws(HTTPFailure) {
    try check(unsafe shim_setopt_long(handle, option, value))
  }

  private func set(_ option: CURLoption, _ value: String) throws(HTTPFailure) {
    try check(unsafe shim_setopt_string(handle, option, value))
  }

  private func set(_ option: CURLoption, pointer: UnsafeRawPointer?) throws(HTTPFailure) {
    try check(unsafe shim_setopt_pointer(handle, option, pointer))
  }

  private func check(_ result: CURLcode) throws(HTTPFailure) {
    guard result != CURLE_OK else { return }
    throw HTTPFailure(kind: .other, message: unsafe String(cString: curl_easy_strerror(result)))
  }
}

extension HTTPExchange {
  /// Calls `take` for a callback's `byteCount` bytes and answers as libcurl expects: the count, or another to stop.
  fileprivate static func pass(
    _ bytes: UnsafeMutablePointer<CChar>?, _ byteCount: Int, _ context: UnsafeMutableRawPointer?,
    _ take: (HTTPExchange, Span<UInt8>) -> Bool
  ) -> Int {
    guard let bytes = unsafe bytes, let context = unsafe context, byteCount > 0 else { return byteCount }
    let exchange = unsafe Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: byteCount)
    // Raw bytes are valid as UInt8, and the buffer outlives the span, which ends with this call.
    let span = unsafe Span<UInt8>(_unsafeBytes: buffer)
    return take(exchange, span) ? byteCount : 0
  }
}
