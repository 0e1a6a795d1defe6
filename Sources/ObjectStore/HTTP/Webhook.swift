/// Tells one URL about something, by POST. The URL may hold a secret and is never part of an error.
package struct Webhook: Sendable {
  /// Why the receiver was not told.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  private let url: String
  private let userAgent: String
  private let attempts = 3

  /// `url` is complete and checked: https, or http to a loopback address.
  package init(url: String, userAgent: String) {
    (self.url, self.userAgent) = (url, userAgent)
  }

  /// Sends a JSON document; tries again, twice at most, when the receiver does not answer or is out of order.
  package func post(_ document: [UInt8]) async throws(Failure) {
    let connection = HTTPConnection(
      settings: HTTPSettings(userAgent: userAgent, connectTimeout: .seconds(5), stallTimeout: .seconds(10)))
    var failure = Failure(description: "it was not tried")
    for attempt in 1...attempts {
      let request = HTTPRequest(
        method: .post, url: url, headers: [("content-type", "application/json")], body: document)
      let receiver = BodyReceiver()
      switch await connection.perform(request, receiver: receiver, cancellation: CancellationFlag()) {
      case .success(let response) where (200..<300).contains(response.status): return
      case .success(let response):
        failure = Failure(description: "it answered \(response.status)")
        guard response.status >= 500 || response.status == 429 else { throw failure }
      case .failure(let found):
        failure = Failure(description: "\(found.kind)")
      }
      guard attempt < attempts else { break }
      do {
        try await Task.sleep(for: .seconds(attempt))
      } catch {
        throw failure
      }
    }
    throw failure
  }
}
