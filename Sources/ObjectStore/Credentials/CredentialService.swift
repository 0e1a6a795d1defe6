import Foundation

/// Asks the services that hand out credentials, over connections of their own.
final class CredentialService: Sendable {
  /// Far above any answer with credentials.
  private static let maximumByteCount = 1_048_576
  private static let maximumAttempts = 3

  private let allowsPlainHTTP: Bool
  private let connections: WorkerPool<HTTPConnection>
  /// For services of this machine and its network: no proxy, and no long wait for an address that is nobody's.
  private let nearbyConnections: WorkerPool<HTTPConnection>

  /// `certificateFile` holds trusted certificates; nil for the system's.
  init(allowsPlainHTTP: Bool, certificateFile: String?) {
    self.allowsPlainHTTP = allowsPlainHTTP
    func pool(_ timeout: Duration, bypassesProxy: Bool) -> WorkerPool<HTTPConnection> {
      let settings = HTTPSettings(
        userAgent: "archiver", connectTimeout: timeout, stallTimeout: timeout, certificateFile: certificateFile,
        bypassesProxy: bypassesProxy)
      return WorkerPool(maximumCount: 1) { HTTPConnection(settings: settings) }
    }
    connections = pool(.seconds(10), bypassesProxy: false)
    nearbyConnections = pool(.seconds(2), bypassesProxy: true)
  }

  /// An answer that is no failure of the network: any status but those that ask to try again.
  struct Answer {
    var status: Int
    var body: [UInt8]
    var isSuccess: Bool { (200..<300).contains(status) }
  }

  /// Sends `request`, again after a passing failure. `name` is the service's in errors.
  ///
  /// Plain HTTP goes to this machine and to `plainHosts` only, unless it is allowed. Throws `unreachable`, `timedOut`,
  /// `cancelled`, and `invalidCredentials` for a URL that may not be used.
  func answer(
    to request: HTTPRequest, of name: String, plainHosts: Set<String> = [], isNearby: Bool = false
  ) async throws(ObjectStoreError) -> Answer {
    try check(request.url, of: name, plainHosts: plainHosts)
    var attempt = 1
    while true {
      let failure: ObjectStoreError
      switch await attemptOnce(request, isNearby: isNearby) {
      case .success(let answer):
        guard answer.status == 429 || answer.status >= 500 else { return answer }
        failure = ObjectStoreError(
          .unreachable, "\(name) has a fault", httpStatus: answer.status, attempts: attempt)
      case .failure(let found):
        failure = Self.error(found, of: name, attempts: attempt)
        guard failure.code != .cancelled, found.kind != .certificateRefused else { throw failure }
      }
      guard attempt < Self.maximumAttempts else { throw failure }
      do {
        try await Task.sleep(for: .milliseconds(100 << attempt))
      } catch {
        throw ObjectStoreError(.cancelled, "the request was cancelled", attempts: attempt)
      }
      attempt += 1
    }
  }

  private func check(_ url: String, of name: String, plainHosts: Set<String>) throws(ObjectStoreError) {
    guard let parts = URLComponents(string: url), let host = parts.encodedHost?.lowercased(), !host.isEmpty,
      let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme), parts.user == nil
    else { throw .noCredentials("the address of \(name) is no http or https URL") }
    guard scheme == "https" || allowsPlainHTTP || S3Endpoint.isLoopback(host) || plainHosts.contains(host) else {
      throw .noCredentials("the address of \(name) is plain http, which is for loopback addresses only")
    }
  }

  private func attemptOnce(_ request: HTTPRequest, isNearby: Bool) async -> Result<Answer, HTTPFailure> {
    let cancellation = CancellationFlag()
    let receiver = BufferReceiver(maximumByteCount: Self.maximumByteCount)
    let pool = isNearby ? nearbyConnections : connections
    let connection = await pool.take()
    defer { pool.giveBack(connection) }
    let result = await withTaskCancellationHandler {
      await connection.perform(request, receiver: receiver, cancellation: cancellation)
    } onCancel: {
      cancellation.set()
    }
    return result.map { response in
      let isSuccess = (200..<300).contains(response.status)
      return Answer(status: response.status, body: isSuccess ? receiver.bytes : response.errorBody)
    }
  }

  private static func error(_ failure: HTTPFailure, of name: String, attempts: Int) -> ObjectStoreError {
    let (code, message): (ObjectStoreError.Code, String) =
      switch failure.kind {
      case .cancelled: (.cancelled, "the request was cancelled")
      case .timedOut: (.timedOut, "\(name) did not answer in time: \(failure.message)")
      case .corruptResponse, .refused: (.unreachable, "\(name) gave a broken answer")
      case .certificateRefused: (.unreachable, "the certificate of \(name) is not trusted: \(failure.message)")
      case .unreachable, .other: (.unreachable, "\(name) cannot be reached: \(failure.message)")
      }
    return ObjectStoreError(code, message, attempts: attempts, cause: failure)
  }
}
