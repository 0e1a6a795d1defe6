import Foundation
import Hashing
import Synchronization

/// Time and chance, so that tests can hold both.
struct S3Surroundings: Sendable {
  var now: @Sendable () -> Date = { Date() }
  var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  /// Evenly from 0 ..< 1.
  var jitter: @Sendable () -> Double = { Double.random(in: 0..<1) }
}

/// A request to a bucket, as meant: neither encoded nor signed.
struct S3Request: Sendable {
  var method: HTTPRequest.Method
  /// Relative to the storage root; nil for the bucket itself.
  var key: String?
  var query: [(name: String, value: String)] = []
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []
  var bodySHA256 = S3Client.sha256OfNothing
  /// What the answer may have at most, where that is known.
  var maximumAnswerByteCount: Int?
}

/// Signs, sends and repeats requests to one bucket.
final class S3Client: Sendable {
  static let sha256OfNothing = SHA256.hash([UInt8]().span)

  let configuration: S3Configuration
  private let endpoint: S3Endpoint
  private let surroundings: S3Surroundings
  private let policy: RetryPolicy
  private let quota = Mutex(RetryQuota())
  /// Seconds that the store's clock is ahead of this machine's, as far as they matter.
  private let clockOffset = Mutex(TimeInterval(0))
  private let connections: WorkerPool<HTTPConnection>

  init(_ configuration: S3Configuration, _ surroundings: S3Surroundings) throws(S3ConfigurationError) {
    endpoint = try S3Endpoint(configuration)
    self.configuration = configuration
    self.surroundings = surroundings
    policy = RetryPolicy(maximumAttempts: max(1, configuration.maximumAttempts))
    let settings = HTTPSettings(
      userAgent: configuration.userAgent, connectTimeout: configuration.connectTimeout,
      stallTimeout: configuration.stallTimeout, certificateFile: configuration.certificateFile)
    connections = WorkerPool(maximumCount: configuration.maximumConnections) { HTTPConnection(settings: settings) }
  }

  /// By this machine's clock.
  var now: Date { surroundings.now() }

  /// The URL of a key, percent-encoded.
  func webAddress(_ key: String) -> String { endpoint.origin + endpoint.path(forKey: bucketKey(key)) }

  /// A key as the bucket has it, or the prefix of such keys.
  func bucketKey(_ key: String) -> String {
    configuration.prefix.isEmpty ? key : "\(configuration.prefix)/\(key)"
  }

  /// Sends `request` until it succeeds or the policy gives up.
  ///
  /// `continuing` is asked before each attempt for headers that this attempt alone needs. `judge` looks at each
  /// successful answer; a failure it finds counts like the store's own.
  func send(
    _ request: S3Request, into receiver: BodyReceiver, continuing: () -> [(name: String, value: String)] = { [] },
    judge: (HTTPResponse) -> S3Failure? = { _ in nil }
  ) async throws(ObjectStoreError) -> HTTPResponse {
    var attempt = 1
    var lastRetried: RetryPolicy.Failure?
    var isMended = false
    let deadline = TransferDeadline.current
    while true {
      guard deadline.map({ $0 > .now }) ?? true else { throw Self.deadlinePassed(request, attempts: attempt - 1) }
      let failure: S3Failure
      let credentials = try await configuration.credentials.credentials()
      switch try await sendOnce(request, credentials, extraHeaders: continuing(), receiver) {
      case .success(let response):
        guard let found = judge(response) else {
          quota.withLock { $0.refund(after: lastRetried) }
          return response
        }
        failure = found
      case .failure(let found):
        failure = found
      }
      if !isMended, await mend(failure, credentials, request.method) {
        isMended = true
        attempt += 1
        continue
      }
      guard let kind = failure.retry, let delay = delay(after: attempt, kind, failure.retryAfter) else {
        throw failure.error(key: request.key, attempts: attempt)
      }
      if let deadline, .now + delay >= deadline { throw Self.deadlinePassed(request, attempts: attempt, failure) }
      lastRetried = kind
      do {
        try await surroundings.sleep(delay)
      } catch {
        throw ObjectStoreError(.cancelled, "the request was cancelled", key: request.key, attempts: attempt)
      }
      attempt += 1
    }
  }

  private static func deadlinePassed(
    _ request: S3Request, attempts: Int, _ failure: S3Failure? = nil
  ) -> ObjectStoreError {
    let cause = failure?.error(key: request.key, attempts: attempts)
    return ObjectStoreError(
      .deadlinePassed, "the time for it is over" + (cause.map { "; the last attempt: \($0.message)" } ?? ""),
      key: request.key, attempts: attempts, cause: cause)
  }

  /// Puts right what made the store refuse a signature: this machine's clock, or credentials that have expired.
  private func mend(_ failure: S3Failure, _ credentials: Credentials, _ method: HTTPRequest.Method) async -> Bool {
    switch failure.serviceCode {
    case "RequestTimeTooSkewed":
      guard let date = failure.serverDate else { return false }
      clockOffset.withLock { $0 = date.timeIntervalSince(surroundings.now()) }
      return true
    case _ where failure.meansExpired(credentials, method):
      return await configuration.credentials.renew(credentials)
    default: return false
    }
  }

  private func delay(after attempt: Int, _ failure: RetryPolicy.Failure, _ retryAfter: Duration?) -> Duration? {
    quota.withLock { quota in
      policy.delay(
        afterAttempt: attempt, failure: failure, retryAfter: retryAfter, jitter: surroundings.jitter(), quota: &quota)
    }
  }

  /// One attempt. Signed anew each time, as a signature ages; the body is the same array.
  private func sendOnce(
    _ request: S3Request, _ credentials: Credentials, extraHeaders: [(name: String, value: String)],
    _ receiver: BodyReceiver
  ) async throws(ObjectStoreError) -> Result<HTTPResponse, S3Failure> {
    let signature = SignatureV4(
      credentials: credentials, region: configuration.region,
      date: surroundings.now().addingTimeInterval(clockOffset.withLock { $0 }))
    let path = endpoint.path(forKey: request.key.map(bucketKey) ?? "")
    let query = SignatureV4.canonicalQuery(request.query)
    let headers = signature.headers(
      for: SignatureV4.Request(
        method: request.method.rawValue, host: endpoint.host, path: path, query: request.query,
        headers: request.headers + extraHeaders, bodySHA256: request.bodySHA256.hex))
    let signed = HTTPRequest(
      method: request.method, url: endpoint.origin + path + (query.isEmpty ? "" : "?\(query)"), headers: headers,
      body: request.body)
    let cancellation = CancellationFlag()
    let connection = await connections.take()
    defer { connections.giveBack(connection) }
    let result = await withTaskCancellationHandler {
      await connection.perform(
        signed, receiver: receiver, cancellation: cancellation,
        within: TransferDeadline.allowance(
          forByteCount: request.maximumAnswerByteCount.map { $0 + request.body.count }))
    } onCancel: {
      cancellation.set()
    }
    switch result {
    case .failure(let failure): return .failure(S3Failure(failure, refusal: receiver.refusal))
    case .success(let response) where (200..<300).contains(response.status): return .success(response)
    case .success(let response): return .failure(S3Failure(response, body: response.errorBody))
    }
  }
}
